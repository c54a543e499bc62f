using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Tests.Support;

/// <summary>Tasks whose jobs a test can hold, count and let go.</summary>
public sealed partial class TestTasks
{
    private readonly Channel<JobId> _started = Channel.CreateUnbounded<JobId>();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Registers <c>test.add</c>, <c>test.echo</c>, <c>test.fail</c>, <c>test.log</c>, <c>test.nothing</c> and <c>test.hold</c>.</summary>
    public void Register(MrqBuilder mrq)
    {
        mrq.AddTask("test.add", (AddParams p, JobContext _, CancellationToken _) => Task.FromResult(p.A + p.B));
        mrq.AddTask("test.echo", (EchoParams p, JobContext _, CancellationToken _) => Task.FromResult(p.Text));
        mrq.AddTask("test.nothing", (NothingParams _, JobContext _, CancellationToken _) => Task.CompletedTask);
        mrq.AddTask("test.fail", (NothingParams _, JobContext _, CancellationToken _) => Task.FromException(new InvalidDataException("as asked")));
        mrq.AddTask("test.log", (LogParams p, JobContext context, CancellationToken _) => LogAsync(p, context));
        mrq.AddTask("test.hold", (NothingParams _, JobContext context, CancellationToken token) => HoldAsync(context, token));
    }

    /// <summary>Waits until a job of <c>test.hold</c> runs and answers which.</summary>
    public async Task<string> StartedAsync() => (await _started.Reader.ReadAsync(TestContext.Current.CancellationToken)).ToString();

    /// <summary>Lets every job of <c>test.hold</c> end.</summary>
    public void Release() => _released.TrySetResult();

    private async Task HoldAsync(JobContext context, CancellationToken token)
    {
        await _started.Writer.WriteAsync(context.Id, token);
        await _released.Task.WaitAsync(token);
    }

    private static Task LogAsync(LogParams p, JobContext context)
    {
        for (var i = 1; i <= p.Lines; i++)
        {
            LogLine(context.Logger, i);
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Information, "line {Number}")]
    private static partial void LogLine(ILogger logger, int number);

    public sealed record AddParams
    {
        public required int A { get; init; }

        public required int B { get; init; }
    }

    public sealed record LogParams
    {
        public required int Lines { get; init; }
    }

    public sealed record EchoParams
    {
        public required string Text { get; init; }
    }

    public sealed record NothingParams;
}

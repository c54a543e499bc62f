using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Storage.Redis;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>The Redis adapters as one process has them, on a clock that can be set forward, and what they log.</summary>
internal sealed class RedisNode : IAsyncDisposable, ILogger<RedisConnection>
{
    private static readonly QueueName Q = new("q");

    private readonly Channel<string> _log = Channel.CreateUnbounded<string>();

    public RedisNode(string address, TimeSpan? deadline = null)
    {
        Connection = new RedisConnection(
            new RedisOptions { Address = RedisAddress.Parse(address), Deadline = deadline ?? TestEngine.Patience }, Clock, this);
        (Queues, Coordination) = (new RedisQueueStore(Connection), new RedisCoordination(Connection));
    }

    public RunningClock Clock { get; } = new();

    public RedisConnection Connection { get; }

    public IQueueStore Queues { get; }

    public ICoordination Coordination { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<RedisNode> OpenAsync(RedisServerProcess server)
    {
        var node = new RedisNode(server.Address);
        await node.Connection.OpenAsync(Token);
        return node;
    }

    public async Task<JobId[]> EnqueueAsync(int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => JobId.New(TimeProvider.System)).ToArray();
        await Queues.EnqueueAsync([.. ids.Select(id => new QueuedId(id, Q))], atHead: false, Token);
        return ids;
    }

    public async Task<IEnumerable<JobId>> DequeueAsync() =>
        (await Queues.DequeueAsync([Q], 100, Clock.GetUtcNow(), Token)).Select(taken => taken.Job);

    /// <summary>The signals that it hears from now on.</summary>
    public ChannelReader<Changes> Listen()
    {
        var heard = Channel.CreateUnbounded<Changes>();
        Coordination.Subscribe(changes => heard.Writer.TryWrite(changes));
        return heard.Reader;
    }

    /// <summary>Waits until it logs a text.</summary>
    public async Task LogsAsync(string text)
    {
        while (!(await _log.Reader.ReadAsync(Token).AsTask().WaitAsync(TestEngine.Patience, Token)).Contains(text, StringComparison.Ordinal))
        {
        }
    }

    /// <summary>Makes a call whose deadline passes at once.</summary>
    public async Task<StorageUnavailableException> FailsAsync(Func<Task> call)
    {
        var failing = call();
        Assert.False(failing.IsCompleted);
        Clock.Skip(TestEngine.Patience);
        return await Assert.ThrowsAsync<StorageUnavailableException>(() => failing);
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Writer.TryWrite($"{logLevel}: {formatter(state, exception)}");

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Mrq.Tasks;

namespace Mrq.Samples;

public sealed record FailParams(string Message);

/// <summary>What the failing samples throw.</summary>
public sealed class SampleException(string message) : Exception(message);

/// <summary>Always fails, with this message.</summary>
[MrqTask("samples.fail")]
[Description("Always fails, with this message.")]
public sealed class Fail : IJobTask<FailParams>
{
    public Task RunAsync(FailParams parameters, JobContext context, CancellationToken cancellationToken) =>
        throw new SampleException(parameters.Message);
}

/// <param name="P">Chance to fail, 0 to 1.</param>
public sealed record FlakyParams([Range(0, 1)] double P);

/// <summary>Fails by chance and asks for a retry each time, as a task does whose remote side has bad days.</summary>
[MrqTask("samples.flaky", MaxRetries = 5, RetryDelay = 2)]
[Description("Fails with probability p and asks for a retry each time.")]
[SuppressMessage("Security", "CA5394", Justification = "A coin toss, not a secret.")]
public sealed partial class Flaky(ILogger<Flaky> logger) : IJobTask<FlakyParams, int>
{
    public Task<int> RunAsync(FlakyParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        if (Random.Shared.NextDouble() < parameters.P)
        {
            LogBadDay(context.Job.RetryCount);
            context.Retry(cause: new SampleException("The remote side had a bad day."));
        }

        return Task.FromResult(context.Job.RetryCount);
    }

    [LoggerMessage(LogLevel.Warning, "A bad day; this was retry {RetryCount}")]
    private partial void LogBadDay(int retryCount);
}

/// <param name="Times">Retries before it succeeds; 0 to 100.</param>
public sealed record RetryParams([Range(0, 100)] int Times);

/// <summary>Asks for a number of retries, then succeeds.</summary>
[MrqTask("samples.retry", MaxRetries = 100, RetryDelay = 1)]
[Description("Asks for a number of retries, then succeeds.")]
public sealed class Retry : IJobTask<RetryParams, int>
{
    public Task<int> RunAsync(RetryParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        if (context.Job.RetryCount < parameters.Times)
        {
            context.Retry();
        }

        return Task.FromResult(context.Job.RetryCount);
    }
}

/// <param name="Kilobytes">0 to 102,400.</param>
public sealed record LeakParams([Range(0, 102_400)] int Kilobytes);

/// <summary>Keeps memory that it never gives back: something to find with the diagnostics.</summary>
[MrqTask("samples.leak")]
[Description("Keeps memory that it never gives back: something to find with the diagnostics.")]
public sealed class Leak(LeakedMemory leaked) : IJobTask<LeakParams, long>
{
    public Task<long> RunAsync(LeakParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        return Task.FromResult(leaked.Keep(parameters.Kilobytes * 1024));
    }
}

/// <summary>What <see cref="Leak"/> keeps, for as long as the process lives.</summary>
public sealed class LeakedMemory
{
    private readonly List<byte[]> _kept = [];

    /// <summary>Keeps so many more bytes and tells how many are kept now.</summary>
    public long Keep(int bytes)
    {
        var block = new byte[bytes];
        // Touched, so that it is resident and not only promised.
        Array.Fill(block, (byte)1);
        lock (_kept)
        {
            _kept.Add(block);
            return _kept.Sum(b => (long)b.Length);
        }
    }
}

using System.Security.Cryptography;

namespace Mrq.Storage;

/// <summary>
/// Time by which each call to a server is put off, as if the server were that far away: for trying out how an application bears it. Drawn anew for each call, between both bounds; it does not count
/// towards deadlines.
/// </summary>
/// <param name="Least">From 0.</param>
/// <param name="Most">From <paramref name="Least"/> to <see cref="Longest"/>.</param>
public sealed record AddedLatency(TimeSpan Least, TimeSpan Most)
{
    /// <summary>Longest latency: 60 s.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>What is wrong with it, as a sentence; null: nothing.</summary>
    public string? Check() => Least < TimeSpan.Zero || Least > Most || Most > Longest
        ? $"The added latency must be 0 to {Longest.TotalSeconds} s, the shorter first, not {Least.TotalSeconds} to {Most.TotalSeconds} s." : null;

    /// <summary>Puts a call off.</summary>
    internal Task WaitAsync(TimeProvider time, CancellationToken cancellationToken) =>
        Task.Delay(Least + ((Most - Least) * (RandomNumberGenerator.GetInt32(1001) / 1000.0)), time, cancellationToken);
}

namespace Mrq.Storage.Redis;

/// <summary>Which Redis holds the queues and how long MRQ waits for it.</summary>
public sealed record RedisOptions
{
    public required RedisAddress Address { get; init; }

    /// <summary>Begin of every key. Default <c>mrq</c>. On Redis Cluster it must have braces, as <c>{mrq}</c>: they put all keys into one slot.</summary>
    public string Prefix { get; init; } = "mrq";

    /// <summary>
    /// Longest time that one call takes, waiting for a connection included. Default 5 s. Shorter reports a busy server as away, longer lets
    /// callers hang on a dead connection.
    /// </summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After so many calls in a row without an answer the connection is thrown away and made anew. Default 3, at least 1.</summary>
    public int TimeoutsBeforeRebuild { get; init; } = 3;

    /// <summary>Puts every call off, for trying out. Default null: none.</summary>
    public AddedLatency? AddedLatency { get; init; }
}

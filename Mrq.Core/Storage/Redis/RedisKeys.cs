using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>Every key there is. docs/storage.md says what they hold.</summary>
internal sealed class RedisKeys(string prefix)
{
    /// <summary>
    /// Begin of the queues: the name of one follows. LIST of ids in the order in which they were put; of a raw queue LIST, SET or ZSET of texts,
    /// as in the original.
    /// </summary>
    public string Lists { get; } = $"{prefix}:q:";

    /// <summary>HASH id → queue in which it waits.</summary>
    public RedisKey Queued { get; } = $"{prefix}:s:queued";

    /// <summary>ZSET id → when it was taken (unix seconds).</summary>
    public RedisKey Started { get; } = $"{prefix}:s:started";

    /// <summary>HASH id → queue from which it was taken.</summary>
    public RedisKey StartedQueues { get; } = $"{prefix}:s:started_queues";

    /// <summary>ZSET of the names of queues that have ids, all with score 0: Redis orders them by name.</summary>
    public RedisKey Names { get; } = $"{prefix}:queue_names";

    /// <summary>SET of the names that people paused.</summary>
    public RedisKey Paused { get; } = $"{prefix}:paused_queues";

    /// <summary>HASH role → its last fencing number. Never expires: a number must not come twice.</summary>
    public RedisKey Fences { get; } = $"{prefix}:leader_fences";

    /// <summary>The channel of signals. In one database of a server each prefix has its own; databases share channels, which costs a look.</summary>
    public RedisChannel Notify { get; } = new($"{prefix}:notify", RedisChannel.PatternMode.Literal);

    /// <summary>ZSET of the names of raw queues that have entries, waiting or rejected, all with score 0.</summary>
    public RedisKey RawNames { get; } = $"{prefix}:raw:queue_names";

    /// <summary>SET of the ids of workers that have entries in flight.</summary>
    public RedisKey RawTakers { get; } = $"{prefix}:raw:takers";

    /// <summary>Begin of what was rejected: the name of a queue follows. ZSET of id, score, error and text, all with score 0: ordered by id, which is by time.</summary>
    public string RawRejected { get; } = $"{prefix}:raw:rejected:";

    /// <summary>Begin of what finds the rejected entries of sets: the name of a queue follows. HASH SHA-1 of a text → id of its entry.</summary>
    public string RawRejectedTexts { get; } = $"{prefix}:raw:rejected_texts:";

    public RedisKey List(string queue) => Lists + queue;

    /// <summary>HASH id → score, queue and text of what a worker has in flight.</summary>
    public RedisKey RawInFlight(string worker) => $"{prefix}:raw:in_flight:{worker}";

    /// <summary>HASH node, until (unix ms) of the one who leads; expires with its term.</summary>
    public RedisKey Leader(string role) => $"{prefix}:leader:{role}";

    /// <summary>ZSET a use → until when it counts (unix ms); expires with the last.</summary>
    public RedisKey Rate(string key, long milliseconds) => $"{prefix}:rate:{milliseconds}:{key}";

    /// <summary>ZSET id → until when it has a slot (unix ms).</summary>
    public RedisKey Slots(string key) => $"{prefix}:slots:{key}";
}

using Mrq.Jobs;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>Signals, leader terms, slots and rates in Redis. Times are those of the callers' clocks; expiry of keys only clears up.</summary>
public sealed class RedisCoordination(RedisConnection connection) : ICoordination
{
    // A key of slots or uses outlives the last of them by this: clocks of nodes differ.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    /*
     * KEYS: leader hash of the role, fences hash.
     * ARGV: role, node, now (unix ms), until (unix ms), time to live (ms).
     * Returns the fence; nil while another has the role. Repeated by the same node: renews, same fence.
     * A new fence is at least the time: MongoDB remembers fences, and must not meet lower ones when Redis has lost everything.
     */
    private static readonly RedisScript Lead = new("lead", """
        local term = redis.call('HMGET', KEYS[1], 'node', 'until')
        local isHeld = term[1] and tonumber(term[2]) > tonumber(ARGV[3])
        if isHeld and term[1] ~= ARGV[2] then
          return nil
        end
        local fence = redis.call('HGET', KEYS[2], ARGV[1])
        if not fence or not isHeld then
          fence = math.max(tonumber(fence or 0) + 1, tonumber(ARGV[3]))
          redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', fence))
        end
        redis.call('HSET', KEYS[1], 'node', ARGV[2], 'until', ARGV[4])
        redis.call('PEXPIRE', KEYS[1], ARGV[5])
        return tonumber(fence)
        """);

    /* KEYS: leader hash of the role. ARGV: node. Returns 1 when the node had the role. The fence stays. */
    private static readonly RedisScript Resign = new("resign", """
        if redis.call('HGET', KEYS[1], 'node') ~= ARGV[1] then
          return 0
        end
        return redis.call('DEL', KEYS[1])
        """);

    /*
     * KEYS: slots zset. ARGV: limit, job id, now (unix ms), until (unix ms), time to live (ms).
     * Returns 1: the job has a slot; 0: others have all. Repeated: renews.
     */
    private static readonly RedisScript Enter = new("enter", """
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
        local others = redis.call('ZCARD', KEYS[1])
        if redis.call('ZSCORE', KEYS[1], ARGV[2]) then
          others = others - 1
        end
        if others >= tonumber(ARGV[1]) then
          return 0
        end
        redis.call('ZADD', KEYS[1], ARGV[4], ARGV[2])
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[5]) then
          redis.call('PEXPIRE', KEYS[1], ARGV[5])
        end
        return 1
        """);

    /*
     * KEYS: zset of the key's uses. ARGV: limit, now (unix ms), until when a use counts (unix ms), time to live (ms).
     * Returns how many were left, this one among them; 0: none. Repeated: uses one more.
     */
    private static readonly RedisScript UseRate = new("use rate", """
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
        local used = redis.call('ZCARD', KEYS[1])
        local left = tonumber(ARGV[1]) - used
        if left <= 0 then
          return 0
        end
        redis.call('ZADD', KEYS[1], ARGV[3], ARGV[3] .. ':' .. used)
        redis.call('PEXPIRE', KEYS[1], ARGV[4])
        return left
        """);

    private readonly RedisKeys _keys = connection.Keys;

    /// <inheritdoc/>
    public void Publish(Changes changes) => connection.Signals.Publish(changes);

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<Changes> callback) => connection.Signals.Subscribe(callback);

    /// <inheritdoc/>
    public async Task<LeaderTerm?> TryLeadAsync(
        string role, string node, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken)
    {
        // What is answered is what is stored: whole milliseconds.
        var until = DateTimeOffset.FromUnixTimeMilliseconds((now + duration).ToUnixTimeMilliseconds());
        var fence = await connection.EvaluateAsync(
            Lead,
            [_keys.Leader(role), _keys.Fences],
            [role, node, now.ToUnixTimeMilliseconds(), until.ToUnixTimeMilliseconds(), Milliseconds(duration)],
            cancellationToken);
        return fence.IsNull ? null : new LeaderTerm(role, (long)fence, until);
    }

    /// <inheritdoc/>
    public Task ResignAsync(string role, string node, CancellationToken cancellationToken) =>
        connection.EvaluateAsync(Resign, [_keys.Leader(role)], [node], cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> TryEnterAsync(
        string key, int limit, JobId job, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken)
    {
        RedisValue[] arguments =
            [limit, job.ToByteArray(), now.ToUnixTimeMilliseconds(), until.ToUnixTimeMilliseconds(), Milliseconds(until - now + Kept)];
        return (bool)await connection.EvaluateAsync(Enter, [_keys.Slots(key)], arguments, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<int> UseRateAsync(string key, int limit, TimeSpan per, DateTimeOffset now, CancellationToken cancellationToken)
    {
        RedisValue[] arguments = [limit, now.ToUnixTimeMilliseconds(), (now + per).ToUnixTimeMilliseconds(), Milliseconds(per + Kept)];
        return (int)await connection.EvaluateAsync(UseRate, [_keys.Rate(key, Milliseconds(per))], arguments, cancellationToken);
    }

    /// <inheritdoc/>
    public Task LeaveAsync(string key, JobId job, CancellationToken cancellationToken) =>
        connection.RunAsync("leave", database => database.SortedSetRemoveAsync(_keys.Slots(key), job.ToByteArray()), cancellationToken);

    private static long Milliseconds(TimeSpan time) => Math.Max(1, (long)time.TotalMilliseconds);
}

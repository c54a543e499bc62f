namespace Mrq.Storage.Redis;

/// <summary>
/// The scripts of raw queues. Like those of the other queues they make keys out of a begin (ARGV) and a name. Scores cross as Redis writes
/// them, so that no digit is lost. What is in flight is one text: score (empty: none), line feed, queue, line feed, text of the entry.
/// </summary>
internal static class RedisRawScripts
{
    /*
     * KEYS: names zset. ARGV: begin of queues, then for each queue: name, how many values follow, texts; of sorted and timed sets score and
     * text in turn. Returns nothing. Repeated: lists get their texts again, the others have them already.
     */
    public static readonly RedisScript Enqueue = new("enqueue raw", RedisQueueScripts.RawKinds + Puts + """
        local at = 2
        while at <= #ARGV do
          local queue, values = ARGV[at], tonumber(ARGV[at + 1])
          put(queue, at + 2, at + 1 + values)
          redis.call('ZADD', KEYS[1], 0, queue)
          at = at + 2 + values
        end
        """);

    /*
     * KEYS: names zset, paused set, takers set, in flight hash of the worker.
     * ARGV: begin of queues, begin of rejected, worker, now (unix seconds), packed ids, number of queues that it serves, then for each of
     * these: name, name that its sub-queues begin with ('': none), pushed back to (unix seconds; '': taken out; 'closed': gives none), then the names that are listened to.
     * Returns queue, its texts (of sorted and timed sets text and score in turn), queue, texts, ...: the first text has the first id.
     * Not repeatable: what a lost answer held is in flight under the ids.
     */
    public static readonly RedisScript Dequeue = new("dequeue raw", RedisQueueScripts.RawKinds + Tidy + """
        local pausedKey = KEYS[2]
        """ + RedisQueueScripts.PauseRule + """
        local ids, now, used = ARGV[5], ARGV[4], 0
        local left = #ids / 12
        local taken = {}

        local function serviceOf(queue)
          for i = 7, 4 + 3 * ARGV[6], 3 do
            local root = ARGV[i + 1]
            if queue == ARGV[i] or (root ~= '' and string.sub(queue, 1, #root) == root) then
              return ARGV[i + 2]
            end
          end
        end

        -- Texts, with their scores in turn where it has some.
        local function pop(queue, kind, pushback)
          local key = ARGV[1] .. queue
          if kind == 'list' then
            local entries = redis.call('LRANGE', key, 0, left - 1)
            redis.call('LTRIM', key, #entries, -1)
            return entries
          elseif kind == 'set' then
            return redis.call('SPOP', key, left)
          elseif kind == 'sorted' then
            return redis.call('ZPOPMIN', key, left)
          end
          local entries = redis.call('ZRANGEBYSCORE', key, '-inf', now, 'WITHSCORES', 'LIMIT', 0, left)
          if #entries == 0 then
            return entries
          elseif pushback == '' then
            redis.call('ZREMRANGEBYRANK', key, 0, #entries / 2 - 1)
          else
            for i = 1, #entries, 2 do
              redis.call('ZADD', key, pushback, entries[i])
            end
          end
          return entries
        end

        local function take(queue)
          local kind, service = kindOf(queue), serviceOf(queue)
          if not kind or not service or service == 'closed' or redis.call('EXISTS', ARGV[1] .. queue) == 0 or isPaused(queue) then
            return
          end
          local step = (kind == 'sorted' or kind == 'timed') and 2 or 1
          local entries = pop(queue, kind, service)
          if #entries == 0 then
            return
          end
          local flight, count = {}, 0
          for i = 1, #entries, step do
            flight[count + 1] = string.sub(ids, used * 12 + 1, used * 12 + 12)
            flight[count + 2] = (step == 2 and entries[i + 1] or '') .. '\n' .. queue .. '\n' .. entries[i]
            count, used, left = count + 2, used + 1, left - 1
            if count == 1000 then
              redis.call('HSET', KEYS[4], unpack(flight))
              flight, count = {}, 0
            end
          end
          if count > 0 then
            redis.call('HSET', KEYS[4], unpack(flight))
          end
          tidy(queue)
          taken[#taken + 1] = queue
          taken[#taken + 1] = entries
        end

        -- '0' follows '/': the range ends where names begin that do not have the prefix.
        local function takeTree(root)
          local from = '[' .. root
          while left > 0 do
            local names = redis.call('ZRANGEBYLEX', KEYS[1], from, '(' .. string.sub(root, 1, -2) .. '0', 'LIMIT', 0, 100)
            if #names == 0 then
              return
            end
            for _, queue in ipairs(names) do
              if left > 0 then
                take(queue)
              end
            end
            from = '(' .. names[#names]
          end
        end

        for i = 7 + 3 * ARGV[6], #ARGV do
          if left > 0 and string.sub(ARGV[i], -1) == '/' then
            takeTree(ARGV[i])
          elseif left > 0 then
            take(ARGV[i])
          end
        end
        if used > 0 then
          redis.call('SADD', KEYS[3], ARGV[3])
        end
        return taken
        """);

    /* KEYS: takers set, in flight hash of the worker. ARGV: worker, packed ids. Returns nothing. Repeatable. */
    public static readonly RedisScript Forget = new("forget raw", RedisQueueScripts.Chunks + """
        chunks(ARGV[2], function(ids)
          redis.call('HDEL', KEYS[2], unpack(ids))
        end)
        if redis.call('EXISTS', KEYS[2]) == 0 then
          redis.call('SREM', KEYS[1], ARGV[1])
        end
        """);

    /*
     * KEYS: names zset, takers set, in flight hash of the worker. ARGV: begin of queues, worker, packed ids in the order of their taking.
     * Returns how many entries went back. Repeatable: they are no longer in flight.
     */
    public static readonly RedisScript Release = new("release raw", RedisQueueScripts.RawKinds + Landing + """
        local released = 0
        -- From the last to the first, as each goes before the others of a list.
        for at = #ARGV[3] - 11, 1, -12 do
          local score, queue, text = land(KEYS[3], string.sub(ARGV[3], at, at + 11))
          if queue then
            local kind, key = kindOf(queue), ARGV[1] .. queue
            if kind == 'list' then
              redis.call('LPUSH', key, text)
            elseif kind == 'set' then
              redis.call('SADD', key, text)
            else
              redis.call('ZADD', key, 'NX', score, text)
            end
            redis.call('ZADD', KEYS[1], 0, queue)
            released = released + 1
          end
        end
        if redis.call('EXISTS', KEYS[3]) == 0 then
          redis.call('SREM', KEYS[2], ARGV[2])
        end
        return released
        """);

    /*
     * KEYS: names zset, takers set, in flight hash of the worker.
     * ARGV: begin of rejected, begin of rejected texts, worker, how many a queue keeps, then id, error, id, error, ...
     * Returns nothing. Repeatable.
     */
    public static readonly RedisScript Reject = new("reject raw", RedisQueueScripts.RawKinds + Landing + Rejected + """
        for i = 5, #ARGV, 2 do
          local score, queue, text = land(KEYS[3], ARGV[i])
          if queue then
            local rejected, texts = ARGV[1] .. queue, ARGV[2] .. queue
            if kindOf(queue) ~= 'list' then
              -- A set has each text once: what was said of it before gives way.
              local older = redis.call('HGET', texts, redis.sha1hex(text))
              local entry = older and findRejected(rejected, older)
              if entry then
                dropRejected(rejected, texts, entry)
              end
              redis.call('HSET', texts, redis.sha1hex(text), ARGV[i])
            end
            redis.call('ZADD', rejected, 0, ARGV[i] .. score .. '\n' .. ARGV[i + 1] .. '\n' .. text)
            for _, oldest in ipairs(redis.call('ZRANGE', rejected, 0, -ARGV[4] - 1)) do
              dropRejected(rejected, texts, oldest)
            end
            redis.call('ZADD', KEYS[1], 0, queue)
          end
        end
        if redis.call('EXISTS', KEYS[3]) == 0 then
          redis.call('SREM', KEYS[2], ARGV[3])
        end
        """);

    /* KEYS: names zset, paused set. ARGV: begin of queues, begin of rejected, now (unix seconds). Returns name, size, due, rejected, 1 when paused, ... */
    public static readonly RedisScript List = new("list raw", RedisQueueScripts.RawKinds + Tidy + """
        local pausedKey = KEYS[2]
        """ + RedisQueueScripts.PauseRule + """
        local sizeOf = { list = 'LLEN', set = 'SCARD', sorted = 'ZCARD', timed = 'ZCARD' }
        local found = {}
        for _, queue in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
          local kind, key = kindOf(queue), ARGV[1] .. queue
          local size, rejected = redis.call(sizeOf[kind], key), redis.call('ZCARD', ARGV[2] .. queue)
          local due = kind == 'timed' and redis.call('ZCOUNT', key, '-inf', ARGV[3]) or size
          if size > 0 or rejected > 0 then
            for _, value in ipairs({ queue, size, due, rejected, isPaused(queue) and 1 or 0 }) do
              found[#found + 1] = value
            end
          else
            tidy(queue)
          end
        end
        return found
        """);

    /* KEYS: the queue. ARGV: from, below, from, below, ... Returns how many scores lie in each. O(log n) each. */
    public static readonly RedisScript CountByScore = new("count by score", """
        local counts = {}
        for i = 1, #ARGV, 2 do
          counts[#counts + 1] = redis.call('ZCOUNT', KEYS[1], ARGV[i], ARGV[i + 1])
        end
        return counts
        """);

    /* KEYS: names zset. ARGV: begin of queues, begin of rejected, queue, texts. Returns how many were there. Of a list each reads it. */
    public static readonly RedisScript Remove = new("remove raw", RedisQueueScripts.RawKinds + Tidy + """
        local queue, removed = ARGV[3], 0
        local kind, key = kindOf(queue), ARGV[1] .. queue
        for i = 4, #ARGV do
          if kind == 'list' then
            removed = removed + redis.call('LREM', key, 1, ARGV[i])
          elseif kind == 'set' then
            removed = removed + redis.call('SREM', key, ARGV[i])
          else
            removed = removed + redis.call('ZREM', key, ARGV[i])
          end
        end
        tidy(queue)
        return removed
        """);

    /* KEYS: names zset. ARGV: begin of queues, begin of rejected, queue. Returns how many there were. The memory is freed beside. */
    public static readonly RedisScript Purge = new("purge raw", RedisQueueScripts.RawKinds + Tidy + """
        local queue, key = ARGV[3], ARGV[1] .. ARGV[3]
        local kind = kindOf(queue)
        local size = redis.call(kind == 'list' and 'LLEN' or kind == 'set' and 'SCARD' or 'ZCARD', key)
        redis.call('UNLINK', key)
        tidy(queue)
        return size
        """);

    /*
     * KEYS: names zset. ARGV: begin of queues, begin of rejected, begin of rejected texts, queue, 1 to put back, packed ids.
     * Returns how many were there. Repeatable: they are no longer rejected.
     */
    public static readonly RedisScript Settle = new("settle rejected", RedisQueueScripts.RawKinds + Tidy + Rejected + """
        local queue, settled = ARGV[4], 0
        local kind, key, rejected = kindOf(queue), ARGV[1] .. queue, ARGV[2] .. queue
        for at = 1, #ARGV[6], 12 do
          local found = findRejected(rejected, string.sub(ARGV[6], at, at + 11))
          if found then
            local score, text = dropRejected(rejected, ARGV[3] .. queue, found)
            settled = settled + 1
            if ARGV[5] == '1' then
              if kind == 'list' then
                redis.call('RPUSH', key, text)
              elseif kind == 'set' then
                redis.call('SADD', key, text)
              else
                redis.call('ZADD', key, score, text)
              end
            end
          end
        end
        tidy(queue)
        return settled
        """);

    /* put(queue, first, last): ARGV from first to last into a queue, 1,000 at a time: Lua passes at most some thousand arguments to a call. */
    private const string Puts = """
        local function put(queue, first, last)
          local kind = kindOf(queue)
          local push = kind == 'list' and 'RPUSH' or kind == 'set' and 'SADD' or 'ZADD'
          for at = first, last, 1000 do
            redis.call(push, ARGV[1] .. queue, unpack(ARGV, at, math.min(at + 999, last)))
          end
        end

        """;

    /* tidy(queue): the names zset (KEYS[1]) has it when there is something in it. ARGV: begin of queues, begin of rejected. */
    private const string Tidy = """

        local function tidy(queue)
          if redis.call('EXISTS', ARGV[1] .. queue) == 1 or redis.call('EXISTS', ARGV[2] .. queue) == 1 then
            redis.call('ZADD', KEYS[1], 0, queue)
          else
            redis.call('ZREM', KEYS[1], queue)
          end
        end

        """;

    /* land(hash, id): score, queue and text of an entry, which is then no longer in flight; nil: it was not. */
    private const string Landing = """

        local function land(hash, id)
          local entry = redis.call('HGET', hash, id)
          if not entry then
            return nil
          end
          redis.call('HDEL', hash, id)
          local first = string.find(entry, '\n', 1, true)
          local second = string.find(entry, '\n', first + 1, true)
          return string.sub(entry, 1, first - 1), string.sub(entry, first + 1, second - 1), string.sub(entry, second + 1)
        end

        """;

    /*
     * findRejected(rejected, id): the entry of an id; nil: there is none.
     * dropRejected(rejected, texts, entry): takes an entry out; its score and text.
     */
    private const string Rejected = """

        local function findRejected(rejected, id)
          local found = redis.call('ZRANGEBYLEX', rejected, '[' .. id, '+', 'LIMIT', 0, 1)[1]
          return found and string.sub(found, 1, 12) == id and found or nil
        end

        local function dropRejected(rejected, texts, entry)
          local first = string.find(entry, '\n', 13, true)
          local second = string.find(entry, '\n', first + 1, true)
          local text = string.sub(entry, second + 1)
          redis.call('ZREM', rejected, entry)
          redis.call('HDEL', texts, redis.sha1hex(text))
          return string.sub(entry, 13, first - 1), text
        end

        """;
}

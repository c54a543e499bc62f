using Mrq.Queues;

namespace Mrq.Storage.Redis;

/// <summary>
/// The scripts of the queues. They make the keys of lists out of the begin that is given (ARGV) and a name: which lists they touch
/// they often learn only from what they read. All keys of a prefix lie on one node (docs/storage.md).
/// </summary>
internal static class RedisQueueScripts
{
    /*
     * KEYS: queued hash, names zset. ARGV: begin of lists, then for each queue: name, LPUSH or RPUSH, packed ids in the order of pushing.
     * Returns nothing. An id that waits anywhere moves. Repeated: the ids move to where they are already.
     */
    public static readonly RedisScript Enqueue = new("enqueue", Chunks + """
        local lists = ARGV[1]
        for g = 2, #ARGV, 3 do
          local queue, push = ARGV[g], ARGV[g + 1]
          -- An id that was just put there is looked for at the end where it was put.
          local direction = push == 'LPUSH' and 1 or -1
          chunks(ARGV[g + 2], function(ids)
            local waiting = redis.call('HMGET', KEYS[1], unpack(ids))
            local entries = {}
            for i, id in ipairs(ids) do
              local old = waiting[i]
              if old then
                redis.call('LREM', lists .. old, direction, id)
                if redis.call('EXISTS', lists .. old) == 0 then
                  redis.call('ZREM', KEYS[2], old)
                end
              end
              entries[2 * i - 1] = id
              entries[2 * i] = queue
            end
            redis.call('HSET', KEYS[1], unpack(entries))
            redis.call(push, lists .. queue, unpack(ids))
          end)
          redis.call('ZADD', KEYS[2], 0, queue)
        end
        """);

    /*
     * KEYS: queued hash, names zset, paused set, started zset, started queues hash.
     * ARGV: begin of lists, how many, now (unix seconds), then the names that are listened to.
     * Returns list, packed ids, list, packed ids, ... in the order of their running. Entries that are not ids are dropped.
     * Not repeatable: what a lost answer held is in the started set.
     */
    public static readonly RedisScript Dequeue = new("dequeue", Chunks + Pauses + "local namesKey = KEYS[2]\n" + Priorities + $"local reverse = '{QueueName.Reverse}'\n" + """
        local lists, left, now = ARGV[1], tonumber(ARGV[2]), ARGV[3]
        local taken = {}

        local function takeList(queue, newest)
          local list = lists .. queue
          local ids = newest and redis.call('LRANGE', list, -left, -1) or redis.call('LRANGE', list, 0, left - 1)
          if #ids == 0 then
            return
          end
          if newest then
            redis.call('LTRIM', list, 0, -#ids - 1)
            for i = 1, math.floor(#ids / 2) do
              ids[i], ids[#ids + 1 - i] = ids[#ids + 1 - i], ids[i]
            end
          else
            redis.call('LTRIM', list, #ids, -1)
          end
          if redis.call('EXISTS', list) == 0 then
            redis.call('ZREM', KEYS[2], queue)
          end
          for i = #ids, 1, -1 do
            if #ids[i] ~= 12 then
              table.remove(ids, i)
            end
          end
          local packed = table.concat(ids)
          chunks(packed, function(some)
            local times, queues = {}, {}
            for i, id in ipairs(some) do
              times[2 * i - 1], times[2 * i] = now, id
              queues[2 * i - 1], queues[2 * i] = id, queue
            end
            redis.call('HDEL', KEYS[1], unpack(some))
            redis.call('ZADD', KEYS[4], unpack(times))
            redis.call('HSET', KEYS[5], unpack(queues))
          end)
          left = left - #ids
          taken[#taken + 1] = queue
          taken[#taken + 1] = packed
        end

        local function isReverse(queue)
          return string.sub(queue, -#reverse) == reverse
        end

        -- The lists of its priorities, the highest first, then the one without.
        local function take(queue, newest)
          if isPaused(queue) then
            return
          end
          local higher = higherLists(queue)
          for i = #higher, 1, -1 do
            if left > 0 then
              takeList(higher[i], newest)
            end
          end
          if left > 0 then
            takeList(queue, newest)
          end
        end

        -- '0' follows '/': the range ends where names begin that do not have the prefix.
        local function takeTree(root)
          local from, last = '[' .. root, nil
          while left > 0 do
            local names = redis.call('ZRANGEBYLEX', KEYS[2], from, '(' .. string.sub(root, 1, -2) .. '0', 'LIMIT', 0, 100)
            if #names == 0 then
              return
            end
            for _, name in ipairs(names) do
              local queue = queueOf(name)
              if left > 0 and queue ~= last then
                take(queue, isReverse(queue))
                last = queue
              end
            end
            from = '(' .. names[#names]
          end
        end

        for i = 4, #ARGV do
          local queue = ARGV[i]
          if left > 0 and string.sub(queue, -1) == '/' then
            takeTree(queue)
          elseif left > 0 then
            take(queue, isReverse(queue))
            -- See QueueName.Forward.
            if left > 0 and isReverse(queue) and #queue > #reverse then
              take(string.sub(queue, 1, -#reverse - 1), true)
            end
          end
        end
        return taken
        """);

    /*
     * KEYS: queued hash, names zset, started zset, started queues hash. ARGV: begin of lists, now (unix seconds), then for each queue: name, packed ids.
     * Returns list, packed ids, list, packed ids, ...: those that waited there. Not repeatable: what a lost answer held is in the started set.
     * LREM reads the list: one that is not near the head is looked for from the end, for what is left behind piles up at the head.
     */
    public static readonly RedisScript DequeueThese = new("dequeue these", Chunks + "local namesKey = KEYS[2]\n" + Priorities + """
        local taken, near, names, found = {}, {}, {}, {}

        -- The ids near the head of a list, read when the first of it is sought.
        local function isNear(name, id, sought)
          if not near[name] then
            near[name], found[name], names[#names + 1] = {}, {}, name
            for _, head in ipairs(redis.call('LRANGE', ARGV[1] .. name, 0, sought + 299)) do
              near[name][head] = true
            end
          end
          return near[name][id]
        end

        for g = 3, #ARGV, 2 do
          chunks(ARGV[g + 1], function(ids)
            for _, id in ipairs(ids) do
              local name = redis.call('HGET', KEYS[1], id)
              if name and queueOf(name) == ARGV[g] then
                local direction = isNear(name, id, #ids) and 1 or -1
                redis.call('HDEL', KEYS[1], id)
                if redis.call('LREM', ARGV[1] .. name, direction, id) == 1 then
                  redis.call('ZADD', KEYS[3], ARGV[2], id)
                  redis.call('HSET', KEYS[4], id, name)
                  table.insert(found[name], id)
                end
              end
            end
          end)
        end
        for _, name in ipairs(names) do
          if redis.call('EXISTS', ARGV[1] .. name) == 0 then
            redis.call('ZREM', KEYS[2], name)
          end
          taken[#taken + 1] = name
          taken[#taken + 1] = table.concat(found[name])
        end
        return taken
        """);

    /* KEYS: started zset, started queues hash. ARGV: packed ids. Returns nothing. Repeatable. */
    public static readonly RedisScript ForgetStarted = new("forget started", Chunks + """
        chunks(ARGV[1], function(ids)
          redis.call('ZREM', KEYS[1], unpack(ids))
          redis.call('HDEL', KEYS[2], unpack(ids))
        end)
        """);

    /*
     * KEYS: started zset, started queues hash. ARGV: time (unix seconds), how many.
     * Returns id, queue, id, queue, ... taken before the time, oldest first; an id without a queue (of the original MRQ) has ''.
     */
    public static readonly RedisScript FindStarted = new("find started", """
        local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
        local found = {}
        for i, id in ipairs(ids) do
          found[2 * i - 1] = id
          found[2 * i] = redis.call('HGET', KEYS[2], id) or ''
        end
        return found
        """);

    /*
     * KEYS: queued hash, names zset. ARGV: begin of lists, then for each queue: name, packed ids. Returns how many were there.
     * LREM reads the list: an id deep in a list of a million costs milliseconds, one that is not there costs nothing.
     */
    public static readonly RedisScript Remove = new("remove", Chunks + "local namesKey = KEYS[2]\n" + Priorities + """
        local removed = 0
        for g = 2, #ARGV, 2 do
          chunks(ARGV[g + 1], function(ids)
            for _, id in ipairs(ids) do
              local name = redis.call('HGET', KEYS[1], id)
              if name and queueOf(name) == ARGV[g] then
                local list = ARGV[1] .. name
                redis.call('HDEL', KEYS[1], id)
                removed = removed + redis.call('LREM', list, 1, id)
                if redis.call('EXISTS', list) == 0 then
                  redis.call('ZREM', KEYS[2], name)
                end
              end
            end
          end)
        end
        return removed
        """);

    /*
     * KEYS: names zset, paused set. ARGV: begin of lists.
     * Returns name, size, 1 when paused, ...: every list that has ids, then the queues that are paused and have none in the list of their name.
     */
    public static readonly RedisScript List = new("list", """
        local namesKey, pausedKey = KEYS[1], KEYS[2]
        """ + PauseRule + RawKinds + Priorities + """
        local found = {}
        local function add(name, size)
          found[#found + 1] = name
          found[#found + 1] = size
          found[#found + 1] = isPaused(queueOf(name)) and 1 or 0
        end
        for _, queue in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
          local size = redis.call('LLEN', ARGV[1] .. queue)
          if size > 0 then
            add(queue, size)
          else
            redis.call('ZREM', KEYS[1], queue)
          end
        end
        for _, queue in ipairs(redis.call('SMEMBERS', pausedKey)) do
          if not redis.call('ZSCORE', KEYS[1], queue) then
            add(queue, kindOf(queue) and 0 or redis.call('LLEN', ARGV[1] .. queue))
          end
        end
        return found
        """);

    /* KEYS: names zset. ARGV: begin of lists, queue, how many to pass over, how many. Returns ids in the order of their running. */
    public static readonly RedisScript Peek = new("peek", "local namesKey = KEYS[1]\n" + Priorities + $"local reverse = '{QueueName.Reverse}'\n" + """
        local queue, skip, left = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
        local isReverse = string.sub(queue, -#reverse) == reverse
        local names = higherLists(queue)
        table.insert(names, 1, queue)
        local found = {}
        for i = #names, 1, -1 do
          local list = ARGV[1] .. names[i]
          local size = redis.call('LLEN', list)
          if left > 0 and skip < size then
            local ids
            if isReverse then
              ids = redis.call('LRANGE', list, -skip - left, -skip - 1)
              for at = #ids, 1, -1 do
                found[#found + 1] = ids[at]
              end
            else
              ids = redis.call('LRANGE', list, skip, skip + left - 1)
              for _, id in ipairs(ids) do
                found[#found + 1] = id
              end
            end
            left = left - #ids
          end
          skip = math.max(0, skip - size)
        end
        return found
        """);

    /* KEYS: paused set. ARGV: name with '/' at its end. Returns nothing; takes the flags of the name without it and of all under it. */
    public static readonly RedisScript ResumeTree = new("resume", """
        local root = ARGV[1]
        redis.call('SREM', KEYS[1], string.sub(root, 1, -2))
        for _, queue in ipairs(redis.call('SMEMBERS', KEYS[1])) do
          if string.sub(queue, 1, #root) == root then
            redis.call('SREM', KEYS[1], queue)
          end
        end
        """);

    /*
     * KEYS: queued hash, names zset, started zset. ARGV: begin of lists, queue, packed ids.
     * Returns the packed ids that neither wait in the queue nor are started; nil when the hash has another number of ids than the lists
     * have (someone else changed them) and so proves nothing.
     */
    public static readonly RedisScript FindMissing = new("find missing", Chunks + "local namesKey = KEYS[2]\n" + Priorities + """
        local waiting = 0
        for _, queue in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
          waiting = waiting + redis.call('LLEN', ARGV[1] .. queue)
        end
        if waiting ~= redis.call('HLEN', KEYS[1]) then
          return nil
        end
        local missing = {}
        chunks(ARGV[3], function(ids)
          local queues = redis.call('HMGET', KEYS[1], unpack(ids))
          for i, id in ipairs(ids) do
            if not (queues[i] and queueOf(queues[i]) == ARGV[2]) and not redis.call('ZSCORE', KEYS[3], id) then
              missing[#missing + 1] = id
            end
          end
        end)
        return table.concat(missing)
        """);

    /* KEYS: started zset. ARGV: packed ids. Returns the packed ids that are not started. */
    public static readonly RedisScript NotStarted = new("find not started", Chunks + """
        local missing = {}
        chunks(ARGV[1], function(ids)
          for _, id in ipairs(ids) do
            if not redis.call('ZSCORE', KEYS[1], id) then
              missing[#missing + 1] = id
            end
          end
        end)
        return table.concat(missing)
        """);

    /* Calls work(ids) with 500 at a time: Lua passes at most some thousand arguments to a call. */
    public const string Chunks = """
        local function chunks(packed, work)
          for from = 1, #packed, 6000 do
            local ids = {}
            for at = from, math.min(from + 5999, #packed), 12 do
              ids[#ids + 1] = string.sub(packed, at, at + 11)
            end
            work(ids)
          end
        end

        """;

    /*
     * queueOf(name): the queue of a list. higherLists(queue): the names of its lists of priorities above 0, growing.
     * See ListName.
     */
    public const string Priorities = """

        local function queueOf(name)
          return string.find(name, '#[1-9]$') and string.sub(name, 1, -3) or name
        end
        local function higherLists(queue)
          return redis.call('ZRANGEBYLEX', namesKey, '[' .. queue .. '#1', '[' .. queue .. '#9')
        end

        """;

    /* isPaused(queue): a flag on it, on a name above it ("high" for "high/sub"), or on one above with '/'. */
    public const string PauseRule = """

        local isAnyPaused = redis.call('EXISTS', pausedKey) == 1
        local function isPaused(queue)
          if not isAnyPaused then
            return false
          end
          if redis.call('SISMEMBER', pausedKey, queue) == 1 then
            return true
          end
          local slash = string.find(queue, '/', 1, true)
          while slash do
            if redis.call('SISMEMBER', pausedKey, string.sub(queue, 1, slash - 1)) == 1 or
               redis.call('SISMEMBER', pausedKey, string.sub(queue, 1, slash)) == 1 then
              return true
            end
            slash = string.find(queue, '/', slash + 1, true)
          end
          return false
        end

        """;

    /* kindOf(queue): 'list', 'set', 'sorted' or 'timed' of a raw queue, else nil, as RawQueueKinds has it. */
    public const string RawKinds = $"""

        local function endsIn(name, ending)
          return string.sub(name, -#ending) == ending
        end

        local function kindOf(queue)
          local kind
          for name in string.gmatch(queue, '[^/]+') do
            if endsIn(name, '{RawQueueKinds.List}') then
              kind = 'list'
            elseif endsIn(name, '{RawQueueKinds.TimedSet}') then
              kind = 'timed'
            elseif endsIn(name, '{RawQueueKinds.SortedSet}') then
              kind = 'sorted'
            elseif endsIn(name, '{RawQueueKinds.Set}') then
              kind = 'set'
            end
          end
          return kind
        end

        """;

    private const string Pauses = "local pausedKey = KEYS[3]\n" + PauseRule;
}

using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>Why a limit holds a job back, as its exception type.</summary>
public static class JobLimitReasons
{
    /// <summary>Too many had begun within a span of time.</summary>
    public const string Rate = "ratelimit";

    /// <summary>Too many were running.</summary>
    public const string Concurrency = "maxconcurrency";

    /// <summary>True: a limit holds a job back until its turn comes, and that is no failure.</summary>
    public static bool IsHeldBack(JobStatus status, string? exceptionType) => status == JobStatus.Retry && exceptionType is (Rate or Concurrency);
}

/// <summary>The limits that a job has to pass before it begins: those of its own options, and those of its queue.</summary>
internal sealed class JobLimits(ICoordination coordination, QueueLimits queues, TimeProvider time)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>So far apart at most they stand in line: where turns are rare, the first must not miss its own by much.</summary>
    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(10);

    private const int MostLines = 1000;
    private static readonly TimeSpan CleaningInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _nextTurn = new(StringComparer.Ordinal);
    private DateTimeOffset _cleaned;

    /// <summary>Null: it may begin. Else what becomes of it; it holds no slot then.</summary>
    /// <param name="longest">How long it may hold a slot: one whose worker dies comes free then.</param>
    /// <param name="slots">Gets the keys of the slots that it holds.</param>
    public async Task<JobOutcome?> PassAsync(Job job, TaskOptions options, TimeSpan longest, List<string> slots)
    {
        if (options is { MaxConcurrency: null, RateLimit: null } && queues.IsEmpty)
        {
            return null;
        }

        var outcome = await EnterAsync(job, options, longest, slots) ?? await UseRatesAsync(job, options);
        if (outcome is not null)
        {
            await LeaveAsync(job.Id, slots);
        }

        return outcome;
    }

    private async Task<JobOutcome?> EnterAsync(Job job, TaskOptions options, TimeSpan longest, List<string> slots)
    {
        var queue = queues.Of(job.Queue);
        if (options.MaxConcurrency is { } most && !await TryEnterAsync(KeyOf(job, options.MaxConcurrencyKey), most, job.Id, longest, slots))
        {
            var message = $"{Running(most, WhomOf(job, options.MaxConcurrencyKey))}: the limit.";
            return options.MaxConcurrencyWait is { } wait ? new JobOutcome.Postponed(Around(wait), JobLimitReasons.Concurrency, message) : new JobOutcome.NoSlot(message);
        }

        return queue?.MaxConcurrency is { } mostOfQueue && !await TryEnterAsync($"queue:{job.Queue}", mostOfQueue, job.Id, longest, slots)
            ? new JobOutcome.Postponed(Around(QueueLimits.Wait), JobLimitReasons.Concurrency, $"{Running(mostOfQueue, $"of the queue {job.Queue}")}: its limit.")
            : null;
    }

    private async Task<bool> TryEnterAsync(string key, int most, JobId job, TimeSpan longest, List<string> slots)
    {
        var now = time.GetUtcNow();
        if (!await coordination.TryEnterAsync(key, most, job, now, now + longest, CancellationToken.None))
        {
            return false;
        }

        slots.Add(key);
        return true;
    }

    private async Task<JobOutcome?> UseRatesAsync(Job job, TaskOptions options)
    {
        // The queue's first: it is the wider one, and a use that was counted is not given back.
        var ofQueue = queues.Of(job.Queue)?.RateLimit is { } limit
            ? await UseRateAsync($"queue:{job.Queue}", limit, $"of the queue {job.Queue}")
            : null;
        return ofQueue is null && options.RateLimit is { } own
            ? await UseRateAsync(KeyOf(job, options.RateLimitKey), own, WhomOf(job, options.RateLimitKey))
            : ofQueue;
    }

    private async Task<JobOutcome?> UseRateAsync(string key, RateLimit limit, string whom) =>
        await coordination.UseRateAsync($"limit:{key}", limit.Count, limit.Per, time.GetUtcNow(), CancellationToken.None) > 0
            ? null
            : new JobOutcome.Postponed(NextTurn(key, limit), JobLimitReasons.Rate, $"{limit} jobs {whom} had begun: the limit.");

    /// <summary>
    /// When a job that was too early tries again. Those of one worker stand in line, one behind the other at the pace of the limit, so that a long line comes
    /// back once each and not all at once, again and again. Whether the turn has come is decided then.
    /// </summary>
    private TimeSpan NextTurn(string key, RateLimit limit)
    {
        var now = time.GetUtcNow();
        var step = limit.Per / limit.Count;
        step = step < LongestStep ? step : LongestStep;
        lock (_gate)
        {
            if (_nextTurn.Count > MostLines && now - _cleaned > CleaningInterval)
            {
                _cleaned = now;
                foreach (var (over, _) in _nextTurn.Where(turn => turn.Value < now).ToList())
                {
                    _nextTurn.Remove(over);
                }
            }

            var last = _nextTurn.GetValueOrDefault(key, now);
            var turn = (last > now ? last : now) + step;
            _nextTurn[key] = turn - now < LongestWait ? turn : now;
            return turn - now;
        }
    }

    private async Task LeaveAsync(JobId job, List<string> slots)
    {
        foreach (var slot in slots)
        {
            await coordination.LeaveAsync(slot, job, CancellationToken.None);
        }

        slots.Clear();
    }

    private static string Running(int count, string whom) => count == 1 ? $"1 job {whom} was running" : $"{count:N0} jobs {whom} were running";

    private static string KeyOf(Job job, string? template) =>
        template is null ? $"task:{job.Path}" : $"key:{KeyTemplate.Expand(template, job.Params)}";

    private static string WhomOf(Job job, string? template) =>
        template is null ? "of this task" : $"of the key '{KeyTemplate.Expand(template, job.Params)}'";

    // Not all at the same time: those that wait for one slot would meet again and again.
    private static TimeSpan Around(TimeSpan wait) => wait * (0.5 + Random.Shared.NextDouble());
}

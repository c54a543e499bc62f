using System.Globalization;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Tasks;

/// <summary>One option of a task, as configuration, requests and documents know it.</summary>
/// <param name="Type">Its JSON type: string, number, integer, boolean or array (of numbers).</param>
/// <param name="Description">For people: what it does, unit, range, default.</param>
/// <param name="Set">Reads its text into the options; throws <see cref="FormatException"/> with what is wrong, beginning with a small letter.</param>
/// <param name="Get">Its value as text; null: it is not set.</param>
public sealed record TaskOption(string Name, string Type, string Description, Func<TaskOptions, string, TaskOptions> Set, Func<TaskOptions, string?> Get)
{
    /// <summary>True: a number of seconds, which people may write with a unit (<c>15m</c>) where they are not bound to JSON.</summary>
    public bool IsSpan { get; init; }
}

/// <summary>The options of a task: the one place that knows their names, texts and bounds.</summary>
public static class TaskOptionTable
{
    /// <summary>The longest span of time that an option takes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    private const int MostKey = 200;

    /// <summary>All options, in the order in which people are shown them.</summary>
    public static readonly IReadOnlyList<TaskOption> All =
    [
        new("queue", "string", "Queue of its jobs.", (o, t) => o with { Queue = ReadQueue(t) }, o => o.Queue?.Value),
        new("priority", "integer", "0 (default) to 9: within its queue a job runs before those of lower priority.",
            (o, t) => o with { Priority = Whole(t, 0, QueuedId.HighestPriority) }, o => Text(o.Priority)),
        Span("expires_in", "A job that has not begun after so many seconds is cancelled. Default: it waits for ever.",
            (o, s) => o with { ExpiresIn = s }, o => o.ExpiresIn, above: true),
        Span("timeout", "Longest run of one attempt, in seconds.", (o, s) => o with { Timeout = s }, o => o.Timeout, above: true),
        Span("result_ttl", "How many seconds a job is kept after success.", (o, s) => o with { ResultTtl = s }, o => o.ResultTtl),
        Span("abort_ttl", "How many seconds an aborted job is kept.", (o, s) => o with { AbortTtl = s }, o => o.AbortTtl),
        Span("cancel_ttl", "How many seconds a cancelled job is kept.", (o, s) => o with { CancelTtl = s }, o => o.CancelTtl),
        new("max_retries", "integer", "Most retries; 0: none.", (o, t) => o with { MaxRetries = Whole(t, 0, 1_000_000) }, o => Text(o.MaxRetries)),
        new("retry_on_failure", "boolean", "true: an attempt that failed or ran out of time is retried, too. Default: only one whose task asks for it.",
            (o, t) => o with { RetryOnFailure = Flag(t) }, o => Text(o.RetryOnFailure)),
        Span("retry_delay", "Seconds before the first retry that names no delay.", (o, s) => o with { RetryDelay = s }, o => o.RetryDelay),
        new("retry_backoff", "number", "Each further delay is so many times as long: 1 (default, fixed) to 100.",
            (o, t) => o with { RetryBackoff = Number(t, 1, 100) }, o => Text(o.RetryBackoff)),
        Span("retry_max_delay", "The longest that retry_backoff makes a delay, in seconds. Default 3600.", (o, s) => o with { RetryMaxDelay = s }, o => o.RetryMaxDelay),
        new("retry_jitter", "number", "How much of a delay is left to chance: 0 (default) to 1.",
            (o, t) => o with { RetryJitter = Number(t, 0, 1) }, o => Text(o.RetryJitter)),
        new("retry_delays", "array", "The delays one by one, in seconds; the last counts for all that follow. Wins over the other delays.",
            (o, t) => o with { RetryDelays = RetryDelays.TryParse(t, out var delays, out var error) ? delays : throw new FormatException(error) }, o => o.RetryDelays?.ToString()),
        new("max_concurrency", "integer", "Most jobs at once over all workers, from 1. Default: no limit.",
            (o, t) => o with { MaxConcurrency = Whole(t, 1, int.MaxValue) }, o => Text(o.MaxConcurrency)),
        new("max_concurrency_key", "string", "Whom max_concurrency counts together; {name} in it is the value of that param. Default: all jobs of the task.",
            (o, t) => o with { MaxConcurrencyKey = Key(t) }, o => o.MaxConcurrencyKey),
        Span("max_concurrency_wait", "A job that finds no slot tries again after about so many seconds. Default: it ends as maxconcurrency.",
            (o, s) => o with { MaxConcurrencyWait = s }, o => o.MaxConcurrencyWait, above: true),
        new("rate_limit", "string", "Most jobs to begin within a span of time over all workers, as 10/s, 100/m, 5/h, 1/d or 10/30 (seconds); one more waits. Default: no limit.",
            (o, t) => o with { RateLimit = RateLimit.TryParse(t, out var limit, out var error) ? limit : throw new FormatException(error) }, o => o.RateLimit?.ToString()),
        new("rate_limit_key", "string", "Whom rate_limit counts together; {name} in it is the value of that param. Default: all jobs of the task.",
            (o, t) => o with { RateLimitKey = Key(t) }, o => o.RateLimitKey),
        new("cpu", "boolean", "true: it computes, and gets a thread of its own.", (o, t) => o with { Cpu = Flag(t) }, o => Text(o.Cpu)),
    ];

    /// <summary>The option of this name; null: there is none.</summary>
    public static TaskOption? Find(string name) => All.FirstOrDefault(option => option.Name == name);

    /// <summary>What is wrong with options that code has set; empty: nothing.</summary>
    public static IEnumerable<FieldError> Check(TaskOptions options)
    {
        foreach (var option in All)
        {
            if (option.Get(options) is { } text && Error(option, text) is { } error)
            {
                yield return new FieldError(option.Name, error);
            }
        }
    }

    private static string? Error(TaskOption option, string text)
    {
        try
        {
            option.Set(new TaskOptions(), text);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>A number of seconds that is not negative and not above <see cref="Longest"/>; null: the text is none.</summary>
    internal static TimeSpan? ReadSeconds(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0 && seconds <= Longest.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static TaskOption Span(
        string name, string description, Func<TaskOptions, TimeSpan, TaskOptions> set, Func<TaskOptions, TimeSpan?> get, bool above = false) =>
        new(name, "number", description,
            (options, text) => ReadSeconds(text) is { } span && !(above && span == TimeSpan.Zero)
                ? set(options, span)
                : throw new FormatException($"must be a number of seconds, {(above ? "above 0" : "0 or more")} and at most {Longest.TotalSeconds:N0} (10 years), not '{text}'."),
            options => get(options) is { } span ? Text(span.TotalSeconds) : null)
        {
            IsSpan = true,
        };

    private static QueueName ReadQueue(string text) =>
        !QueueName.TryParse(text, out var queue, out var error) ? throw new FormatException(error)
        : queue.NotForJobs is { } reason ? throw new FormatException(reason)
        : queue;

    private static int Whole(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"must be a whole number, {least:N0} {(most == int.MaxValue ? "or more" : $"to {most:N0}")}, not '{text}'.");

    private static double Number(string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"must be a number, {least} to {most}, not '{text}'.");

    private static bool Flag(string text) => bool.TryParse(text, out var flag) ? flag : throw new FormatException($"must be true or false, not '{text}'.");

    private static string Key(string text) =>
        text.Length is > 0 and <= MostKey ? KeyTemplate.Check(text) is { } error ? throw new FormatException(error) : text
        : throw new FormatException($"must have 1 to {MostKey} characters.");

    private static string? Text(int? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string? Text(double? value) => value?.ToString("R", CultureInfo.InvariantCulture);

    private static string? Text(bool? value) => value is { } flag ? flag ? "true" : "false" : null;
}

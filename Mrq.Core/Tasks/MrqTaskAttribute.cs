using System.Globalization;

namespace Mrq.Tasks;

/// <summary>Names a task and sets its options. Without it a task's path is its full type name. Unset numbers leave the default.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class MrqTaskAttribute(string? path = null) : Attribute
{
    private const double Unset = double.NaN;

    /// <summary>Null: the full type name.</summary>
    public string? Path { get; } = path;

    public string? Queue { get; set; }

    /// <summary>0 to 9: within its queue a job runs before those of lower priority.</summary>
    public int Priority { get; set; } = -1;

    /// <summary>Seconds after which a job that has not begun is cancelled; above 0.</summary>
    public double ExpiresIn { get; set; } = Unset;

    /// <summary>Seconds; above 0.</summary>
    public double Timeout { get; set; } = Unset;

    /// <summary>Seconds.</summary>
    public double ResultTtl { get; set; } = Unset;

    /// <summary>Seconds.</summary>
    public double AbortTtl { get; set; } = Unset;

    /// <summary>Seconds.</summary>
    public double CancelTtl { get; set; } = Unset;

    public int MaxRetries { get; set; } = -1;

    /// <summary>True: an attempt that failed or ran out of time is retried, too.</summary>
    public bool RetryOnFailure { get; set; }

    /// <summary>Seconds.</summary>
    public double RetryDelay { get; set; } = Unset;

    /// <summary>Each further delay is so many times as long: 1 to 100.</summary>
    public double RetryBackoff { get; set; } = Unset;

    /// <summary>Seconds; the longest that <see cref="RetryBackoff"/> makes a delay.</summary>
    public double RetryMaxDelay { get; set; } = Unset;

    /// <summary>How much of a delay is left to chance: 0 to 1.</summary>
    public double RetryJitter { get; set; } = Unset;

    /// <summary>Seconds, one by one; the last counts for all that follow. Wins over the other delays.</summary>
    public double[]? RetryDelays { get; set; }

    /// <summary>Most at once over all workers; 0: no limit.</summary>
    public int MaxConcurrency { get; set; }

    /// <inheritdoc cref="TaskOptions.MaxConcurrencyKey"/>
    public string? MaxConcurrencyKey { get; set; }

    /// <summary>Seconds after which a job that finds no slot tries again; unset: it ends as <c>maxconcurrency</c>.</summary>
    public double MaxConcurrencyWait { get; set; } = Unset;

    /// <summary>Most to begin within a span of time over all workers, as <c>10/s</c>, <c>100/m</c>, <c>5/h</c>, <c>1/d</c> or of seconds <c>10/30</c>.</summary>
    public string? RateLimit { get; set; }

    /// <inheritdoc cref="TaskOptions.RateLimitKey"/>
    public string? RateLimitKey { get; set; }

    /// <summary>True for a task that computes: it gets a thread of its own.</summary>
    public bool Cpu { get; set; }

    /// <exception cref="FormatException">A value is out of its range; it is named.</exception>
    internal TaskOptions ToOptions()
    {
        var options = new TaskOptions();
        Set("queue", Queue);
        Set("priority", Priority == -1 ? null : Priority);
        Set("expires_in", Known(ExpiresIn));
        Set("timeout", Known(Timeout));
        Set("result_ttl", Known(ResultTtl));
        Set("abort_ttl", Known(AbortTtl));
        Set("cancel_ttl", Known(CancelTtl));
        Set("max_retries", MaxRetries < 0 ? null : MaxRetries);
        Set("retry_on_failure", RetryOnFailure ? "true" : null);
        Set("retry_delay", Known(RetryDelay));
        Set("retry_backoff", Known(RetryBackoff));
        Set("retry_max_delay", Known(RetryMaxDelay));
        Set("retry_jitter", Known(RetryJitter));
        Set("retry_delays", RetryDelays is null ? null : string.Join(',', RetryDelays.Select(d => d.ToString(CultureInfo.InvariantCulture))));
        Set("max_concurrency", MaxConcurrency == 0 ? null : MaxConcurrency);
        Set("max_concurrency_key", MaxConcurrencyKey);
        Set("max_concurrency_wait", Known(MaxConcurrencyWait));
        Set("rate_limit", RateLimit);
        Set("rate_limit_key", RateLimitKey);
        Set("cpu", Cpu ? "true" : null);
        return options;

        void Set(string name, IConvertible? value)
        {
            if (value is not null && TaskOptionTable.Find(name) is { } option)
            {
                try
                {
                    options = option.Set(options, value.ToString(CultureInfo.InvariantCulture));
                }
                catch (FormatException e)
                {
                    throw new FormatException($"{name}: {e.Message}", e);
                }
            }
        }
    }

    private static double? Known(double value) => double.IsNaN(value) ? null : value;
}

using Mrq.Queues;

namespace Mrq.Tasks;

/// <summary>Names a task and sets its options. Without it a task's path is its full type name. Unset numbers leave the default.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class MrqTaskAttribute(string? path = null) : Attribute
{
    private const double Unset = double.NaN;

    /// <summary>Null: the full type name.</summary>
    public string? Path { get; } = path;

    public string? Queue { get; set; }

    /// <summary>Seconds; above 0.</summary>
    public double Timeout { get; set; } = Unset;

    /// <summary>Seconds.</summary>
    public double ResultTtl { get; set; } = Unset;

    /// <summary>Seconds.</summary>
    public double AbortTtl { get; set; } = Unset;

    /// <summary>Seconds.</summary>
    public double CancelTtl { get; set; } = Unset;

    public int MaxRetries { get; set; } = -1;

    /// <summary>Seconds.</summary>
    public double RetryDelay { get; set; } = Unset;

    /// <summary>Most at once over all workers; 0: no limit.</summary>
    public int MaxConcurrency { get; set; }

    /// <summary>True for a task that computes: it gets a thread of its own.</summary>
    public bool Cpu { get; set; }

    internal TaskOptions ToOptions() => new()
    {
        Queue = Queue is null ? null : new QueueName(Queue),
        Timeout = Seconds(Timeout),
        ResultTtl = Seconds(ResultTtl),
        AbortTtl = Seconds(AbortTtl),
        CancelTtl = Seconds(CancelTtl),
        MaxRetries = MaxRetries < 0 ? null : MaxRetries,
        RetryDelay = Seconds(RetryDelay),
        MaxConcurrency = MaxConcurrency <= 0 ? null : MaxConcurrency,
        Cpu = Cpu,
    };

    private static TimeSpan? Seconds(double value) => double.IsNaN(value) ? null : TimeSpan.FromSeconds(value);
}

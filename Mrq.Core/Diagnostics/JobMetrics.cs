using System.Diagnostics.Metrics;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Diagnostics;

/// <summary>
/// Counts what this process does with jobs, as metrics of .NET: whoever listens to the meter <see cref="Name"/> (OpenTelemetry, dotnet-counters) gets them; nobody
/// listening, they cost next to nothing. The original's metric hooks.
/// </summary>
public static class JobMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Mrq";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> EnqueuedJobs = Meter.CreateCounter<long>("mrq.jobs.enqueued", "{job}", "Jobs that were accepted, by queue.");

    private static readonly Counter<long> DequeuedJobs = Meter.CreateCounter<long>("mrq.jobs.dequeued", "{job}", "Jobs that workers took in hand, by queue.");

    private static readonly Counter<long> Statuses = Meter.CreateCounter<long>("mrq.jobs.status", "{job}", "Attempts that began (started) or ended, by status and queue.");

    internal static void Enqueued(QueueName queue) => EnqueuedJobs.Add(1, Of("queue", queue.Value));

    internal static void Dequeued(QueueName queue) => DequeuedJobs.Add(1, Of("queue", queue.Value));

    internal static void Became(JobStatus status, QueueName queue) => Statuses.Add(1, Of("status", JobStatuses.NameOf(status)), Of("queue", queue.Value));

    private static KeyValuePair<string, object?> Of(string name, string value) => new(name, value);
}

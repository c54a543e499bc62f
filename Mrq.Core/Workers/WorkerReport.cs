using System.Text.Json.Serialization;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Workers;

/// <summary>What a worker is doing. Names on the wire are lower case.</summary>
public enum WorkerStatus
{
    /// <summary>Starting.</summary>
    Init,

    /// <summary>No job in hand, waiting for one.</summary>
    Wait,

    /// <summary>Some jobs in hand, room for more.</summary>
    Spawn,

    /// <summary>As many jobs in hand as it takes.</summary>
    Full,

    /// <summary>Told to stop: takes no job, waits for those in hand.</summary>
    Join,

    /// <summary>Interrupts the jobs in hand.</summary>
    Killing,

    /// <summary>Stopped.</summary>
    Stop,
}

/// <summary>How a worker ends.</summary>
public enum StopMode
{
    /// <summary>Takes no more jobs and waits for those in hand.</summary>
    Drain,

    /// <summary>Interrupts the jobs in hand at once; they go back to their queues.</summary>
    Interrupt,
}

/// <summary>A job in a worker's hand.</summary>
/// <param name="Progress">0 to 1; null: the task reports none.</param>
/// <param name="IsStored">False: it was made of a raw entry and has no document, so that only its worker knows of it.</param>
public sealed record RunningJob(JobId Id, string Path, QueueName Queue, DateTimeOffset Started, double? Progress, bool IsStored = true)
{
    /// <summary>What it waits for, of several calls the one that began first; null: nothing, or I/O is not traced.</summary>
    public OpenIo? Io { get; init; }
}

/// <summary>What a worker last said of itself.</summary>
public sealed record WorkerReport
{
    public required WorkerId Id { get; init; }

    /// <summary>A name for people, for example <c>web-1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the machine or container.</summary>
    public required string Node { get; init; }

    /// <summary>Its address in the network of its machine. Empty: not known.</summary>
    public string LocalIp { get; init; } = "";

    /// <summary>Its address as others see it; null: nobody said it.</summary>
    public string? ExternalIp { get; init; }

    /// <summary>Where <see cref="ProcessId"/> counts: a machine from its boot on, and there a container. Null: not known.</summary>
    public string? ProcessSpace { get; init; }

    public required int ProcessId { get; init; }

    /// <summary>When its process began: with <see cref="ProcessId"/> it names one process of its <see cref="ProcessSpace"/> for ever.</summary>
    public required DateTimeOffset ProcessStarted { get; init; }

    public required WorkerStatus Status { get; init; }

    /// <summary>Why it ends, or has ended; null: it goes on.</summary>
    public EndReason? EndReason { get; init; }

    public required IReadOnlyList<QueueName> Queues { get; init; }

    /// <summary>True: it carries out bulk actions and nothing else; its slots are not for jobs of people.</summary>
    [JsonIgnore]
    public bool IsSystem => Queues.All(queue => queue == QueueName.System);

    /// <summary>How it goes through its queues.</summary>
    public DequeueStrategy DequeueStrategy { get; init; }

    /// <summary>Paths of the only tasks that it runs; empty: all.</summary>
    public IReadOnlyList<string> TaskWhitelist { get; init; } = [];

    /// <summary>Paths of tasks that it does not run.</summary>
    public IReadOnlyList<string> TaskBlacklist { get; init; } = [];

    /// <summary>Most jobs at once.</summary>
    public required int Concurrency { get; init; }

    public required DateTimeOffset DateStarted { get; init; }

    public required DateTimeOffset DateReported { get; init; }

    /// <summary>Time between two reports. A worker that is silent for three of them is taken for dead.</summary>
    public required TimeSpan ReportInterval { get; init; }

    /// <summary>When the report is deleted.</summary>
    public required DateTimeOffset DateExpires { get; init; }

    public IReadOnlyList<RunningJob> Jobs { get; init; } = [];

    /// <summary>Attempts ended since its start, of whatever outcome, without those that a limit held back until later.</summary>
    public long DoneJobs { get; init; }

    /// <summary>Of those, how many ended as <c>failed</c>, <c>timeout</c> or <c>maxretries</c>. One that runs again is not among them.</summary>
    public long FailedJobs { get; init; }

    /// <summary>Tasks that went on after their job was recorded as timed out, aborted or interrupted.</summary>
    public int Overdue { get; init; }

    /// <summary>CPU time of its process since its start, in seconds.</summary>
    public double CpuUserSeconds { get; init; }

    public double CpuSystemSeconds { get; init; }

    /// <summary>CPU use of its process since the last report: 1 is one core.</summary>
    public double CpuUse { get; init; }

    /// <summary>Resident memory of its process, in bytes.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>What its jobs have waited for; null: I/O is not traced.</summary>
    public WorkerIo? Io { get; init; }

    /// <summary>Paths of the tasks that its process has.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>The supervisor that keeps its process running, and how this came to be; null: nobody does.</summary>
    public Supervision? Supervision { get; init; }

    /// <summary>How many of its jobs others have put back into their queues since its last report, as they took it for dead.</summary>
    public int JobsGivenBack { get; init; }

    /// <summary>When they last did; null: they have not.</summary>
    public DateTimeOffset? DateGivenBack { get; init; }

    /// <summary>True when it takes jobs from this queue: by its name, by a pattern, or newest first.</summary>
    public bool Listens(QueueName queue) =>
        Queues.Any(q => QueuePattern.Matches(q.Value, queue) || q.Forward == queue);

    /// <summary>Alive as far as its reports tell.</summary>
    public bool IsAlive(DateTimeOffset now) => Status != WorkerStatus.Stop && now - DateReported <= 3 * ReportInterval;
}

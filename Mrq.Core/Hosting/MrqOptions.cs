using System.Net;

namespace Mrq.Hosting;

/// <summary>What holds for every job and node unless a task, a job or a worker says otherwise. Set by <see cref="MrqBuilder.Configure"/>; the <c>mrq</c> server sets it from its options.</summary>
public sealed class MrqOptions
{
    /// <summary>Name of this node in reports. Default: the machine's name.</summary>
    public string Node { get; set; } = Environment.MachineName;

    /// <summary>
    /// Address of this node in reports. Null (default): that of the first network interface that is up and not the loopback, else 127.0.0.1; nobody is asked.
    /// </summary>
    public IPAddress? LocalIp { get; set; }

    /// <summary>Address under which others reach this node, in reports. Null (default): not known; nobody is asked.</summary>
    public IPAddress? ExternalIp { get; set; }

    /// <summary>
    /// File into which the workers of this process write what they report, each time they do, as one piece: whoever reads it finds a whole one. It lies in a folder
    /// that is there. A process of a supervisor puts its number before the ending: <c>report.2.json</c>. Null (default): none.
    /// </summary>
    public string? ReportFile { get; set; }

    /// <summary>Queue of a job whose task and request name none. Default <c>default</c>.</summary>
    public string DefaultQueue { get; set; } = "default";

    /// <summary>Longest run of one attempt. Default 1 h; must be above 0. Too short ends healthy jobs, too long keeps a stuck one in its slot.</summary>
    public TimeSpan DefaultTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a job is kept after success. Default 7 days; zero deletes it with the next clean-up.</summary>
    public TimeSpan DefaultResultTtl { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long an aborted job is kept. Default 1 day, as in the original.</summary>
    public TimeSpan DefaultAbortTtl { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long a cancelled job is kept. Default 1 day, as in the original.</summary>
    public TimeSpan DefaultCancelTtl { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Most retries of a job that asks for one. Default 3, as in the original.</summary>
    public int DefaultMaxRetries { get; set; } = 3;

    /// <summary>Wait before a retry that names no delay. Default 3 s, as in the original.</summary>
    public TimeSpan DefaultRetryDelay { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Time that a task has to end after its token was cancelled by timeout or abort; then it is recorded without waiting
    /// longer and its late result is refused. Default 5 s.
    /// </summary>
    public TimeSpan AbortGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest params of one job in bytes of JSON. Default 1 MiB.</summary>
    public int MaxParamsSize { get; set; } = 1024 * 1024;

    /// <summary>Longest result of one job in bytes of JSON; a longer one fails the job with a clear error. Default 1 MiB.</summary>
    public int MaxResultSize { get; set; } = 1024 * 1024;

    /// <summary>Most log lines kept for one job; the line after them says that the rest was cut. Default 1,000; 0 keeps none.</summary>
    public int MaxLogLinesPerJob { get; set; } = 1000;

    /// <summary>Longest log message in characters; the rest of a longer one is cut, and the cut is marked. Default 8,000.</summary>
    public int MaxLogLineLength { get; set; } = 8000;

    /// <summary>Accepts jobs of tasks that no worker has reported. Default false: an unknown path is refused with the closest known.</summary>
    public bool AcceptUnknownTasks { get; set; }

    /// <summary>
    /// Measures CPU time, switches and allocated bytes of every job, on whatever threads its asynchronous flow runs (docs/tracing.md). Costs some microseconds
    /// of CPU per job. Default false: only the CPU time of tasks with a thread of their own is measured.
    /// </summary>
    public bool TraceUsage { get; set; }

    /// <summary>
    /// Measures what each job leaves in memory: two full collections before it and two after it. Wants a process that runs one job at a time. Default false.
    /// </summary>
    public bool TraceMemory { get; set; }

    /// <summary>Time after which an id that was taken but whose document is still queued goes back to its queue. Default 10 s.</summary>
    public TimeSpan LostJobGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Time between two looks for what needs rescue or clean-up: jobs of dead workers, interrupted and lost jobs, expired documents.
    /// Default 5 s, at least 0.1 s. Longer delays recovery, shorter costs reads. Delayed jobs and retries are looked for every 0.25 s.
    /// </summary>
    public TimeSpan MaintenanceInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Writes down what running jobs wait for: calls of <c>HttpClient</c>, of database drivers, of MRQ's own stores. Costs some microseconds for each of them. Default
    /// false: nothing listens.
    /// </summary>
    public bool TraceIo { get; set; }

    /// <summary>
    /// Names of the <see cref="System.Diagnostics.ActivitySource"/>s whose activities <see cref="TraceIo"/> lets begin in jobs, although nobody else listens. Name only such as send nothing of an activity to the
    /// other side: what an application sends is not to change because its I/O is looked at. What the application itself traces, for example with OpenTelemetry, is seen without being named here. Default: drivers
    /// of PostgreSQL, MySQL and MongoDB.
    /// </summary>
    public IReadOnlyList<string> TraceIoSources { get; set; } = ["Npgsql", "MySqlConnector", "MongoDB.Driver", "MongoDB.Driver.Core.Extensions.DiagnosticSources"];
}

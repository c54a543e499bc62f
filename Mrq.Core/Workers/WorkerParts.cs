using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Batches;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Maintenance;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>The parts of one worker, put together. Each pool of a process has its own; they share the stores.</summary>
internal sealed class WorkerParts
{
    private readonly IWorkerStore _workers;
    private readonly Func<WorkerOptions, JobTaker> _makeTaker;

    public WorkerParts(WorkerOptions options, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var loggers = services.GetRequiredService<ILoggerFactory>();
        var mrq = services.GetRequiredService<IOptions<MrqOptions>>().Value;
        var jobs = services.GetRequiredService<IJobStore>();
        var coordination = services.GetRequiredService<ICoordination>();
        var tasks = services.GetRequiredService<TaskRegistry>();
        var requeue = services.GetRequiredService<RequeueJobs>();
        Options = options;
        _workers = services.GetRequiredService<IWorkerStore>();

        var queries = services.GetRequiredService<IJobQueries>();
        // A job id is unique and sorts by time: a good tail for the id of a worker, too. Whole: containers of one name, all with process 1, start at once.
        Id = new WorkerId($"{options.Name ?? mrq.Node}-{Environment.ProcessId}-{JobId.New(time)}");
        Activity = services.GetRequiredService<EngineActivity>();
        Wake = new WakeUp(time);
        Requested = new WakeUp(time);
        InHand = new JobsInHand(Wake, time);
        Activity.Count(() => InHand.Running);
        InFlight = new EntriesInFlight(Id, services.GetRequiredService<IRawQueueStore>(), loggers.CreateLogger<EntriesInFlight>(), time);
        _makeTaker = options => MakeTaker(options, services);
        (Prefetch, Taker) = (new PrefetchSize(options.Prefetch, options.Concurrency), _makeTaker(options));
        RawStarts = new RawJobStarter(jobs, InFlight, loggers.CreateLogger<RawJobStarter>(), time);
        Progress = new ProgressWriter(Id, jobs, coordination, loggers.CreateLogger<ProgressWriter>(), time);
        Completions = new CompletionWriter(
            jobs, coordination, requeue, services.GetRequiredService<JobChains>(), services.GetRequiredService<BatchEnds>(), new RawEndings(jobs, InFlight, loggers.CreateLogger<RawEndings>(), time), InHand, loggers.CreateLogger<CompletionWriter>(), time);
        var io = services.GetRequiredService<IoTracing>().TimesOfWorker();
        Executor = new JobExecutor(
            Id, tasks, services.GetRequiredService<JobClient>(), services.GetRequiredService<BatchClient>(), coordination, services.GetRequiredService<JobLogWriter>(), services.GetRequiredService<IJobLogStore>(),
            Completions, Progress, new JobLimits(coordination, services.GetRequiredService<QueueLimits>(), time), new CancelledBatches(services.GetRequiredService<IBatchStore>(), time), services.GetRequiredService<IServiceScopeFactory>(), loggers, io,
            new AttemptTrace(mrq.TraceUsage, mrq.TraceMemory && !options.IsSystem ? new MemoryTrace(services.GetService<IMemoryWatch>()) : null), mrq, time);
        Abandoned = services.GetRequiredService<AbandonedJobs>();
        LostRuns = new LostRuns(Id, InHand, InFlight, queries, mrq, loggers.CreateLogger<LostRuns>());
        Heartbeat = new WorkerHeartbeat(
            Id, () => Options, End, mrq, tasks, InHand, Completions, Executor, io, _workers, coordination, Activity,
            services.GetRequiredService<SupervisedProcess>(), services.GetRequiredService<ReportFile>(), loggers.CreateLogger<WorkerHeartbeat>(), time);
    }

    public WorkerId Id { get; }

    /// <summary>Where the loops of the worker show that they come round.</summary>
    public EngineActivity Activity { get; }

    /// <summary>What it does now; others after <see cref="Reload"/>.</summary>
    public WorkerOptions Options { get; private set; }

    /// <summary>Whether it is to end, and why.</summary>
    public WorkerEnd End { get; } = new();

    /// <summary>Set when there may be work to take: ids were queued, or a slot became free.</summary>
    public WakeUp Wake { get; }

    /// <summary>Set when someone may have asked for an abort or a stop.</summary>
    public WakeUp Requested { get; }

    public JobsInHand InHand { get; }

    public PrefetchSize Prefetch { get; private set; }

    public JobTaker Taker { get; private set; }

    public EntriesInFlight InFlight { get; }

    public RawJobStarter RawStarts { get; }

    public JobExecutor Executor { get; }

    public CompletionWriter Completions { get; }

    public ProgressWriter Progress { get; }

    public LostRuns LostRuns { get; }

    public AbandonedJobs Abandoned { get; }

    public WorkerHeartbeat Heartbeat { get; }

    public Task<StopMode?> FindStopRequestAsync(CancellationToken cancellationToken) => _workers.FindStopRequestAsync(Id, cancellationToken);

    /// <summary>Takes other options over. What was taken or held by the old ones has been given back, or is in hand.</summary>
    public void Reload(WorkerOptions options) =>
        (Options, Prefetch, Taker) = (options, new PrefetchSize(options.Prefetch, options.Concurrency), _makeTaker(options));

    private JobTaker MakeTaker(WorkerOptions options, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var loggers = services.GetRequiredService<ILoggerFactory>();
        var queues = services.GetRequiredService<IQueueStore>();
        var raw = services.GetRequiredService<RawQueueRegistry>();
        var selective = options.Selection.IsAll ? null : new SelectiveDequeue(options.Selection, queues, services.GetRequiredService<IJobQueries>(), time);
        return new JobTaker(
            QueueLane.Of(options, raw.Served.Count > 0),
            new JobDequeuer(
                Id, selective, queues, services.GetRequiredService<IJobStore>(), services.GetRequiredService<RequeueJobs>(), loggers.CreateLogger<JobDequeuer>(), time),
            new RawDequeuer(
                Id, raw, options.Selection, services.GetRequiredService<IRawQueueStore>(), InFlight, services.GetRequiredService<JobFactory>(),
                services.GetRequiredService<ICoordination>(), services.GetRequiredService<IOptions<MrqOptions>>().Value, loggers.CreateLogger<RawDequeuer>(), time),
            InHand);
    }
}

using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Server.Configuration;

/// <summary>The table of all settings: the command line, the environment, the files, the help and docs/configuration.md are made from it.</summary>
internal static class ServerOptions
{
    private const double TenYears = 315_360_000;

    private static readonly OptionGroup General = OptionGroup.General;
    private static readonly OptionGroup Store = OptionGroup.Store;
    private static readonly OptionGroup Server = OptionGroup.Server;
    private static readonly OptionGroup Dashboard = OptionGroup.Dashboard;
    private static readonly OptionGroup Worker = OptionGroup.Worker;
    private static readonly OptionGroup Tasks = OptionGroup.Tasks;
    private static readonly OptionGroup Jobs = OptionGroup.Jobs;
    private static readonly OptionGroup Tracing = OptionGroup.Tracing;

    private static readonly ServerSettings Defaults = new();
    private static readonly WorkerOptions Pool = new();
    private static readonly MrqOptions Engine = new();

    /// <summary>The option that names a configuration file; it is read before the others.</summary>
    public static readonly OptionDefinition Config = new OptionDefinition<string>
    {
        Name = "config",
        Letter = 'c',
        Group = General,
        Value = OptionValue.Path,
        Set = (s, _) => s,
        Help = "Configuration file (JSON, the names of the options). Without it ./mrq.json is read when it is there; section \"Mrq\" of appsettings.json lies under both.",
    };

    /// <summary>The store of one machine.</summary>
    public static readonly OptionDefinition Sqlite = new OptionDefinition<string>
    {
        Name = "sqlite",
        Group = Store,
        Value = OptionValue.Path,
        Set = (s, v) => s with { Sqlite = v },
        Default = Defaults.Sqlite,
        Help = "The file that keeps jobs, queues and logs; made when it is missing. For one machine.",
    };

    /// <summary>One half of the stores of many machines.</summary>
    public static readonly OptionDefinition Redis = new OptionDefinition<string>
    {
        Name = "redis",
        Group = Store,
        IsSecret = true,
        Value = OptionValue.Checked("URI", StoreChecks.OfRedis),
        Set = (s, v) => s with { Redis = v },
        Help = "Keeps the queues of many machines: redis://:password@host:6379/0, or rediss:// for TLS. Needs --mongodb. A password is better given as MRQ_REDIS.",
    };

    /// <summary>The other half.</summary>
    public static readonly OptionDefinition MongoDb = new OptionDefinition<string>
    {
        Name = "mongodb",
        Aliases = ["mongodb_jobs"],
        Group = Store,
        IsSecret = true,
        Value = OptionValue.Checked("URI", StoreChecks.OfMongo),
        Set = (s, v) => s with { MongoDb = v },
        Help = "Keeps the jobs of many machines: mongodb://user:password@host:27017/mrq?replicaSet=rs. Needs --redis. A password is better given as MRQ_MONGODB.",
    };

    /// <summary>What parts several MRQs on one Redis.</summary>
    public static readonly OptionDefinition RedisPrefix = new OptionDefinition<string>
    {
        Name = "redis_prefix",
        Group = Store,
        Value = OptionValue.Checked("TEXT", StoreChecks.OfRedisPrefix),
        Set = (s, v) => s with { RedisPrefix = v },
        Default = Defaults.RedisPrefix,
        Help = "Begin of all keys in Redis; on a Redis Cluster with braces, as {mrq}.",
    };

    /// <summary>What a worker listens to; <c>mrq worker high low</c> says it without a name.</summary>
    public static readonly OptionDefinition Queues = new OptionDefinition<IReadOnlyList<(QueueName Queue, int? Weight)>>
    {
        Name = "queues",
        Group = Worker,
        Reloads = true,
        IsList = true,
        Value = OptionValue.Queues,
        Set = WithQueues,
        Default = string.Join(',', Pool.Queues),
        Help = "Queues to run jobs from, separated by commas or spaces. A name that ends in / takes its sub-queues along; name=weight with --dequeue_strategy weighted.",
    };

    /// <summary>Makes the servers of the stores seem far away.</summary>
    public static readonly OptionDefinition NetworkLatency = new OptionDefinition<AddedLatency>
    {
        Name = "add_network_latency",
        Group = Store,
        Value = OptionValue.Latency,
        Set = (s, v) => s with { NetworkLatency = v.Most > TimeSpan.Zero ? v : null },
        Default = "0",
        Help = "Put off each call to Redis and MongoDB by so long, or by a time between two (0.01-0.08), to see how it goes far from them. SQLite has no network.",
    };

    /// <summary>Shows what is asked of MongoDB.</summary>
    public static readonly OptionDefinition PrintMongoDb = new OptionDefinition<bool>
    {
        Name = "print_mongodb",
        Group = Store,
        Value = OptionValue.Flag,
        IsSwitch = true,
        Set = (s, v) => s with { PrintMongoDb = v },
        Default = "false",
        Help = "Tell of each call to MongoDB in the log, at level info: collection, what it is, filter, bytes sent, time. Filters may hold data of jobs.",
    };

    public static readonly IReadOnlyList<OptionDefinition> All =
    [
        Sqlite,
        Redis,
        MongoDb,
        RedisPrefix,
        new OptionDefinition<string>
        {
            Name = "mongodb_write_concern", Group = Store, Value = OptionValue.Checked("N|majority", StoreChecks.OfWriteConcern),
            Set = (s, v) => s with { MongoDbWriteConcern = v }, Default = "what the connection string says, else majority",
            Help = "How many members of the replica set must have a write before it counts. With less than majority, jobs can be lost when the primary dies.",
        },
        new OptionDefinition<long>
        {
            Name = "mongodb_logs_size", Group = Store, Value = OptionValue.Bytes(4096, 1L << 50), Set = (s, v) => s with { MongoDbLogsSize = v }, Default = "4GB",
            Help = "Room for the log lines of all jobs; the oldest give way. Heeded when their collection is made.",
        },
        NetworkLatency,
        PrintMongoDb,
        new OptionDefinition<System.Net.IPAddress>
        {
            Name = "dashboard_ip", Group = Dashboard, Value = OptionValue.Address, Set = (s, v) => s with { DashboardIp = v }, Default = $"{Defaults.DashboardIp}",
            Help = "Address that dashboard and API listen on.",
        },
        new OptionDefinition<int>
        {
            Name = "dashboard_port", Group = Dashboard, Value = OptionValue.Whole(0, 65535), Set = (s, v) => s with { DashboardPort = v }, Default = $"{Defaults.DashboardPort}",
            Help = "Port of dashboard and API; 0 takes any free one.",
        },
        new OptionDefinition<bool>
        {
            Name = "allow_anonymous", Group = Dashboard, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s with { AllowAnonymous = v }, Default = "false",
            Help = "Listen on an address that other machines reach, and answer as any host, although nobody has to log in.",
        },
        new OptionDefinition<string>
        {
            Name = "dashboard_httpauth", Group = Dashboard, IsSecret = true, Value = OptionValue.UserAndPassword, Set = (s, v) => s with { DashboardHttpAuth = v }, Default = "none",
            Help = "User and password that dashboard and API ask for (HTTP basic authentication: put TLS before it). Better given as MRQ_DASHBOARD_HTTPAUTH.",
        },
        Config,
        new OptionDefinition<bool>
        {
            Name = "quiet", Group = General, Value = OptionValue.Flag, IsSwitch = true, Reloads = true, Set = (s, v) => s with { Quiet = v }, Default = "false",
            Help = "Only warnings and errors on the console, whatever log_level says.",
        },
        new OptionDefinition<LogLevel>
        {
            Name = "log_level", Group = General, Reloads = true, Value = OptionValue.Level, Set = (s, v) => s with { LogLevel = v }, Default = "info",
            Help = "Least grave line on the console: trace, debug, info, warning, error, critical or none.",
        },
        new OptionDefinition<string>
        {
            Name = "tasks", Group = Tasks, Value = OptionValue.Path, Set = (s, v) => s with { Tasks = v }, Default = Defaults.Tasks,
            Help = "Folder of task assemblies (*.dll); it may be missing.",
        },
        new OptionDefinition<bool>
        {
            Name = "samples", Group = Tasks, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s with { Samples = v }, Default = "true",
            Help = "Register the sample tasks.",
        },
        new OptionDefinition<bool>
        {
            Name = "workers", Group = Server, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s with { Workers = v }, Default = "true",
            Help = "Run jobs in this process; false serves dashboard and API only.",
        },
        new OptionDefinition<bool>
        {
            Name = "scheduler", Group = Worker, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s with { Scheduler = v }, Default = "true",
            Help = "Enqueue the jobs of schedules, whenever no other process does; at the start bring those of the file (\"Schedules\") into the store.",
        },
        new OptionDefinition<string>
        {
            Name = "name", Group = Worker, Reloads = true, Value = OptionValue.Text, Set = (s, v) => s.WithWorker(w => w.Name = v), Default = "the machine's name",
            Help = "Name of the worker, for people.",
        },
        new OptionDefinition<System.Net.IPAddress>
        {
            Name = "local_ip", Group = Worker, Value = OptionValue.Address, Set = (s, v) => s.WithEngine(o => o.LocalIp = v), Default = "that of the first network",
            Help = "Address of this machine in reports.",
        },
        new OptionDefinition<System.Net.IPAddress>
        {
            Name = "external_ip", Group = Worker, Value = OptionValue.Address, Set = (s, v) => s.WithEngine(o => o.ExternalIp = v), Default = "none",
            Help = "Address under which others reach this machine, in reports.",
        },
        new OptionDefinition<int>
        {
            Name = "concurrency", Aliases = ["greenlets", "gevent"], Letter = 'g', Group = Worker, Reloads = true, Value = OptionValue.Whole(1, 10_000),
            Set = (s, v) => s.WithWorker(w => w.Concurrency = v), Default = $"{Pool.Concurrency}",
            Help = "Most jobs at once.",
        },
        new OptionDefinition<int>
        {
            Name = "processes", Letter = 'p', Group = Worker, Value = OptionValue.Whole(0, 256), Set = (s, v) => s with { Processes = v }, Default = "0",
            Help = "Processes that run the jobs, each of them --concurrency at once. This one keeps them running, and runs no jobs itself; 0: it runs them.",
        },
        Queues,
        new OptionDefinition<DequeueStrategy>
        {
            Name = "dequeue_strategy", Group = Worker, Reloads = true, Value = OptionValue.Strategy, Set = (s, v) => s.WithWorker(w => w.DequeueStrategy = v), Default = "sequential",
            Help = "sequential: the first queue first. parallel: all in equal shares. weighted: in shares, as --queues high=5 low=1. burst: as sequential, and end when nothing is left.",
        },
        new OptionDefinition<IReadOnlyList<string>>
        {
            Name = "task_whitelist", Group = Worker, Reloads = true, IsList = true, Value = OptionValue.Names with { Of = Named.Task }, Set = (s, v) => s.WithWorker(w => w.TaskWhitelist = v), Default = "all",
            Help = "Paths of the only tasks to run here, separated by commas or spaces. Jobs of others stay in their queues.",
        },
        new OptionDefinition<IReadOnlyList<string>>
        {
            Name = "task_blacklist", Group = Worker, Reloads = true, IsList = true, Value = OptionValue.Names with { Of = Named.Task }, Set = (s, v) => s.WithWorker(w => w.TaskBlacklist = v), Default = "none",
            Help = "Paths of tasks not to run here. Their jobs stay in their queues.",
        },
        new OptionDefinition<int>
        {
            Name = "prefetch", Group = Worker, Reloads = true, Value = OptionValue.Whole(0, 10_000), Set = (s, v) => s.WithWorker(w => w.Prefetch = v), Default = "by how long jobs take",
            Help = "Most jobs held beyond those that run.",
        },
        new OptionDefinition<int>
        {
            Name = "max_jobs", Group = Worker, Reloads = true, Value = OptionValue.Whole(0, int.MaxValue), Set = (s, v) => s.WithWorker(w => w.MaxJobs = v), Default = "no limit",
            Help = "Jobs after which the process takes no more, finishes those in hand and ends.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "max_time", Group = Worker, Reloads = true, Value = OptionValue.Seconds(0, TenYears), Set = (s, v) => s.WithWorker(w => w.MaxTime = v), Default = "no limit",
            Help = "Time after which the process takes no more jobs, finishes those in hand and ends.",
        },
        new OptionDefinition<int>
        {
            Name = "max_memory", Group = Worker, Reloads = true, Value = OptionValue.Whole(0, int.MaxValue), Set = (s, v) => s.WithWorker(w => w.MaxMemory = v), Default = "no limit",
            Help = "Resident memory, in MB, above which the process takes no more jobs, finishes those in hand and ends; looked at with each report.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "report_interval", Group = Worker, Reloads = true, Value = OptionValue.Seconds(0.1, 3600), Set = (s, v) => s.WithWorker(w => w.ReportInterval = v),
            Default = Seconds(Pool.ReportInterval),
            Help = "Time between two reports of the worker; silent for three of them, it is taken for dead and its jobs go back.",
        },
        new OptionDefinition<string>
        {
            Name = "report_file", Group = Worker, Value = OptionValue.Path, Set = (s, v) => s.WithEngine(o => o.ReportFile = v), Default = "none",
            Help = "File that holds the last report, as JSON; with --processes report.json becomes report.1.json and so on.",
        },
        new OptionDefinition<int>
        {
            Name = "admin_port", Group = Worker, Value = OptionValue.Whole(0, 65535), Set = (s, v) => s with { AdminPort = v }, Default = "none",
            Help = "Port on which the process tells of itself: /report, /report_mem, /wait_for_idle; 0 takes any free one. With --processes each has the next one.",
        },
        new OptionDefinition<System.Net.IPAddress>
        {
            Name = "admin_ip", Group = Worker, Value = OptionValue.Address, Set = (s, v) => s with { AdminIp = v }, Default = $"{Defaults.AdminIp}",
            Help = "Address of that port. Whoever reaches it sees queues and tasks, and can change nothing.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "max_latency", Group = Worker, Reloads = true, Value = OptionValue.Seconds(0.001, 3600), Set = (s, v) => s.WithWorker(w => w.MaxLatency = v),
            Default = Seconds(Pool.MaxLatency),
            Help = "Longest time until an idle worker looks at its queues without being told.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "shutdown_timeout", Group = Worker, Value = OptionValue.Seconds(0, 86_400), Set = (s, v) => s.WithWorker(w => w.ShutdownTimeout = v),
            Default = Seconds(Pool.ShutdownTimeout),
            Help = "Time that running jobs have to end when the server stops; then they are interrupted and go back to their queues.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "default_timeout", Aliases = ["default_job_timeout"], Group = Jobs, Value = OptionValue.Seconds(0.001, TenYears), Set = (s, v) => s.WithEngine(o => o.DefaultTimeout = v),
            Default = Seconds(Engine.DefaultTimeout),
            Help = "Longest run of a job whose task and request say nothing.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "abort_grace", Group = Jobs, Value = OptionValue.Seconds(0, 86_400), Set = (s, v) => s.WithEngine(o => o.AbortGrace = v),
            Default = Seconds(Engine.AbortGrace),
            Help = "Time that a task has to end after timeout or abort; then the job is ended without it.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "default_result_ttl", Aliases = ["default_job_result_ttl"], Group = Jobs, Value = OptionValue.Seconds(0, TenYears), Set = (s, v) => s.WithEngine(o => o.DefaultResultTtl = v),
            Default = Seconds(Engine.DefaultResultTtl),
            Help = "How long a job is kept after success.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "default_abort_ttl", Aliases = ["default_job_abort_ttl"], Group = Jobs, Value = OptionValue.Seconds(0, TenYears), Set = (s, v) => s.WithEngine(o => o.DefaultAbortTtl = v),
            Default = Seconds(Engine.DefaultAbortTtl),
            Help = "How long an aborted job is kept.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "default_cancel_ttl", Aliases = ["default_job_cancel_ttl"], Group = Jobs, Value = OptionValue.Seconds(0, TenYears), Set = (s, v) => s.WithEngine(o => o.DefaultCancelTtl = v),
            Default = Seconds(Engine.DefaultCancelTtl),
            Help = "How long a cancelled job is kept.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "default_retry_delay", Aliases = ["default_job_retry_delay"], Group = Jobs, Value = OptionValue.Seconds(0, TenYears), Set = (s, v) => s.WithEngine(o => o.DefaultRetryDelay = v),
            Default = Seconds(Engine.DefaultRetryDelay),
            Help = "Wait before a retry that names no delay.",
        },
        new OptionDefinition<int>
        {
            Name = "default_max_retries", Aliases = ["default_job_max_retries"], Group = Jobs, Value = OptionValue.Whole(0, 1_000_000), Set = (s, v) => s.WithEngine(o => o.DefaultMaxRetries = v),
            Default = $"{Engine.DefaultMaxRetries}",
            Help = "Most retries of a job whose task and request say nothing.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "lost_job_grace", Group = Jobs, Value = OptionValue.Seconds(1, TenYears), Set = (s, v) => s.WithEngine(o => o.LostJobGrace = v),
            Default = Seconds(Engine.LostJobGrace),
            Help = "Time after which an id that a crash has lost goes back to its queue.",
        },
        new OptionDefinition<TimeSpan>
        {
            Name = "maintenance_interval", Group = Jobs, Value = OptionValue.Seconds(0.1, 3600), Set = (s, v) => s.WithEngine(o => o.MaintenanceInterval = v),
            Default = Seconds(Engine.MaintenanceInterval),
            Help = "Time between two looks for jobs of dead workers, lost and interrupted jobs, and what has expired.",
        },
        new OptionDefinition<long>
        {
            Name = "max_params_size", Group = Jobs, Value = OptionValue.Bytes(100, 100_000_000), Set = (s, v) => s.WithEngine(o => o.MaxParamsSize = (int)v),
            Default = $"{Engine.MaxParamsSize}",
            Help = "Longest params of one job.",
        },
        new OptionDefinition<long>
        {
            Name = "max_result_size", Group = Jobs, Value = OptionValue.Bytes(100, 100_000_000), Set = (s, v) => s.WithEngine(o => o.MaxResultSize = (int)v),
            Default = $"{Engine.MaxResultSize}",
            Help = "Longest result of one job; a longer one fails the job.",
        },
        new OptionDefinition<int>
        {
            Name = "max_log_lines_per_job", Group = Jobs, Value = OptionValue.Whole(0, 1_000_000), Set = (s, v) => s.WithEngine(o => o.MaxLogLinesPerJob = v),
            Default = $"{Engine.MaxLogLinesPerJob}",
            Help = "Most log lines kept of one job.",
        },
        new OptionDefinition<bool>
        {
            Name = "accept_unknown_tasks", Group = Jobs, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s.WithEngine(o => o.AcceptUnknownTasks = v), Default = "false",
            Help = "Accept jobs of tasks that neither this process nor any worker knows.",
        },
        new OptionDefinition<bool>
        {
            Name = "trace_io", Group = Tracing, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s.WithEngine(o => o.TraceIo = v), Default = "false",
            Help = "Write down what running jobs wait for: HTTP, databases, MRQ's stores. The page I/O shows what they wait for now, the page Workers how long they have.",
        },
        new OptionDefinition<bool>
        {
            Name = "trace_greenlets", Aliases = ["trace_usage"], Group = Tracing, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s.WithEngine(o => o.TraceUsage = v), Default = "false",
            Help = "Measure CPU time, switches and allocated memory of every job.",
        },
        new OptionDefinition<bool>
        {
            Name = "trace_memory", Group = Tracing, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s.WithEngine(o => o.TraceMemory = v), Default = "false",
            Help = "Measure what each job leaves in memory, and of which types; into its log. Slows every job by about a second; one job at a time (concurrency 1).",
        },
        new OptionDefinition<string>
        {
            Name = "trace_memory_type", Group = Tracing, Value = OptionValue.Text, Set = (s, v) => s with { TraceMemoryType = v }, Default = "none",
            Help = "With --trace_memory: also tell why an object of this type (its name with namespace) is alive after each job, and draw it.",
        },
        new OptionDefinition<string>
        {
            Name = "trace_memory_output_dir", Group = Tracing, Value = OptionValue.Path, Set = (s, v) => s with { TraceMemoryOutputDir = v }, Default = Defaults.TraceMemoryOutputDir,
            Help = "Folder for these drawings (SVG); made when it is missing.",
        },
        new OptionDefinition<bool>
        {
            Name = "profile", Group = Tracing, Value = OptionValue.Flag, IsSwitch = true, Set = (s, v) => s with { Profile = v }, Default = "false",
            Help = "Profile the CPU time of the whole process, by method.",
        },
        new OptionDefinition<string>
        {
            Name = "profile_output_dir", Group = Tracing, Value = OptionValue.Path, Set = (s, v) => s with { ProfileOutputDir = v }, Default = Defaults.ProfileOutputDir,
            Help = "Folder for the profile: a table, and a file for speedscope; made when it is missing.",
        },
    ];

    private static ServerSettings WithQueues(ServerSettings settings, IReadOnlyList<(QueueName Queue, int? Weight)> queues) => settings.WithWorker(w =>
    {
        w.Queues = [.. queues.Select(q => q.Queue)];
        w.Weights = queues.Where(q => q.Weight is not null).ToDictionary(q => q.Queue, q => q.Weight ?? 1);
    });

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds}";
}

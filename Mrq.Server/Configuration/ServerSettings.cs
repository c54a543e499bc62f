using System.Net;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Server.Configuration;

/// <summary>What a server is started with. The defaults stand here, in <see cref="MrqOptions"/> and in <see cref="WorkerOptions"/>.</summary>
public sealed record ServerSettings
{
    /// <summary>The SQLite file; made when it is missing. Not used when <see cref="Redis"/> and <see cref="MongoDb"/> are named.</summary>
    public string Sqlite { get; init; } = "mrq.db";

    /// <summary>Address of the Redis that keeps the queues, perhaps with a password; null: SQLite does. Never without <see cref="MongoDb"/>.</summary>
    public string? Redis { get; init; }

    /// <summary>Connection string of the MongoDB that keeps the documents, perhaps with a password; null: SQLite does.</summary>
    public string? MongoDb { get; init; }

    /// <summary>Begin of all keys in Redis.</summary>
    public string RedisPrefix { get; init; } = "mrq";

    /// <summary>How many members must have a write: <c>majority</c>, a number, a tag. Null: what the connection string says, else <c>majority</c>.</summary>
    public string? MongoDbWriteConcern { get; init; }

    /// <summary>Bytes that log lines may take in MongoDB. Null: the default of the store.</summary>
    public long? MongoDbLogsSize { get; init; }

    /// <summary>Puts off every call to Redis and MongoDB, for trying out; null: none.</summary>
    public AddedLatency? NetworkLatency { get; init; }

    /// <summary>Tells of every call to MongoDB in the log.</summary>
    public bool PrintMongoDb { get; init; }

    public IPAddress DashboardIp { get; init; } = IPAddress.Loopback;

    /// <summary>0: any free port.</summary>
    public int DashboardPort { get; init; } = 5555;

    /// <summary>Lets everyone in who can reach the address, also from other machines and under any host name.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>User and password, joined by a colon, that dashboard and API ask for; null: nobody has to log in.</summary>
    public string? DashboardHttpAuth { get; init; }

    /// <summary>Folder of task assemblies; it may be missing.</summary>
    public string Tasks { get; init; } = "tasks";

    /// <summary>Registers the tasks of Mrq.Samples.</summary>
    public bool Samples { get; init; } = true;

    /// <summary>False: dashboard and API only.</summary>
    public bool Workers { get; init; } = true;

    /// <summary>Processes that run the jobs; 0: this one does. Default 0.</summary>
    public int Processes { get; init; }

    /// <summary>False: schedules are left to other processes.</summary>
    public bool Scheduler { get; init; } = true;

    /// <summary>Address that the worker process tells of itself on.</summary>
    public IPAddress AdminIp { get; init; } = IPAddress.Loopback;

    /// <summary>Port of it; 0: any free one. Null: none.</summary>
    public int? AdminPort { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Keeps all below warnings from the console, whatever <see cref="LogLevel"/> says.</summary>
    public bool Quiet { get; init; }

    /// <summary>The least grave line that the console shows, by both.</summary>
    internal LogLevel ConsoleLevel => Quiet && LogLevel < LogLevel.Warning ? LogLevel.Warning : LogLevel;

    /// <summary>The type of which an object's way from its root is told after each job, with <see cref="MrqOptions.TraceMemory"/>; null: none.</summary>
    public string? TraceMemoryType { get; init; }

    /// <summary>Folder for the pictures of these ways.</summary>
    public string TraceMemoryOutputDir { get; init; } = "memory_traces";

    /// <summary>Profiles the CPU time of the whole process.</summary>
    public bool Profile { get; init; }

    /// <summary>Folder for what it finds.</summary>
    public string ProfileOutputDir { get; init; } = "profiles";

    /// <summary>What the options say of the worker.</summary>
    public Action<WorkerOptions> Worker { get; init; } = _ => { };

    /// <summary>What the options say of the engine.</summary>
    public Action<MrqOptions> Engine { get; init; } = _ => { };

    /// <summary>The configuration's section <c>Mrq</c>, which holds the options of tasks too; keys without the section's name.</summary>
    public IReadOnlyDictionary<string, string?> Section { get; init; } = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The file that was named, or mrq.json, when it has more than MRQ's own section: the rest is configuration of the tasks. Null: there is none.</summary>
    public string? File { get; init; }

    /// <summary>What the files of the configuration said when the settings were read; null: nobody has read any.</summary>
    internal ConfigurationFiles? Files { get; init; }

    /// <summary>The settings with one more word about the worker.</summary>
    internal ServerSettings WithWorker(Action<WorkerOptions> more) => this with { Worker = Worker + more };

    /// <summary>The settings with one more word about the engine.</summary>
    internal ServerSettings WithEngine(Action<MrqOptions> more) => this with { Engine = Engine + more };
}

using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Scheduling;
using Mrq.Storage.Mongo;
using Mrq.Storage.Redis;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Hosting;

/// <summary>Says what an application's MRQ is made of: store, tasks, workers.</summary>
public sealed class MrqBuilder
{
    internal MrqBuilder(IServiceCollection services) => Services = services;

    public IServiceCollection Services { get; }

    internal List<TaskDefinition> Tasks { get; } = [];

    internal List<BrokenTaskSource> BrokenTasks { get; } = [];

    internal List<RawQueue> RawQueues { get; } = [];

    internal List<WorkerOptions> Pools { get; } = [];

    internal List<Schedule> Schedules { get; } = [];

    internal IConfigurationSection? ScheduleSection { get; private set; }

    internal bool HasScheduler { get; private set; } = true;

    internal bool StopsWithWorkers { get; private set; }

    internal ChosenStores Stores { get; } = new();

    /// <summary>Keeps everything in one SQLite file, which is made when it is missing. For one machine; several processes may share it.</summary>
    public MrqBuilder UseSqlite(string path)
    {
        Stores.Add(path);
        return this;
    }

    /// <summary>
    /// Keeps queues, and what nodes tell each other, in Redis 5.0 or later. For many machines; the documents go to MongoDB: call <see cref="UseMongo"/> too.
    /// </summary>
    /// <param name="address"><c>redis://:password@host:port/database</c>, or <c>rediss://</c> for TLS; see <see cref="RedisAddress"/>.</param>
    /// <param name="options">Changes the other options, for example <c>o => o with { Prefix = "shop" }</c>; null: they stay.</param>
    /// <exception cref="FormatException">Address or options cannot be used; the message says why, never with the password.</exception>
    public MrqBuilder UseRedis(string address, Func<RedisOptions, RedisOptions>? options = null)
    {
        var plain = new RedisOptions { Address = RedisAddress.Parse(address) };
        var chosen = options?.Invoke(plain) ?? plain;
        ThrowIfWrong(StoreChecks.OfRedisPrefix(chosen.Prefix));
        ThrowIfWrong(chosen.AddedLatency?.Check());
        Stores.Add(chosen);
        return this;
    }

    /// <summary>
    /// Keeps documents, logs and reports in MongoDB 3.6 or later, through its C driver, which must be installed. For many machines; the queues go to
    /// Redis: call <see cref="UseRedis"/> too.
    /// </summary>
    /// <param name="connectionString"><c>mongodb://user:password@host:port/database</c> or <c>mongodb+srv://…</c>; it should name a replica set.</param>
    /// <param name="options">Changes the other options, for example <c>o => o with { WriteConcern = "1" }</c>; null: they stay.</param>
    /// <exception cref="FormatException">Connection string or options cannot be used; the message says why, never with the password.</exception>
    public MrqBuilder UseMongo(string connectionString, Func<MongoOptions, MongoOptions>? options = null)
    {
        ThrowIfWrong(StoreChecks.OfMongo(connectionString));
        var plain = new MongoOptions { ConnectionString = connectionString };
        var chosen = options?.Invoke(plain) ?? plain;
        ThrowIfWrong(chosen.AddedLatency?.Check());
        ThrowIfWrong(chosen.WriteConcern is { } concern ? StoreChecks.OfWriteConcern(concern) : null);
        Stores.Add(chosen);
        return this;
    }

    /// <summary>Sets what holds for every job unless something says otherwise.</summary>
    public MrqBuilder Configure(Action<MrqOptions> configure)
    {
        Services.Configure(configure);
        return this;
    }

    /// <summary>Registers a task class, under the path of its <see cref="MrqTaskAttribute"/> or its full type name.</summary>
    /// <exception cref="InvalidTaskException">The class is not a task.</exception>
    public MrqBuilder AddTask<TTask>()
        where TTask : class => Add(TaskDefinitions.OfType(typeof(TTask)));

    /// <summary>Registers a task class under this path.</summary>
    /// <exception cref="InvalidTaskException">The class is not a task.</exception>
    public MrqBuilder AddTask<TTask>(string path)
        where TTask : class => Add(TaskDefinitions.OfType(typeof(TTask), path));

    /// <summary>Registers a lambda that returns a result.</summary>
    public MrqBuilder AddTask<TParams, TResult>(
        string path, Func<TParams, JobContext, CancellationToken, Task<TResult>> run, TaskOptions? options = null) =>
        Add(TaskDefinitions.OfLambda(path, run, options ?? new TaskOptions()));

    /// <summary>Registers a lambda that returns nothing.</summary>
    public MrqBuilder AddTask<TParams>(string path, Func<TParams, JobContext, CancellationToken, Task> run, TaskOptions? options = null) =>
        Add(TaskDefinitions.OfLambda(path, run, options ?? new TaskOptions()));

    /// <summary>Registers every task class of an assembly.</summary>
    public MrqBuilder AddTasksFrom(Assembly assembly)
    {
        foreach (var type in TaskDefinitions.TypesIn(assembly))
        {
            Add(TaskDefinitions.OfType(type));
        }

        return this;
    }

    /// <summary>Loads the task assemblies of a folder. One that is broken is logged and shown, and stops nothing. A missing folder has none.</summary>
    public MrqBuilder AddTaskFolder(string folder)
    {
        var (tasks, broken) = TaskFolder.Load(folder, Services);
        BrokenTasks.AddRange(broken);
        foreach (var assembly in tasks.GroupBy(t => t.Source, StringComparer.Ordinal))
        {
            var taken = assembly.Where(t => Tasks.Exists(known => known.Path == t.Path)).Select(t => t.Path).ToList();
            if (taken.Count > 0)
            {
                BrokenTasks.Add(new BrokenTaskSource(assembly.Key, $"{taken.Count} of its tasks are there already: {string.Join(", ", taken)}. The first stay."));
            }

            Tasks.AddRange(assembly.Where(t => !taken.Contains(t.Path)));
        }

        return this;
    }

    /// <summary>
    /// Adds a schedule to those of the configuration (<c>Mrq:Schedules</c>). Together they are what the store is to hold, beside what people have added: at the
    /// start it is brought there. One that is wrong stops the start, with all that is wrong.
    /// </summary>
    public MrqBuilder AddSchedule(Schedule schedule)
    {
        Schedules.Add(schedule);
        return this;
    }

    /// <summary>Says whether this process may schedule (default) or leaves it to others; see <see cref="SchedulerOptions.Enabled"/>.</summary>
    public MrqBuilder UseScheduler(bool enabled)
    {
        HasScheduler = enabled;
        return this;
    }

    /// <summary>Reads the schedules of the configuration from here, and not from <c>Mrq:Schedules</c>.</summary>
    public MrqBuilder UseSchedulesOf(IConfigurationSection section)
    {
        ScheduleSection = section;
        return this;
    }

    /// <summary>
    /// Says how jobs are made of the entries of a raw queue. The workers of this process then take from it. The configuration's
    /// <c>Mrq:RawQueues</c> does the same without code.
    /// </summary>
    /// <param name="name">Ends in <c>_raw</c>, <c>_set</c>, <c>_sorted_set</c> or <c>_timed_set</c>; or in <c>/</c>, for all raw queues under it.</param>
    /// <param name="make">From the text of an entry to its job, on the taking worker: fast, and without waiting. An exception rejects the entry; the queue goes on.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="FormatException">Name or options cannot be used; the message says why.</exception>
    public MrqBuilder AddRawQueue(string name, Func<string, JobRequest> make, RawQueueOptions? options = null)
    {
        var queue = new RawQueue(new QueueName(name), make, options ?? new RawQueueOptions());
        ThrowIfWrong(string.Join(Environment.NewLine, queue.Options.Validate(queue.Name)) is { Length: > 0 } errors ? errors : null);
        ThrowIfWrong(RawQueues.Exists(q => q.Name == queue.Name) ? $"{name}: two job factories are given for this raw queue." : null);
        RawQueues.Add(queue);
        return this;
    }

    /// <summary>Adds a worker to this process. Without one the process only accepts and shows jobs.</summary>
    public MrqBuilder AddWorkers(Action<WorkerOptions>? configure = null)
    {
        var options = new WorkerOptions();
        configure?.Invoke(options);
        Pools.Add(options);
        return this;
    }

    /// <summary>
    /// Stops the application when its last worker has ended, also when a person told it to: for a process that does nothing else. Without it such a process
    /// goes on, for its pages and its schedules.
    /// </summary>
    public MrqBuilder StopWithWorkers()
    {
        StopsWithWorkers = true;
        return this;
    }

    /// <summary>
    /// Adds the worker that carries out bulk actions of the dashboard and the API, apart from all others, so that a full pool never delays
    /// them. A process with workers has it without asking.
    /// </summary>
    public MrqBuilder AddSystemWorker() => AddWorkers(w =>
    {
        w.Name = "system";
        w.Queues = [QueueName.System];
        w.Concurrency = 2;
        w.Prefetch = 0;
    });

    private static void ThrowIfWrong(string? problem)
    {
        if (problem is not null)
        {
            throw new FormatException(problem);
        }
    }

    private MrqBuilder Add(TaskDefinition task)
    {
        if (Tasks.Find(t => t.Path == task.Path) is { } taken)
        {
            throw new InvalidTaskException($"Two tasks have the path '{task.Path}': one of {taken.Source} and one of {task.Source}.");
        }

        if (TaskOptionTable.Check(task.Options).Concat(task.CheckKeys(task.Options)).ToList() is [_, ..] errors)
        {
            throw new InvalidTaskException($"Options of the task '{task.Path}' are wrong. {string.Join(" ", errors.Select(e => $"{e.Field}: {e.Error}"))}");
        }

        Tasks.Add(task);
        return this;
    }
}

using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Queues;
using Mrq.Storage.Sqlite;
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

    internal List<WorkerOptions> Pools { get; } = [];

    internal bool HasStore { get; private set; }

    /// <summary>Keeps everything in one SQLite file, which is made when it is missing. For one machine; several processes may share it.</summary>
    public MrqBuilder UseSqlite(string path)
    {
        HasStore = true;
        Services.AddSqliteStorage(path);
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

    /// <summary>Adds a worker to this process. Without one the process only accepts and shows jobs.</summary>
    public MrqBuilder AddWorkers(Action<WorkerOptions>? configure = null)
    {
        var options = new WorkerOptions();
        configure?.Invoke(options);
        Pools.Add(options);
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

    private MrqBuilder Add(TaskDefinition task)
    {
        if (Tasks.Find(t => t.Path == task.Path) is { } taken)
        {
            throw new InvalidTaskException($"Two tasks have the path '{task.Path}': one of {taken.Source} and one of {task.Source}.");
        }

        Tasks.Add(task);
        return this;
    }
}

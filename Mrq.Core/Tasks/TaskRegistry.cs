using Mrq.Jobs;

namespace Mrq.Tasks;

/// <summary>The tasks that this process can run, by path, and the task assemblies that it could not load.</summary>
public sealed class TaskRegistry
{
    private readonly Dictionary<string, TaskDefinition> _tasks;

    internal TaskRegistry(IEnumerable<TaskDefinition> tasks, IReadOnlyList<BrokenTaskSource> broken, IReadOnlyList<string> configuredPaths)
    {
        _tasks = tasks.ToDictionary(t => t.Path, StringComparer.Ordinal);
        Broken = broken;
        ConfiguredInVain = [.. configuredPaths.Where(p => !_tasks.ContainsKey(p))];
        Paths = [.. _tasks.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>All paths, sorted.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Those that people ask for, sorted: all but MRQ's own, by which its workers carry out actions on many jobs.</summary>
    public IEnumerable<string> PathsForPeople => Paths.Where(path => path != JobActionTask.Path);

    public IEnumerable<TaskDefinition> All => Paths.Select(p => _tasks[p]);

    /// <summary>What could not be loaded from the task folder; everything else runs.</summary>
    public IReadOnlyList<BrokenTaskSource> Broken { get; }

    /// <summary>Paths for which the configuration has options and this process no task: another node's, or mistyped.</summary>
    internal IReadOnlyList<string> ConfiguredInVain { get; }

    /// <summary>Null: this process has no such task.</summary>
    public TaskDefinition? Find(string path) => _tasks.GetValueOrDefault(path);

    /// <summary>How a job is to be treated: what its request said, over what its task says where that is known here.</summary>
    public TaskOptions OptionsOf(Job job)
    {
        var task = Find(job.Path)?.Options ?? new TaskOptions();
        return job.Options?.Over(task) ?? task;
    }
}

/// <summary>A task assembly, or one type of it, that could not be used.</summary>
/// <param name="Source">File or type.</param>
public sealed record BrokenTaskSource(string Source, string Error);

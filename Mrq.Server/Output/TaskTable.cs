using Mrq.Hosting;
using Mrq.Tasks;

namespace Mrq.Server.Output;

/// <summary>Tasks for people, a line each.</summary>
internal static class TaskTable
{
    private static readonly IReadOnlyList<TextColumn> Columns =
    [
        new("task"), new("params", Fit: ColumnFit.Cut, Weight: 4), new("queue", Fit: ColumnFit.Cut, Weight: 2), new("workers", IsRight: true, Weight: 1),
        new("options", Fit: ColumnFit.Cut, Weight: 0), new("what it does", Fit: ColumnFit.Cut, Weight: 3),
    ];

    /// <param name="tasks">Without a definition the code is not here, and the path is all that is known.</param>
    /// <param name="workers">How many workers that live can run each.</param>
    public static TextTable Of(IReadOnlyList<(string Path, TaskDefinition? Task)> tasks, IReadOnlyDictionary<string, int> workers, MrqOptions defaults) =>
        new(Columns, [.. tasks.Select(one => Row(one.Path, one.Task, workers.GetValueOrDefault(one.Path), defaults))]);

    /// <summary>The options that a task sets itself, but for its queue: <c>timeout=600 max_retries=5</c>.</summary>
    public static string OptionsOf(TaskDefinition task) => string.Join(' ', TaskOptionTable.All
        .Where(option => option.Name != "queue").Select(option => (option.Name, Text: option.Get(task.Options))).Where(option => option.Text is not null)
        .Select(option => $"{option.Name}={option.Text}"));

    private static IReadOnlyList<TextCell> Row(string path, TaskDefinition? task, int workers, MrqOptions defaults) =>
    [
        path,
        task is null ? new("elsewhere", TextStyle.Dim, "") : new(Params(task, typed: false), Plain: Params(task, typed: true)),
        task is null ? "" : task.Options.Queue?.Value ?? defaults.DefaultQueue,
        new($"{workers:N0}", workers == 0 ? TextStyle.Dim : TextStyle.Plain, $"{workers}"),
        new(task is null ? "" : OptionsOf(task), TextStyle.Dim),
        new(task?.Summary ?? "", TextStyle.Dim),
    ];

    private static string Params(TaskDefinition task, bool typed) =>
        string.Join(' ', task.Params.Select(param => $"{param.Name}{(typed ? $":{param.Type.Replace(" ", "", StringComparison.Ordinal)}" : "")}{(param.Required ? "" : "?")}"));
}

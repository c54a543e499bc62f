using Mrq.Hosting;
using Mrq.Tasks;

namespace Mrq.Server.Output;

/// <summary>One task with what it takes and how it is called.</summary>
internal static class TaskDetails
{
    private static readonly IReadOnlyList<TextColumn> Columns = [new("param"), new("type", Fit: ColumnFit.Wrapped), new("needed", Fit: ColumnFit.Wrapped)];
    private static readonly TextColumn Meaning = new("what it is", Fit: ColumnFit.Wrapped);

    public static void Write(CommandOutput output, TaskDefinition task, MrqOptions defaults)
    {
        output.Line($"{SafeText.Line(task.Path)}{(task.Summary is null ? "" : $": {SafeText.Line(task.Summary)}")}\n");
        var options = TaskTable.OptionsOf(task);
        output.Line($"Queue {task.Options.Queue?.Value ?? defaults.DefaultQueue}{(options.Length == 0 ? "" : $", {options}")}, from {SafeText.Line(task.Source)}.\n");
        if (task.Params.Count == 0)
        {
            output.Line("It names no params.");
        }
        else
        {
            var isExplained = task.Params.Any(param => param.Summary is not null);
            output.Table(new TextTable(isExplained ? [.. Columns, Meaning] : Columns, [.. task.Params.Select(param => Row(param, isExplained))]));
        }

        output.Line($"\nExample:\n  {Example(task)}\n\nIt runs here and now; --wait has a worker run it, mrq enqueue queues it. mrq run --help tells all options.");
    }

    /// <summary>A call with a value for each param that is required.</summary>
    public static string Example(TaskDefinition task) =>
        string.Join(' ', task.Params.Where(param => param.Required).Select(param => $"{param.Name}={ValueOf(param.Type)}").Prepend($"mrq run {task.Path}"));

    private static TextCell[] Row(ParamDescription param, bool isExplained)
    {
        TextCell[] row = [param.Name, param.Type, param.Required ? "required" : param.Default is null or "null" ? "optional" : $"default {param.Default}"];
        return isExplained ? [.. row, param.Summary ?? ""] : row;
    }

    private static string ValueOf(string type) => type switch
    {
        "integer" => "1",
        "number" => "1.5",
        "boolean" => "true",
        "array" => "'[]'",
        "object" => "'{}'",
        // Of an enumeration its first value: string (Fast | Slow).
        _ when type.IndexOf('(', StringComparison.Ordinal) is >= 0 and var at => type[(at + 1)..].Split('|')[0].Trim(' ', ')'),
        _ => "text",
    };
}

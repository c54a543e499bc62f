using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Output;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Server.Commands;

/// <summary><c>mrq tasks</c>: the tasks that can be asked for, and what one of them takes.</summary>
internal sealed class TasksCommand : ClientCommand
{
    public override string Name => "tasks";

    public override string Summary => "List tasks, or tell what one takes, with an example.";

    public override string Arguments => "[TASK]";

    public override IReadOnlyList<string> Notes =>
    [
        "It knows the tasks of this program (samples and the folder of --tasks) and, where there is a store, those that live workers report; of these the path alone. What a task does is the text of its [Description].",
        "In pipes each task is a line of cells with tabs between them: path, params (name:type, with ? when it may be left out), queue, workers, options, what it does.",
    ];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq tasks", "All of them."),
        ("mrq tasks samples.add", "What it takes, and how it is called. So does mrq run samples.add --help."),
        ("mrq tasks --json | jq -r '.tasks[].path'", "For scripts."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Store, OptionGroup.Tasks, OptionGroup.Jobs, OptionGroup.General];

    public override IReadOnlyList<CallOption> Options => [CommonOptions.Json];

    public override IEnumerable<string> Check(CommandCall call)
    {
        if (call.Arguments.Count > 1)
        {
            yield return "name one task, or none to list all.";
        }
    }

    protected override ClientNeeds NeedsOf(CommandCall call) => new(Tasks: true, OpensLater: true);

    protected override async Task<int> RunAsync(ClientCall call, CancellationToken cancellationToken)
    {
        var registry = call.Get<TaskRegistry>();
        // What this program knows by itself needs no store, as before the first start.
        var isAlone = EngineClient.LacksFile(call.Call.Settings) || (call.Call.Arguments is [var own] && registry.Find(own) is not null);
        if (!isAlone)
        {
            await call.Engine.OpenStoresAsync(cancellationToken);
        }

        foreach (var broken in call.AsJson ? [] : registry.Broken)
        {
            await Console.Error.WriteLineAsync($"mrq: warning: {SafeText.Line($"{broken.Source} cannot be loaded: {broken.Error}")}");
        }

        var workers = isAlone ? new Dictionary<string, int>() : await call.Get<KnownTasks>().CountWorkersAsync(cancellationToken);
        return call.Call.Arguments is [var path] ? await ShowAsync(call, path, registry, workers) : List(call, registry, workers);
    }

    private static int List(ClientCall call, TaskRegistry registry, IReadOnlyDictionary<string, int> workers)
    {
        var (paths, defaults) = (registry.Paths.Union(workers.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList(), call.Get<IOptions<MrqOptions>>().Value);
        if (!call.AsJson)
        {
            call.Output.Table(TaskTable.Of([.. paths.Where(path => path != JobActionTask.Path).Select(path => (path, registry.Find(path)))], workers, defaults));
            return ExitCode.Done;
        }

        call.Output.Json(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("tasks");
            paths.ForEach(path => TaskJson.Write(json, path, workers.GetValueOrDefault(path), registry.Find(path), defaults));
            json.WriteEndArray();
            json.WriteStartArray("broken");
            foreach (var broken in registry.Broken)
            {
                TaskJson.Write(json, broken);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return ExitCode.Done;
    }

    private static async Task<int> ShowAsync(ClientCall call, string path, TaskRegistry registry, IReadOnlyDictionary<string, int> workers)
    {
        var (task, defaults) = (registry.Find(path), call.Get<IOptions<MrqOptions>>().Value);
        if (task is null && !workers.ContainsKey(path))
        {
            var meant = Suggestion.Closest(path, registry.Paths.Union(workers.Keys, StringComparer.Ordinal)) is { } closest ? $" Did you mean '{closest}'?" : "";
            await Console.Error.WriteLineAsync($"mrq: no task '{SafeText.Line(path)}' is known.{meant} mrq tasks lists those that are.");
            return ExitCode.Failed;
        }

        if (call.AsJson)
        {
            call.Output.Json(json => TaskJson.Write(json, path, workers.GetValueOrDefault(path), task, defaults));
        }
        else if (task is not null)
        {
            TaskDetails.Write(call.Output, task, defaults);
        }
        else
        {
            call.Output.Line($"{SafeText.Line(path)}: its code is not here, but with {workers[path]:N0} {(workers[path] == 1 ? "worker" : "workers")} elsewhere. Its params are told where it is: --tasks names the folder.");
        }

        return ExitCode.Done;
    }
}

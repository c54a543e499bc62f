using Microsoft.Extensions.Options;
using Mrq.Dashboard;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Server.Commands.Acting;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Output;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Server.Commands;

/// <summary><c>mrq queues</c>: lists queues, and pauses, resumes or empties one.</summary>
internal sealed class QueuesCommand : ClientCommand
{
    private static readonly TimeSpan RateSpan = TimeSpan.FromMinutes(1);

    private static readonly CallOption<bool> Pause = CommonOptions.Switch("pause", "Workers take nothing more out of it; a name that ends in / takes the sub-queues along.");
    private static readonly CallOption<bool> Resume = CommonOptions.Switch("resume", "Workers take from it again.");
    private static readonly CallOption<bool> Purge = CommonOptions.Switch("purge", "Cancel every job that waits in it; of a raw queue, drop every entry.");

    public override string Name => "queues";

    public override string Summary => "List queues; pause, resume or purge one.";

    public override string Arguments => "[QUEUE …]";

    public override IReadOnlyList<string> Notes =>
        ["In pipes each queue is a line of cells with tabs between them: name, waiting, oldest, running, ended per second in the last minute, workers, rejected, state."];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq queues", "All of them: what waits, since when, who works on it."),
        ("mrq queues mail --pause", "Nothing more is taken out of it."),
        ("mrq queues clicks_raw --purge --yes", "Empties it without asking."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Store, OptionGroup.Jobs, OptionGroup.General];

    public override IReadOnlyList<CallOption> Options => [Pause, Resume, Purge, CommonOptions.Yes, CommonOptions.Json];

    public override IEnumerable<string> Check(CommandCall call)
    {
        foreach (var name in call.Arguments)
        {
            if (!QueueName.TryParse(name, out _, out var error))
            {
                yield return SafeText.Line(error);
            }
        }

        var actions = Actions(call);
        if (actions.Count > 1)
        {
            yield return $"{string.Join(" and ", actions.Select(action => $"--{action.Name}"))} exclude each other.";
        }
        else if (actions is [var action] && call.Arguments.Count == 0)
        {
            yield return $"--{action.Name} needs the name of a queue.";
        }
        else if (actions.Contains(Purge) && Question.Impossible(call) is { } impossible)
        {
            yield return $"--purge: {impossible}";
        }
    }

    protected override async Task<int> RunAsync(ClientCall call, CancellationToken cancellationToken)
    {
        var names = call.Call.Arguments.Select(name => new QueueName(name)).Distinct().ToList();
        if (Actions(call.Call) is [var action])
        {
            return action == Purge
                ? await PurgeAsync(call, names, cancellationToken)
                : await SetPausedAsync(call, names, paused: action == Pause, cancellationToken);
        }

        var all = await call.Get<QueueControl>().ListAsync(cancellationToken);
        var shown = names.Count == 0 ? all : [.. all.Where(queue => names.Exists(name => QueuePattern.Matches(name.Value, queue.Name)))];
        if (call.AsJson)
        {
            WriteJson(call, shown);
        }
        else
        {
            var now = call.Get<TimeProvider>().GetUtcNow();
            var rates = await call.Get<IJobQueries>().RatesAsync(now - RateSpan, RateSpan, cancellationToken);
            call.Output.Table(QueueTable.Of(shown, await call.Get<WorkerControl>().ListAsync(cancellationToken), rates, RateSpan, now));
        }

        var missing = names.Where(name => !shown.Any(queue => QueuePattern.Matches(name.Value, queue.Name))).ToList();
        foreach (var name in missing)
        {
            await Console.Error.WriteLineAsync($"mrq: {Missing(name, all)}");
        }

        return missing.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static List<CallOption<bool>> Actions(CommandCall call) => [.. new[] { Pause, Resume, Purge }.Where(call.IsOn)];

    private static void WriteJson(ClientCall call, IReadOnlyList<QueueOverview> queues) => call.Output.Json(json =>
    {
        var (factories, options) = (call.Get<RawQueueRegistry>(), call.Get<IOptions<MrqOptions>>().Value);
        json.WriteStartObject();
        json.WriteStartArray("queues");
        foreach (var queue in queues)
        {
            QueueJson.Write(json, queue, factories.Find(queue.Name), options.DefaultQueue);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static async Task<int> SetPausedAsync(ClientCall call, List<QueueName> names, bool paused, CancellationToken cancellationToken)
    {
        var known = await KnownQueues.ReadAsync(call.Engine, call.Call.Settings, cancellationToken);
        foreach (var name in names)
        {
            await call.Get<QueueControl>().SetPausedAsync(name, paused, cancellationToken);
            await call.Get<Audit>().RecordAsync(ClientCall.Who, paused ? AuditActions.Pause : AuditActions.Resume, name.Value, count: null, CancellationToken.None);
            await TellAsync(call, name, paused ? "paused" : "resumed", json => json.WriteBoolean("paused", paused), known.Has(name) ? null : Unknown(known, name, paused));
        }

        return ExitCode.Done;
    }

    private static string Unknown(KnownQueues known, QueueName name, bool paused) => (paused, known.Closest(name)) switch
    {
        (true, null) => $"{KnownQueues.Unknown(name)}. It is paused for those to come.",
        (true, var meant) => $"{KnownQueues.Unknown(name)}. It is paused for those to come. If {meant} was meant: mrq queues {name} --resume, and mrq queues {meant} --pause.",
        (false, null) => $"{KnownQueues.Unknown(name)}. It was not paused.",
        (false, var meant) => $"{KnownQueues.Unknown(name)}. It was not paused. Did you mean {meant}?",
    };

    private static async Task<int> PurgeAsync(ClientCall call, List<QueueName> names, CancellationToken cancellationToken)
    {
        var control = call.Get<QueueControl>();
        var all = await control.ListAsync(cancellationToken);
        var code = ExitCode.Done;
        foreach (var name in names)
        {
            if (all.FirstOrDefault(queue => queue.Name == name) is not { } queue)
            {
                await TellAsync(call, name, done: null, json => json.WriteNumber("cancelled", 0), Missing(name, all));
                code = ExitCode.Failed;
                continue;
            }

            var what = queue.Raw is null ? $"Cancel {Display.Jobs(queue.Waiting)} of" : $"Drop {Display.Entries(queue.Waiting)} of";
            if (!call.Call.IsOn(CommonOptions.Yes) && !Question.IsConfirmed($"{what} {queue.Name}?"))
            {
                return ExitCode.Failed;
            }

            var purged = await control.PurgeAsync(queue.Name, cancellationToken);
            await call.Get<Audit>().RecordAsync(ClientCall.Who, AuditActions.Purge, queue.Name.Value, purged, CancellationToken.None);
            await TellAsync(
                call, queue.Name, queue.Raw is null ? $"{Display.Jobs(purged)} cancelled" : $"{Display.Entries(purged)} dropped", json => json.WriteNumber("cancelled", purged), warning: null);
        }

        return code;
    }

    /// <param name="done">What was done, for people; null: nothing.</param>
    /// <param name="write">The same, for programs.</param>
    /// <param name="warning">What is odd about it; null: nothing.</param>
    private static async Task TellAsync(ClientCall call, QueueName queue, string? done, Action<System.Text.Json.Utf8JsonWriter> write, string? warning)
    {
        if (call.AsJson)
        {
            call.Output.Json(json =>
            {
                json.WriteStartObject();
                json.WriteString("queue", queue.Value);
                write(json);
                if (warning is not null)
                {
                    json.WriteString("warning", warning);
                }

                json.WriteEndObject();
            });
        }
        else if (done is not null)
        {
            call.Output.Line($"{queue}: {done}");
        }

        if (warning is not null)
        {
            await Console.Error.WriteLineAsync($"mrq: {(done is null ? "" : "warning: ")}{warning}");
        }
    }

    private static string Missing(QueueName name, IReadOnlyList<QueueOverview> all) =>
        $"There is no queue {name}: no job is or was in it, and it is not paused.{(Suggestion.Closest(name.Value, all.Select(queue => queue.Name.Value)) is { } closest ? $" Did you mean {closest}?" : "")}";
}

using System.Text.Json;
using Mrq.Dashboard;
using Mrq.Dashboard.Actions;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Commands.Requests;
using Mrq.Server.Configuration;
using Mrq.Server.Output;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Server.Commands.Acting;

/// <summary>Actions on jobs, taken from the command line: on those that are named, or in this process on all that match.</summary>
internal static class JobActions
{
    private static readonly Dictionary<JobAction, CallOption<bool>> ByAction = BulkAction.All.ToDictionary(action => action, action => CommonOptions.Switch(Lower(action), action switch
    {
        JobAction.Requeue => "Put jobs back into their queues from the start: retry count 0, old result forgotten.",
        JobAction.Retry => "Put jobs back into their queues; they keep their retry count.",
        JobAction.Cancel => "Take jobs out of their queues for good.",
        JobAction.Abort => "Stop jobs that run, on whichever node.",
        _ => "Forget jobs, their results and their logs.",
    }));

    /// <summary>A switch for each action.</summary>
    public static IEnumerable<CallOption<bool>> Switches => BulkAction.All.Select(SwitchOf);

    public static CallOption<bool> SwitchOf(JobAction action) => ByAction[action];

    /// <summary>The actions that a call asks for.</summary>
    public static List<JobAction> In(CommandCall call) => [.. BulkAction.All.Where(action => call.IsOn(ByAction[action]))];

    /// <summary>Takes the action on these jobs. Those it cannot be taken on are named, the others are done.</summary>
    public static async Task<int> ApplyAsync(ClientCall call, JobAction action, List<JobId> ids, QueueName? destination, CancellationToken cancellationToken)
    {
        var outcome = await call.Get<JobControl>().ApplyAsync(action, ids, destination, cancellationToken);
        if (outcome.Done.Count > 0)
        {
            var target = outcome.Done is [var only] ? only.ToString() : Display.Jobs(outcome.Done.Count);
            await call.Get<Audit>().RecordAsync(ClientCall.Who, AuditActions.Of(action), target, outcome.Done.Count, CancellationToken.None);
        }

        if (call.AsJson)
        {
            call.Output.Json(json => Write(json, outcome));
        }
        else
        {
            foreach (var id in outcome.Done)
            {
                call.Output.Line($"{id}: {Past(action)}");
            }
        }

        foreach (var refused in outcome.Refused)
        {
            await Console.Error.WriteLineAsync($"mrq: {SafeText.Line(refused.Reason)}");
        }

        return outcome.Refused.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>Takes the action on all jobs that match the filter of the call, after asking.</summary>
    /// <param name="isDry">True: only tells what it would touch.</param>
    public static async Task<int> ApplyToMatchesAsync(ClientCall call, JobAction action, QueueName? destination, bool isDry, CancellationToken cancellationToken)
    {
        var (bulk, now) = (call.Get<BulkActions>(), call.Get<TimeProvider>().GetUtcNow());
        var filter = FilterOptions.Read(call.Call, now);
        var isAsked = !isDry && !call.Call.IsOn(CommonOptions.Yes);
        if (isDry || isAsked)
        {
            var preview = await bulk.PreviewAsync(action, filter, cancellationToken);
            if (isDry)
            {
                Tell(call, action, preview, now);
                return ExitCode.Done;
            }

            if (preview.Count > 0 && !Question.IsConfirmed($"{BulkAction.Verb(action)} {Display.Jobs(preview.Count)}?"))
            {
                return ExitCode.Failed;
            }
        }

        return await RunAsync(call, action, bulk.RequestOf(action, filter, destination), cancellationToken);
    }

    /// <summary>Here and now: it needs no worker, and whoever called sees its end.</summary>
    private static async Task<int> RunAsync(ClientCall call, JobAction action, JobRequest request, CancellationToken cancellationToken)
    {
        var run = await call.Get<TaskCall>().MakeAsync(request, cancellationToken);
        await call.Get<Audit>().RecordAsync(
            ClientCall.Who, AuditActions.BulkBegin(action), AuditActions.BulkTarget(FilterOptions.Shown(call.Call), run.Id), count: null, CancellationToken.None);
        using var progress = new ProgressLine(call.Get<TimeProvider>());
        var far = "0 jobs";
        string? result;
        try
        {
            result = await call.Get<TaskCall>().RunAsync(
                run,
                (_, text) =>
                {
                    far = text ?? far;
                    progress.Show(() => far);
                },
                cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or StorageUnavailableException)
        {
            progress.Dispose();
            await Console.Error.WriteLineAsync($"mrq: broken off after {far}; no worker goes on with it. The same call takes the action on the others.");
            throw;
        }

        progress.Dispose();
        var done = JsonSerializer.Deserialize<JobActionResult>(result ?? "{}")!;
        if (call.AsJson)
        {
            call.Output.Value(result);
        }
        else
        {
            call.Output.Line($"{Display.Jobs(done.Done)} {Past(action)}{(done.Refused > 0 ? $", {done.Refused:N0} had moved on" : "")}");
        }

        return ExitCode.Done;
    }

    private static void Tell(ClientCall call, JobAction action, BulkPreview preview, DateTimeOffset now)
    {
        if (call.AsJson)
        {
            call.Output.Json(json => Dashboard.Api.JobActionsApi.WritePreview(json, preview));
            return;
        }

        call.Output.Line($"{Lower(action)} would touch {Display.Jobs(preview.Count)}{(preview.Count > 0 ? ":" : "")}");
        foreach (var (queue, count) in preview.ByQueue)
        {
            call.Output.Line($"  {count:N0} in {queue}");
        }

        if (Terminal.IsOutput && preview.Sample.Count > 0)
        {
            call.Output.Line("\nThe newest of them:");
            call.Output.Table(JobTable.Of(preview.Sample, now));
        }
    }

    private static void Write(Utf8JsonWriter json, ActionOutcome outcome)
    {
        json.WriteStartObject();
        json.WriteStartArray("done");
        foreach (var id in outcome.Done)
        {
            json.WriteStringValue(id.ToString());
        }

        json.WriteEndArray();
        json.WriteStartArray("refused");
        foreach (var refused in outcome.Refused)
        {
            json.WriteStartObject();
            json.WriteString("id", refused.Id.ToString());
            json.WriteString("error", refused.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Past(JobAction action) => action switch
    {
        JobAction.Retry => "queued again",
        JobAction.Abort => "told to end",
        _ => BulkAction.Past(action).ToLowerInvariant(),
    };

    private static string Lower(JobAction action) => action.ToString().ToLowerInvariant();
}

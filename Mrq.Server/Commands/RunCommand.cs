using System.Text.Json;
using Mrq.Dashboard;
using Mrq.Dashboard.Api;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Commands.Acting;
using Mrq.Server.Commands.Requests;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Output;
using Mrq.Server.Tracing;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Server.Commands;

/// <summary><c>mrq run</c>: runs a task here and now, or queues it and, where asked, waits for its end.</summary>
internal sealed class RunCommand : ClientCommand
{
    private static readonly CallOption<bool> Async = CommonOptions.Switch("async", "Queue it instead, and print the job's id. So does --queue.");
    private static readonly CallOption<bool> Wait = CommonOptions.Switch("wait", "Queue it, wait for its end, and print its result.");

    private static readonly CallOption<TimeSpan> WaitTimeout = new()
    {
        Name = "wait_timeout",
        Value = OptionValue.Seconds(0, TaskOptionTable.Longest.TotalSeconds),
        Help = "With --wait: wait no longer than this; then the exit code is 3, and the job goes on. Default: as long as it takes.",
    };

    public override string Name => "run";

    public override string Summary => "Run a task here and now, or queue it, and print the result.";

    public override string Arguments => "TASK [JSON | KEY VALUE …]";

    public override IReadOnlyList<string> Notes =>
    [
        "Here and now: in this process, without a document in the store; what the task enqueues is enqueued. Its result is printed as JSON, its log lines go to stderr. Exit code 0: success; "
        + "1: the task failed; 130: Ctrl+C, which tells the task to end.",
        "Queued (--queue, --async, --wait): a worker runs it, wherever it is. With --wait the exit code is 0 for success, 1 for every other end, 3 when --wait_timeout is over.",
        "Here and now the tracing options look into this one run: what they see is told on stderr at its end.",
        "mrq run TASK --help tells what a task takes; mrq tasks lists them. KEY VALUE and KEY=VALUE are read as the task's params are typed: numbers, true and false, JSON for arrays and objects, else text. A - alone reads JSON from stdin.",
    ];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq run samples.add '{\"a\": 1, \"b\": 2}'", "Prints 3."),
        ("mrq run samples.add a 1 b 2", "The same."),
        ("mrq run samples.sleep seconds=5 --queue slow", "Queues it and prints the job's id."),
        ("mrq run samples.sleep seconds=5 --wait --wait_timeout 10m", "Has a worker run it and prints what it returns."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Store, OptionGroup.Tasks, OptionGroup.Jobs, OptionGroup.Tracing, OptionGroup.General];

    public override IReadOnlyList<CallOption> Options => [Async, Wait, WaitTimeout, CommonOptions.Json, .. RequestOptions.All];

    public override IEnumerable<string> Check(CommandCall call)
    {
        if (call.Arguments.Count == 0)
        {
            yield return "name the task to run: mrq run TASK [JSON | KEY VALUE …].";
        }
        else if (ParamsReader.Check([.. call.Arguments.Skip(1)]) is { } error)
        {
            yield return error;
        }

        foreach (var wrong in RequestOptions.Check(call).Concat(RequestOptions.CheckSettings(call)))
        {
            yield return wrong;
        }

        if (call.Has(WaitTimeout) && !call.IsOn(Wait))
        {
            yield return "--wait_timeout is for --wait: give that, too.";
        }

        if (IsQueued(call))
        {
            foreach (var given in call.CommandLine.Where(given => given.Option.Group == OptionGroup.Tracing))
            {
                yield return $"{given.Shown} looks into the process that runs the job: give it to the workers, or leave {string.Join(" and ", Queueing(call))} away.";
            }
        }
        else
        {
            foreach (var option in RequestOptions.GivenIn(call).Where(option => option.Name != "timeout"))
            {
                yield return $"--{option.Name} is for a job that is queued: give --async or --wait, too.";
            }
        }
    }

    protected override ClientNeeds NeedsOf(CommandCall call) =>
        new(MakesStore: true, Tasks: true, IsQueued(call) ? LogLevel.Warning : LogLevel.Information);

    protected override TimeSpan GraceOf(CommandCall call) => IsQueued(call) ? base.GraceOf(call) : AbortGraceOf(call);

    protected override async Task<int> RunAsync(ClientCall call, CancellationToken cancellationToken)
    {
        var path = call.Call.Arguments[0];
        var parameters = ParamsReader.Read([.. call.Call.Arguments.Skip(1)], call.Get<TaskRegistry>().Find(path));
        var request = RequestOptions.Read(call.Call, path) with { Params = parameters };
        if (!IsQueued(call.Call))
        {
            return await RunHereAsync(call, request, cancellationToken);
        }

        if (call.Call.IsOn(Wait))
        {
            return await WaitAsync(call, await SingleJob.StoreAsync(call, request, cancellationToken), cancellationToken);
        }

        await SingleJob.EnqueueAsync(call, request, cancellationToken);
        return ExitCode.Done;
    }

    private static bool IsQueued(CommandCall call) => Queueing(call).Any();

    /// <summary>What of the call says that the job is to be queued.</summary>
    private static IEnumerable<string> Queueing(CommandCall call) => new CallOption[] { Async, Wait, RequestOptions.Find("queue") }
        .Where(option => option is CallOption<bool> flag ? call.IsOn(flag) : call.Has(option)).Select(option => $"--{option.Name}");

    private static async Task<int> RunHereAsync(ClientCall call, JobRequest request, CancellationToken cancellationToken)
    {
        var job = await call.Get<TaskCall>().MakeAsync(request, cancellationToken);
        await using var profile = await CpuProfiling.BeginAsync(call.Call.Settings, call.Engine.Services, cancellationToken);
        using var progress = new ProgressLine(call.Get<TimeProvider>());
        var begun = call.Get<TimeProvider>().GetTimestamp();
        CallFigures? figures = null;
        string? result = null;
        Exception? failure = null;
        try
        {
            result = await call.Get<TaskCall>().RunAsync(job, (value, text) => progress.Show(() => $"{value:0%} {text}"), seen => figures = seen, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            failure = e;
        }
        finally
        {
            // Also after Ctrl+C: who breaks off what takes too long wants to know why.
            progress.Dispose();
            if (figures is not null)
            {
                await TellAsync(job with { TotalTime = call.Get<TimeProvider>().GetElapsedTime(begun).TotalSeconds }, figures);
            }
        }

        if (failure is not null)
        {
            await Console.Error.WriteLineAsync($"mrq: {SafeText.Line(request.Path)} {SafeText.Block(Ended(failure))}");
            return ExitCode.Failed;
        }

        call.Output.Value(result);
        return ExitCode.Done;
    }

    /// <summary>What was seen of the task, on stderr; what it left in memory is in its log.</summary>
    private static async Task TellAsync(Job job, CallFigures figures)
    {
        if (figures.Usage is { } usage)
        {
            await Console.Error.WriteLineAsync($"mrq: {SafeText.Line(job.Path)} {Display.Ran(job with { Usage = usage })}");
        }

        if (figures.Io is { } io)
        {
            var calls = io.ByType.Sum(type => type.Calls);
            await Console.Error.WriteLineAsync(calls == 0
                ? "mrq: I/O: no call was seen"
                : $"mrq: I/O: {Display.Duration(io.Seconds)} in {calls:N0} {(calls == 1 ? "call" : "calls")}: {string.Join(", ", io.ByType.Select(type => SafeText.Line($"{type.Name} {Display.Duration(type.Seconds)} ({type.Calls:N0})")))}");
        }
    }

    // What a task asks for is no crash of it, and its stack tells nothing.
    private static string Ended(Exception exception) => exception switch
    {
        RetryRequestedException { Delay: var delay } =>
            $"asked to be run again{(delay is null ? "" : delay == TimeSpan.Zero ? " at once" : $" in {delay.Value.TotalSeconds:0.###} s")}{Cause(exception)}. "
            + "Here and now it runs once; queued (--wait), a worker runs it again.",
        AbortRequestedException => $"aborted itself{Cause(exception)}.",
        _ => $"failed: {TaskStack.Of(exception)}",
    };

    private static string Cause(Exception exception) => exception.InnerException is { } cause ? $", because of {cause.GetType().FullName}: {cause.Message}" : "";

    private static async Task<int> WaitAsync(ClientCall call, JobId id, CancellationToken cancellationToken)
    {
        var wait = ActivatorUtilities.CreateInstance<JobWait>(call.Engine.Services);
        using var progress = new ProgressLine(call.Get<TimeProvider>());
        var shown = Terminal.IsErrors ? new WaitedJob(progress, call.Get<QueueControl>(), call.Get<WorkerControl>(), call.Get<TimeProvider>()) : null;
        JobStatus? seen = null;
        try
        {
            await wait.UntilFinalAsync(id, call.Call.Get(WaitTimeout, TaskOptionTable.Longest), cancellationToken, (job, token) =>
            {
                seen = job.Status;
                return shown?.ShowAsync(job, token) ?? Task.CompletedTask;
            });
            progress.Dispose();
        }
        catch (Exception e) when (e is OperationCanceledException or StorageUnavailableException)
        {
            progress.Dispose();
            // It is accepted, whatever becomes of the waiting: who does not learn that queues it again.
            var state = seen switch { null => "is accepted", JobStatus.Started => "runs", { } status => $"is {JobStatuses.NameOf(status)}" };
            await Console.Error.WriteLineAsync($"mrq: job {id} {state} and goes on{(e is StorageUnavailableException ? $", but cannot be looked at: {e.Message}" : "")}. mrq jobs {id} shows it.");
            if (e is OperationCanceledException)
            {
                throw;
            }

            return ExitCode.Failed;
        }

        if (await call.Get<IJobQueries>().GetAsync([id], withPayload: true, cancellationToken) is not [var job])
        {
            await Console.Error.WriteLineAsync($"mrq: job {id} is gone: it was deleted before its end was seen.");
            return ExitCode.Failed;
        }

        if (!JobStatuses.Final.Contains(job.Status))
        {
            await Console.Error.WriteLineAsync($"mrq: job {id} is {JobStatuses.NameOf(job.Status)} after {call.Call.Get(WaitTimeout, default).TotalSeconds:0.###} s of waiting, and goes on. mrq jobs {id} shows it.");
            return ExitCode.Waiting;
        }

        if (call.AsJson)
        {
            call.Output.Json(json => JobJson.Write(json, job, withPayload: true));
        }
        else if (job.Status == JobStatus.Success)
        {
            call.Output.Value(job.Result);
        }

        return job.Status == JobStatus.Success ? ExitCode.Done : await TellEndAsync(job);
    }

    private static async Task<int> TellEndAsync(Job job)
    {
        var reason = job.ExceptionType is { } type ? $": {type}{(job.ExceptionMessage is { Length: > 0 } message ? $": {message}" : "")}" : "";
        await Console.Error.WriteLineAsync($"mrq: job {job.Id} ended as {JobStatuses.NameOf(job.Status)}{SafeText.Block(reason)}");
        if (job.Traceback is { Length: > 0 } traceback)
        {
            await Console.Error.WriteLineAsync(SafeText.Block(traceback));
        }

        return ExitCode.Failed;
    }
}

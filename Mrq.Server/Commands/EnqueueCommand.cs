using System.IO.Pipelines;
using Microsoft.Extensions.Options;
using Mrq.Dashboard.Api;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Server.Commands.Requests;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Output;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Server.Commands;

/// <summary><c>mrq enqueue</c>: queues one job, or those of a file, however many they are.</summary>
internal sealed class EnqueueCommand : ClientCommand
{
    private static readonly CallOption<string> From = new()
    {
        Name = "from",
        Value = OptionValue.Path,
        Help = "Queue a job for each line of this file, or of stdin (-): its params as a JSON object, or without TASK a whole request as POST /api/jobs takes it. One JSON array of them is taken, too.",
    };

    private static readonly CallOption<bool> Ids = CommonOptions.Switch("ids", "Print the id of each job instead of how many there were.");

    private static readonly CallOption<string> Errors = new()
    {
        Name = "errors",
        Value = OptionValue.Path,
        Help = "Write every line that was not accepted to this file: {\"line\": 7, \"error\": \"…\"}. Stderr tells the first 20.",
    };

    private static readonly CallOption<string> UniqueKeyFrom = new()
    {
        Name = "unique_key_from",
        Value = OptionValue.Text with { Name = "PARAM" },
        Help = "With --from: unique_key of each job is the value of this param.",
    };

    private static readonly CallOption IdempotencyKey = RequestOptions.Find("idempotency_key");

    public override string Name => "enqueue";

    public override string Summary => "Queue a job, or one for each line of a file.";

    public override string Arguments => "[TASK] [JSON | KEY VALUE …]";

    public override IReadOnlyList<string> Notes =>
    [
        "When it has ended, what it accepted is stored and will run. A bad line never stops the others; exit code 1 says that there was one.",
        "A file is stored in batches as it is read. When that breaks off, whole batches are queued: with --idempotency_key PREFIX, which makes of prefix and line number the key of "
        + "each job, the same call again queues the rest and no job twice.",
    ];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq enqueue samples.add a=1 b=2 --priority 5", "One job; prints its id."),
        ("mrq enqueue samples.add --from numbers.ndjson --idempotency_key import-7:", "A job for each line, which may be repeated."),
        ("jq -c '.[]' numbers.json | mrq enqueue samples.add --from - --queue slow", "From another program."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Store, OptionGroup.Tasks, OptionGroup.Jobs, OptionGroup.General];

    public override IReadOnlyList<CallOption> Options => [From, Ids, Errors, UniqueKeyFrom, CommonOptions.Json, .. RequestOptions.All];

    public override IEnumerable<string> Check(CommandCall call) => RequestOptions.Check(call).Concat(RequestOptions.CheckSettings(call)).Concat(call.Has(From) ? CheckFile(call) : CheckOne(call));

    protected override ClientNeeds NeedsOf(CommandCall call) => new(MakesStore: true, Tasks: true);

    protected override async Task<int> RunAsync(ClientCall call, CancellationToken cancellationToken)
    {
        if (call.Call.Has(From))
        {
            return await EnqueueFileAsync(call, cancellationToken);
        }

        var path = call.Call.Arguments[0];
        var parameters = ParamsReader.Read([.. call.Call.Arguments.Skip(1)], call.Get<TaskRegistry>().Find(path));
        await SingleJob.EnqueueAsync(call, RequestOptions.Read(call.Call, path) with { Params = parameters }, cancellationToken);
        return ExitCode.Done;
    }

    private static IEnumerable<string> CheckOne(CommandCall call)
    {
        if (call.Arguments.Count == 0)
        {
            yield return "name the task (mrq enqueue TASK …), or the file of the requests (--from).";
        }
        else if (ParamsReader.Check([.. call.Arguments.Skip(1)]) is { } error)
        {
            yield return error;
        }

        foreach (var option in new CallOption[] { Ids, Errors, UniqueKeyFrom }.Where(call.Has))
        {
            yield return $"--{option.Name} is for --from.";
        }
    }

    private static IEnumerable<string> CheckFile(CommandCall call)
    {
        if (call.Arguments.Count > 1)
        {
            yield return "params come from the lines of --from: leave those behind the task away.";
        }

        if (call.Has(RequestOptions.Find("unique_key")))
        {
            yield return "--unique_key would be the same for every line: give --unique_key_from, or write it into the lines.";
        }

        if (call.Has(UniqueKeyFrom) && call.Arguments.Count == 0)
        {
            yield return "--unique_key_from needs TASK: without it the lines say their keys themselves.";
        }

        foreach (var option in call.Arguments.Count > 0 ? [] : RequestOptions.GivenIn(call).Where(option => option != IdempotencyKey))
        {
            yield return $"--{option.Name} needs TASK: without it the lines are whole requests and say it themselves.";
        }

        if (call.Get(From, "-") is not "-" and var file && !File.Exists(file))
        {
            yield return Directory.Exists(file) ? $"--from: '{SafeText.Line(file)}' is a folder; name a file, or - for stdin." : $"--from: there is no file '{SafeText.Line(file)}'.";
        }
    }

    private static async Task<int> EnqueueFileAsync(ClientCall call, CancellationToken cancellationToken)
    {
        var file = call.Call.Get(From, "-");
        await using var input = file == "-" ? Console.OpenStandardInput() : Open(file);
        using var errors = call.Call.Has(Errors) ? ErrorLines.Create(call.Call.Get(Errors, "")) : null;
        var size = input.CanSeek ? input.Length : (long?)null;
        var (clock, counts) = (call.Get<TimeProvider>(), new BulkCounts());
        using var progress = new ProgressLine(clock);
        var import = new ImportAudit(call.Get<Audit>(), ClientCall.Who, SourceOf(call.Call, file), clock);
        var report = new BulkReport(
            counts, call.Output, progress, clock, import, call.Call.IsOn(Ids), errors, size is null ? null : () => (double)input.Position / Math.Max(1, size.Value));
        var intake = new BulkIntake(
            call.Get<ChainFactory>(), call.Get<JobClient>(), report, counts, LineReaderOf(call.Call).Read, call.Get<IOptions<MrqOptions>>().Value.MaxParamsSize + JobsApi.BodySlack,
            cancellationToken);
        try
        {
            await intake.ReadAsync(PipeReader.Create(input, new StreamPipeReaderOptions(bufferSize: 256 * 1024)));
        }
        catch (Exception e) when (e is StorageUnavailableException or OperationCanceledException)
        {
            progress.Dispose();
            await Console.Error.WriteLineAsync($"mrq: {counts.Accepted:N0} jobs of the first {counts.Lines:N0} lines were queued before it was broken off.");
            throw;
        }
        finally
        {
            await report.RecordAsync(call.Get<Audit>());
        }

        progress.Dispose();
        report.Tell(call.AsJson);
        return counts.Rejected == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>Where the jobs come from, for the audit log: <c>samples.add of numbers.ndjson</c>.</summary>
    private static string SourceOf(CommandCall call, string file) =>
        $"{(call.Arguments is [var path] ? $"{path} of " : "")}{(file == "-" ? "stdin" : Path.GetFileName(file))}";

    private static LineReader LineReaderOf(CommandCall call) => new(
        call.Arguments is [var path] ? RequestOptions.Read(call, path) : null,
        call.Given.GetValueOrDefault(IdempotencyKey),
        call.Has(UniqueKeyFrom) ? call.Get(UniqueKeyFrom, "") : null);

    private static FileStream Open(string file)
    {
        try
        {
            return new FileStream(file, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 0 });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ServerStartException([$"--from: '{SafeText.Line(file)}' cannot be read: {e.Message}"], e);
        }
    }
}

using System.Text.Json;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Commands;

/// <summary><c>mrq jobs</c> and <c>mrq queues</c>, as processes beside a server.</summary>
public sealed class LookingAtJobs : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<StorePair> Pairs => [StorePair.Sqlite, StorePair.RedisAndMongo];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task They_say_what_the_API_says(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        await using var server = await MrqServer.StartAsync(
            mrq => mrq.AddTask<object>("count", (_, context, _) => { context.SetProgress(1, "done"); return Task.CompletedTask; }), stores: stores);
        var (first, second) = (await server.EnqueueAsync("count"), await server.EnqueueAsync("count", new { text = "a\u009b31m\u202e" }));
        await server.EndOfAsync(first);
        await server.EndOfAsync(second);
        await server.EnqueueAsync("count", more: new { queue = "nobody" });
        await server.EnqueueAsync("count", more: new { queue = "nobody", delay = 3600 });

        foreach (var (arguments, path) in new[]
        {
            (new[] { "jobs" }, "/api/jobs"),
            (["jobs", "--status", "success", "--limit", "1"], "/api/jobs?status=success&limit=1"),
            (["jobs", second], $"/api/jobs/{second}"),
            (["queues"], "/api/queues"),
        })
        {
            var (code, output, errors) = await MrqProcess.RunAsync(_folder, [.. arguments, "--json", .. stores.Arguments]);

            Assert.Equal((0, ""), (code, errors));
            Assert.DoesNotContain(output, c => c is '\u009b' or '\u202e');
            Assert.Equal(System.Text.Json.JsonElement.Parse((await server.GetAsync(path)).Text).ToString(), Unescaped(output));
        }

        var (_, counts, _) = await MrqProcess.RunAsync(_folder, ["jobs", "--count", .. stores.Arguments]);
        Assert.Equal("queued\t1\nsuccess\t2\nscheduled\t1", counts);

        static string Unescaped(string json) => System.Text.Json.JsonElement.Parse(json.Replace("\\u009b", "\u009b", StringComparison.Ordinal).Replace("\\u202e", "\u202e", StringComparison.Ordinal)).ToString();
    }

    [Fact]
    public async Task In_a_pipe_each_job_is_a_line_of_cells()
    {
        await using var engine = await TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, folder: _folder);
        var job = await engine.EnqueueAsync("text.count", """{"text":"a\tb\u001b]0;x\u0007"}""", request => request with { Queue = new QueueName("mail") });

        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["jobs", "--queue", "mail", "--since", "1h"]);

        Assert.Equal((0, ""), (code, errors));
        var cells = Assert.Single(output.Split('\n')).Split('\t');
        Assert.Equal([$"{job}", "queued", "text.count", "mail"], cells[..4]);
        Assert.Equal("""{"text":"a\tb\u001b]0;x\u0007"}""", cells[6]);
        var (queues, listed, _) = await MrqProcess.RunAsync(_folder, ["queues"]);
        Assert.Equal((0, "mail", "1", "nobody listens"), (queues, listed.Split('\t')[0], listed.Split('\t')[1], listed.Split('\t')[^1]));
    }

    [Fact]
    public async Task One_job_is_shown_with_everything_and_its_log_as_it_grows()
    {
        await using var engine = await TestEngine.StartAsync(
            mrq => mrq.AddTask<object>("talk", (_, context, _) =>
            {
                TalkingLog.Line(context.Logger, "one \u001b[2J");
                throw new InvalidOperationException("no\u001b[31m more");
            }),
            folder: _folder);
        var job = await engine.EnqueueAsync("talk");
        await engine.WaitForEndAsync(job);

        var (code, output, _) = await MrqProcess.RunAsync(_folder, ["jobs", $"{job}"]);
        Assert.Equal(0, code);
        Assert.Contains("status\tfailed", output, StringComparison.Ordinal);
        Assert.Contains("System.InvalidOperationException: no\\u001b[31m more", output, StringComparison.Ordinal);
        Assert.Contains("information talk: one \\u001b[2J", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);

        var (_, log, _) = await MrqProcess.RunAsync(_folder, ["jobs", $"{job}", "--log", "--follow"]);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z information talk: one \\u001b\[2J$", Assert.Single(log.Split('\n')));
    }

    [Fact]
    public async Task Where_nothing_is_nothing_is_made()
    {
        foreach (var command in new[] { "jobs", "queues" })
        {
            var (code, output, errors) = await MrqProcess.RunAsync(_folder, [command]);

            Assert.Equal((2, ""), (code, output));
            Assert.StartsWith($"mrq: There is no database {_folder.File("mrq.db")}.", errors, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        var (away, _, told) = await MrqProcess.RunAsync(_folder, ["jobs", "--redis", $"redis://127.0.0.1:{Ports.Free()}/0", "--mongodb", "mongodb://127.0.0.1:1/mrq?serverSelectionTimeoutMS=100"]);
        Assert.Equal(2, away);
        Assert.Contains("cannot be reached", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_goes_away_is_no_error()
    {
        await using var engine = await TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, folder: _folder);
        await engine.Client.EnqueueManyAsync([.. Enumerable.Range(0, 2000).Select(_ => new JobRequest { Path = "any", Params = $$"""{"text":"{{new string('x', 500)}}"}""" })], Token);

        var (code, output) = await Shell.RunAsync(
            "bash", ["-c", "set -o pipefail; \"$0\" jobs -n 2000 | head -1 | cut -f2", Path.Combine(AppContext.BaseDirectory, "mrq")], _folder.Path);

        Assert.Equal((0, "queued"), (code, output.Trim()));
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Jobs_that_are_named_or_that_match_are_acted_on(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        await using var engine = await TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, stores: stores);
        // By processes of their own: the ids of this one may be of a day to come, to which specs with a clock of theirs have turned it, and an action touches no job after it.
        var (first, second) = (await EnqueueAsync("any"), await EnqueueAsync("any"));
        var other = await EnqueueAsync("other");

        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["jobs", $"{first}", "000000000000000000000000", "--cancel", .. stores.Arguments]);
        Assert.Equal((1, $"{first}: cancelled", "mrq: There is no job 000000000000000000000000."), (code, output, errors));

        (code, output, _) = await MrqProcess.RunAsync(_folder, ["jobs", "--path", "any", "--requeue", "--destination_queue", "again", "--dry_run", .. stores.Arguments]);
        Assert.Equal((0, "requeue would touch 2 jobs:\n  2 in default"), (code, output));
        Assert.Equal(JobStatus.Cancel, (await engine.FindAsync(first)).Status);

        (code, output, errors) = await MrqProcess.RunAsync(_folder, ["jobs", "--path", "any", "--requeue", "--destination_queue", "again", .. stores.Arguments]);
        Assert.Equal((2, "", "mrq: --requeue: nobody can be asked whether this is meant: give --yes."), (code, output, errors));

        (code, output, errors) = await MrqProcess.RunAsync(_folder, ["jobs", "--path", "any", "--requeue", "--destination_queue", "again", "--yes", .. stores.Arguments]);
        Assert.Equal((0, "2 jobs requeued"), (code, output));
        Assert.StartsWith("mrq: warning: --destination_queue: nobody knows a queue again", errors, StringComparison.Ordinal);
        Assert.Equal(("again", "again", "default"), ((await engine.FindAsync(first)).Queue.Value, (await engine.FindAsync(second)).Queue.Value, (await engine.FindAsync(other)).Queue.Value));

        (code, output, _) = await MrqProcess.RunAsync(_folder, ["queues", "again", "--purge", "--yes", .. stores.Arguments]);
        Assert.Equal((0, "again: 2 jobs cancelled"), (code, output));
        (code, output, _) = await MrqProcess.RunAsync(_folder, ["queues", "default", "--pause", .. stores.Arguments]);
        Assert.Equal((0, "default: paused"), (code, output));
        Assert.True((await engine.Get<QueueControl>().FindAsync(new QueueName("default"), Token))!.Paused);

        var entries = await engine.Get<Audit>().ListAsync(null, 10, Token);
        Assert.Equal(
            [AuditActions.Pause, AuditActions.Purge, AuditActions.BulkEnd(JobAction.Requeue), AuditActions.BulkBegin(JobAction.Requeue), AuditActions.Of(JobAction.Cancel)],
            entries.SkipLast(3).Select(entry => entry.Action));
        Assert.All(entries.Where(entry => entry.Action != AuditActions.BulkEnd(JobAction.Requeue)), entry => Assert.Equal(Environment.UserName, entry.Who));

        async Task<JobId> EnqueueAsync(string path) =>
            JobId.Parse((await MrqProcess.RunAsync(_folder, ["enqueue", path, "--accept_unknown_tasks", .. stores.Arguments])).Output);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task An_action_on_a_queue_that_nobody_knows_says_so(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        await using var engine = await TestEngine.StartAsync(mrq => mrq.AddTask<object>("any", (_, _, _) => Task.CompletedTask), worker => worker.Queues = [new("mails"), new("sub/")], stores: stores);
        await engine.WaitUntilAsync(async () => (await engine.Get<WorkerControl>().ListAsync(Token)).Any(worker => !worker.IsSystem));
        await File.WriteAllTextAsync(_folder.File("mrq.json"), """{ "queues": ["night"], "Schedules": [{ "path": "any", "daily": "03:00", "queue": "reports" }], "QueueLimits": { "slow": { "max_concurrency": 1 } } }""", Token);

        foreach (var known in new[] { "mails", "sub/one", "sub/", "night", "reports", "slow", "default" })
        {
            Assert.Equal((0, $"{known}: resumed", ""), await CallAsync(known, "--resume"));
        }

        Assert.Equal(
            (0, "mail: paused", "mrq: warning: nobody knows a queue mail: no job is or was in it, no worker listens to it, and no configuration here names it. "
                + "It is paused for those to come. If mails was meant: mrq queues mail --resume, and mrq queues mails --pause."),
            await CallAsync("mail", "--pause"));
        Assert.Equal((0, "mail: paused", ""), await CallAsync("mail", "--pause"));

        var (code, output, errors) = await CallAsync("nights", "--resume", "--json");
        var told = JsonElement.Parse(output);
        Assert.Equal((0, "nights", false), (code, told.GetProperty("queue").GetString(), told.GetProperty("paused").GetBoolean()));
        Assert.EndsWith("It was not paused. Did you mean night?", told.GetProperty("warning").GetString(), StringComparison.Ordinal);
        Assert.Equal($"mrq: warning: {told.GetProperty("warning").GetString()}", errors);

        (code, output, errors) = await CallAsync("mial", "--purge", "--yes", "--json");
        Assert.Equal((1, "There is no queue mial: no job is or was in it, and it is not paused. Did you mean mail?"), (code, JsonElement.Parse(output).GetProperty("warning").GetString()));
        Assert.Equal("mrq: There is no queue mial: no job is or was in it, and it is not paused. Did you mean mail?", errors);

        Task<(int Code, string Output, string Errors)> CallAsync(params string[] arguments) => MrqProcess.RunAsync(_folder, ["queues", .. arguments, .. stores.Arguments]);
    }

    [Theory]
    [InlineData("'xyz' is not a job id", "jobs", "xyz")]
    [InlineData("--status: 'fialed' is not a status.", "jobs", "--status", "fialed")]
    [InlineData("--since: '5x' is not a time: so long ago (15m, 2h, 7d), a date (2026-01-31), ISO 8601", "jobs", "--since", "5x")]
    [InlineData("--retry and --cancel exclude each other.", "jobs", "--retry", "--cancel", "--q", "x", "--yes")]
    [InlineData("--delete needs the ids of jobs, or options that describe them.", "jobs", "--delete", "--yes")]
    [InlineData("--log needs the id of one job.", "jobs", "--log")]
    [InlineData("--pause needs the name of a queue.", "queues", "--pause")]
    [InlineData("--unique_key would be the same for every line", "enqueue", "samples.add", "--from", "-", "--unique_key", "x")]
    [InlineData("there is no file 'nowhere'", "enqueue", "samples.add", "--from", "nowhere")]
    [InlineData("name the task", "enqueue")]
    [InlineData("'b' has no value", "run", "samples.add", "a=1", "b")]
    [InlineData("the param 'a' is given twice", "run", "samples.add", "a=1", "a", "2")]
    [InlineData("--priority is for a job that is queued", "run", "samples.add", "a=1", "--priority", "3")]
    public void Wrong_use_is_told_before_anything_is_opened(string error, params string[] arguments)
    {
        var parsed = Assert.IsType<Mrq.Server.Commands.CommandLineResult.Call>(Mrq.Server.Commands.CommandLine.Parse(arguments));
        var call = new Mrq.Server.Commands.CommandCall(parsed.Arguments, parsed.Own, parsed.Options, Mrq.Server.Configuration.SettingsSource.Read(parsed.Command.Groups, parsed.Options, new Mrq.Server.Configuration.ConfigurationFiles()));

        Assert.Contains(parsed.Errors.Concat(parsed.Command.Check(call)), told => told.Contains(error, StringComparison.Ordinal));
    }
}

internal static partial class TalkingLog
{
    [Microsoft.Extensions.Logging.LoggerMessage(Microsoft.Extensions.Logging.LogLevel.Information, "{Text}")]
    public static partial void Line(Microsoft.Extensions.Logging.ILogger logger, string text);
}

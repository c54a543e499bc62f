using System.Text;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tests.Support;

namespace Mrq.Tests.Commands;

/// <summary><c>mrq enqueue</c>, as a process.</summary>
public sealed class EnqueuingAFile : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<StorePair> Pairs => [StorePair.Sqlite, StorePair.RedisAndMongo];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task A_bad_line_is_told_and_stops_no_other(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        var file = _folder.File("jobs.ndjson");
        await File.WriteAllBytesAsync(file, [.. """
            {"a": 1, "b": 2}
            rubbish

            {"a": "\u001b[31m"}
            {"a": 3, "b": 4, "c": 5}

            """u8, 0xFF, 0xFE, (byte)'\n', .. Encoding.UTF8.GetBytes($"{{\"a\": \"{new string('x', 10_000_000)}\"}}\n"), .. "{\"a\": 5, \"b\": 6}"u8], Token);

        var (code, output, errors) = await MrqProcess.RunAsync(
            _folder, ["enqueue", "samples.add", "--from", file, "--queue", "math", "--errors", _folder.File("errors.ndjson"), .. stores.Arguments]);

        Assert.Equal((1, "2 accepted, 5 rejected"), (code, output));
        var told = errors.Split('\n');
        Assert.Equal(5, told.Length);
        Assert.Equal(["line 2", "line 4", "line 5", "line 6", "line 7"], told.Select(line => line.Split(':')[1].Trim()));
        Assert.Contains("mrq: line 2: Not JSON at line 1, position 1: 'r' is an invalid start of a value.", told);
        Assert.Contains("mrq: line 4: params.a: must be a number, not \"\\u001b[31m\". params.b: is required (number).", told);
        Assert.Contains("mrq: line 6: The body is not UTF-8 text.", told);
        Assert.Contains(told, line => line.StartsWith("mrq: line 7: is longer than", StringComparison.Ordinal));
        var written = (await File.ReadAllLinesAsync(_folder.File("errors.ndjson"), Token)).Select(line => System.Text.Json.JsonElement.Parse(line).GetProperty("line").GetInt32());
        Assert.Equal([2, 4, 5, 6, 7], written);
        await using var engine = await TestEngine.StartAsync(_ => { }, workers: false, stores: stores);
        Assert.Equal(2, await engine.WaitingAsync("math"));
        var (end, queued, begin) = (await engine.Get<Audit>().ListAsync(null, 10, Token)) is [var third, var second, var first] ? (third, second, first) : default;
        Assert.Equal((AuditActions.ImportEnd, 2), (end.Action, end.Count));
        Assert.Equal((AuditActions.Enqueue, "samples.add", 2), (queued.Action, queued.Target, queued.Count));
        Assert.Equal((AuditActions.ImportBegin, $"samples.add of jobs.ndjson by {end.Target}", (long?)null), (begin.Action, begin.Target, begin.Count));
        Assert.All([end, queued, begin], entry => Assert.Equal(Environment.UserName, entry.Who));
    }

    [Fact]
    public async Task A_full_disk_under_the_file_of_errors_stops_no_job()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(
            _folder, ["enqueue", "samples.add", "--from", "-", "--errors", "/dev/full"], "{\"a\":1}\nrubbish\n{\"a\":1,\"b\":2}\n"u8.ToArray());

        Assert.Equal((1, "1 accepted, 2 rejected"), (code, output));
        Assert.Contains("mrq: --errors: lines from 1 on are missing from '/dev/full': ", errors, StringComparison.Ordinal);
        Assert.EndsWith("The jobs are queued all the same.", errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task A_call_with_an_idempotency_key_may_be_repeated(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        string[] call = ["enqueue", "samples.add", "--from", "-", "--queue", "math", "--idempotency_key", "import:", .. stores.Arguments];

        var (_, first, _) = await MrqProcess.RunAsync(_folder, call, Lines(5));
        var (code, second, errors) = await MrqProcess.RunAsync(_folder, call, Lines(7));

        Assert.Equal("5 accepted, 0 rejected", first);
        Assert.Equal((0, "2 accepted, 5 were there before, 0 rejected", ""), (code, second, errors));
        await using var engine = await TestEngine.StartAsync(_ => { }, workers: false, stores: stores);
        Assert.Equal(7, await engine.WaitingAsync("math"));
    }

    [Fact]
    public async Task Killed_in_the_middle_it_leaves_whole_jobs_and_a_repetition_queues_the_rest()
    {
        const int count = 100_000;
        var file = _folder.File("many.ndjson");
        await File.WriteAllBytesAsync(file, Lines(count), Token);
        string[] call = ["enqueue", "samples.add", "--from", file, "--queue", "math", "--idempotency_key", "import:", "--ids"];
        await using (var process = MrqProcess.Start(_folder, call))
        {
            await process.WaitForLineAsync("");
            await process.KillAsync();
            await using var store = await TestEngine.StartAsync(_ => { }, workers: false, folder: _folder);
            var told = process.Output.Split('\n').Where(id => JobId.TryParse(id, out _)).Select(JobId.Parse).ToList();
            Assert.Equal(told.Count, (await store.Queries.GetAsync(told, withPayload: false, Token)).Count);
            Assert.InRange(await store.Queries.CountAsync(new JobFilter(), long.MaxValue, Token), told.Count, count - 1);
            Assert.Equal(AuditActions.ImportBegin, Assert.Single(await store.Get<Audit>().ListAsync(null, 10, Token)).Action);
        }

        var (code, output, errors) = await MrqProcess.RunAsync(_folder, call);

        Assert.Equal((0, "", count), (code, errors, output.Split('\n').Distinct().Count()));
        await using var engine = await TestEngine.StartAsync(_ => { }, workers: false, folder: _folder);
        Assert.Equal(count, await engine.Queries.CountAsync(new JobFilter { Queue = "math", Statuses = JobStatuses.Of(JobStatus.Queued) }, long.MaxValue, Token));
        // Those whose id did not reach the queue before the kill are put there by the maintenance.
        await engine.WaitUntilAsync(async () => await engine.WaitingAsync("math") == count);
    }

    [Fact]
    public async Task When_nobody_reads_the_ids_any_more_the_jobs_are_queued_all_the_same()
    {
        var file = _folder.File("many.ndjson");
        await File.WriteAllBytesAsync(file, Lines(20_000), Token);

        var (code, output) = await Shell.RunAsync(
            "bash", ["-c", "set -o pipefail; \"$0\" enqueue samples.add --from many.ndjson --queue math --ids | head -1", Path.Combine(AppContext.BaseDirectory, "mrq")], _folder.Path);

        Assert.Equal(0, code);
        Assert.True(JobId.TryParse(output.Trim(), out _), output);
        await using var engine = await TestEngine.StartAsync(_ => { }, workers: false, folder: _folder);
        Assert.Equal(20_000, await engine.WaitingAsync("math"));
    }

    [Fact]
    public async Task Without_a_task_the_lines_are_whole_requests()
    {
        var (code, output, _) = await MrqProcess.RunAsync(
            _folder, ["enqueue", "--from", "-", "--json"], """[{"path": "samples.add", "params": {"a": 1, "b": 2}, "queue": "math"}, {"path": "samples.ad"}]"""u8.ToArray());

        Assert.Equal((1, """{"accepted":1,"existing":0,"rejected_count":1}"""), (code, output));
    }

    [Fact]
    public async Task The_value_of_a_param_is_the_unique_key()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(
            _folder, ["enqueue", "samples.add", "--from", "-", "--unique_key_from", "a"], "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":3}\n{\"b\":3}\n"u8.ToArray());

        Assert.Equal((1, "1 accepted, 1 were there before, 1 rejected"), (code, output));
        Assert.Equal("mrq: line 3: params.a: is missing: --unique_key_from takes the key from it.", errors);
    }

    [Fact]
    public async Task One_job_needs_no_file_and_an_empty_file_has_none()
    {
        var (code, output, _) = await MrqProcess.RunAsync(_folder, ["enqueue", "samples.add", "a=1", "b=2"]);
        Assert.True(code == 0 && JobId.TryParse(output, out _), output);

        Assert.Equal((0, "0 accepted, 0 rejected", ""), await MrqProcess.RunAsync(_folder, ["enqueue", "samples.add", "--from", "-"], input: []));
    }

    private static byte[] Lines(int count) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, count).Select(i => $"{{\"a\":{i},\"b\":2}}\n")));
}

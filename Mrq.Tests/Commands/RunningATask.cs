using Mrq.Jobs;
using Mrq.Samples;
using Mrq.Tests.Support;

namespace Mrq.Tests.Commands;

/// <summary><c>mrq run</c>, as a process.</summary>
public sealed class RunningATask : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<StorePair> Pairs => [StorePair.Sqlite, StorePair.RedisAndMongo];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("run", "samples.add", """{"a": 40, "b": 2}""")]
    [InlineData("run", "samples.add", "a", "40", "b=2")]
    public async Task Here_and_now_it_prints_the_result_and_nothing_else(params string[] arguments)
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, arguments);

        Assert.Equal((0, "42", ""), (code, output, errors));
    }

    [Fact]
    public async Task What_it_logs_goes_to_stderr_and_no_document_is_stored()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.progress", "steps=2", "seconds=0"]);

        Assert.Equal((0, "2"), (code, output));
        Assert.Contains("Step 2 of 2 is done", errors, StringComparison.Ordinal);
        await using var engine = await TestEngine.StartAsync(_ => { }, workers: false, folder: _folder);
        Assert.Empty((await engine.Queries.FindAsync(new JobFilter(), new JobPageRequest(), Token)).Jobs);
    }

    [Fact]
    public async Task A_task_that_fails_is_told_with_its_stack()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.fail", "message=red \u001b[31m"]);

        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("mrq: samples.fail failed: ", errors, StringComparison.Ordinal);
        Assert.Contains("red \\u001b[31m", errors, StringComparison.Ordinal);
        Assert.StartsWith("   at Mrq.Samples.Fail", errors.Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_ended_by_its_timeout_is_told_with_its_own_frames_alone()
    {
        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.sleep", "seconds=600", "--timeout", "0.5"]);

        Assert.Equal(1, code);
        Assert.Contains("ran longer than 0.5 s", errors, StringComparison.Ordinal);
        Assert.StartsWith("   at Mrq.Samples.Sleep", errors.Split('\n')[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("Mrq.Tasks.Task", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_asks_for_a_retry_has_not_crashed()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.retry", "times=3"]);

        Assert.Equal((1, ""), (code, output));
        Assert.Equal("mrq: samples.retry asked to be run again. Here and now it runs once; queued (--wait), a worker runs it again.", errors);
    }

    [Fact]
    public async Task What_it_uses_and_waits_for_is_told_at_its_end()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.primes", "n=1000", "--trace_usage", "--trace_io"]);

        Assert.Equal((0, """{"count":168,"largest":997}"""), (code, output));
        Assert.Matches(@"^mrq: samples\.primes ran .*, [0-9,]+ switch(es)?, [0-9]+ [KMG]?B allocated$", errors.Split('\n')[^2]);
        Assert.Equal("mrq: I/O: no call was seen", errors.Split('\n')[^1]);
    }

    [Fact]
    public async Task What_it_used_is_told_also_when_it_is_broken_off()
    {
        await using var process = MrqProcess.Start(_folder, ["run", "samples.progress", "steps=1000", "seconds=600", "--trace_usage"]);
        await process.WaitForErrorLineAsync("Step 1 of 1000 is done");

        await process.SignalAsync("INT");

        Assert.Equal(130, await process.ExitAsync());
        Assert.Contains("mrq: samples.progress ran ", process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_calls_that_it_waits_for_are_counted_also_when_it_fails()
    {
        using var listener = new System.Net.HttpListener();
        var port = Ports.Free();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var answering = AnswerAsync();

        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.fetch", $"url=http://127.0.0.1:{port}/x", "--trace_io"]);

        await answering;
        Assert.Equal(0, code);
        Assert.Matches(@"^mrq: I/O: .* in 1 call: http\.get .* \(1\)$", errors.Split('\n')[^1]);

        async Task AnswerAsync()
        {
            var context = await listener.GetContextAsync();
            context.Response.Close();
        }
    }

    [Fact]
    public async Task What_it_leaves_in_memory_is_in_its_log()
    {
        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.leak", "kilobytes=100", "--trace_memory"]);

        Assert.Equal(0, code);
        Assert.Contains("is alive than before this job", errors, StringComparison.Ordinal);
        Assert.Contains("kB of System.Byte[]", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_CPU_time_is_profiled()
    {
        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.primes", "n=3000000", "--profile"]);

        Assert.Equal(0, code);
        Assert.Contains("Profile: ", errors, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(_folder.File("profiles")).Length);
    }

    [Theory]
    [InlineData("no task 'samples.ad' is known. Did you mean 'samples.add'?", "samples.ad", "a=1")]
    [InlineData("params.a: must be a number, not \"x\".\nmrq: params.c: is not a param of this task. It takes: a, b.\nmrq: params.b: is required (number).", "samples.add", "a", "x", "c", "3")]
    [InlineData("params: is not JSON at line 1, position 7: '1' is an invalid end of a number. Expected a delimiter.", "samples.add", "{\"a\":1")]
    [InlineData("--timeout needs a value: SECONDS. See mrq run --help.", "samples.add", "--timeout")]
    [InlineData("--priority is given 2 times: give it once.", "samples.add", "--priority", "1", "--priority", "2", "--async")]
    [InlineData("no task 'nothing.alike' is known. mrq tasks lists those that are.", "nothing.alike")]
    [InlineData("--delay: '-5' is not a number of seconds from 0 to", "samples.add", "a=1", "b=2", "--async", "--delay", "-5")]
    [InlineData("(or with a unit: 500ms, 30s, 5m, 1h, 7d)", "samples.add", "a=1", "b=2", "--async", "--delay", "soon")]
    [InlineData("--retry_backoff: must be a number.", "samples.add", "a=1", "b=2", "--async", "--retry_backoff", "2m")]
    [InlineData("--default_timeout is for workers, and for jobs that say nothing themselves: give --timeout for this one", "samples.add", "a=1", "b=2", "--default_timeout", "5")]
    [InlineData("--lost_job_grace is for workers and does nothing here", "samples.add", "a=1", "b=2", "--lost_job_grace", "5")]
    [InlineData("--trace_io looks into the process that runs the job: give it to the workers, or leave --async and --queue away.", "samples.add", "a=1", "b=2", "--async", "--queue", "x", "--trace_io")]
    [InlineData("timeout: must be above 0 and at most", "samples.add", "a=1", "b=2", "--timeout", "0")]
    [InlineData("--priority: must be a whole number, 0 to 9, not '13'.", "samples.add", "a=1", "b=2", "--priority", "13", "--async")]
    public async Task A_wrong_request_is_refused_before_anything_runs(string error, params string[] arguments)
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["run", .. arguments]);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(error, errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task With_a_queue_it_prints_the_id_of_a_job_that_a_worker_runs(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["run", "samples.add", """{"a": 40, "b": 2}""", "--queue", "math", "--tags", "a,b", "--delay", "10ms", .. stores.Arguments]);
        Assert.Equal((0, ""), (code, errors));

        await using var engine = await TestEngine.StartAsync(mrq => mrq.AddSamples(), worker => worker.Queues = [new("math")], stores: stores);
        var job = await engine.WaitForEndAsync(JobId.Parse(output));

        Assert.Equal((JobStatus.Success, "42", "math"), (job.Status, job.Result, job.Queue.Value));
        Assert.Equal(["a", "b"], job.Tags);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task It_waits_for_a_job_that_runs_elsewhere(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        await using var engine = await TestEngine.StartAsync(mrq => mrq.AddSamples(), stores: stores);

        var good = MrqProcess.RunAsync(_folder, ["run", "samples.add", "a=40", "b=2", "--wait", .. stores.Arguments]);
        var bad = MrqProcess.RunAsync(_folder, ["run", "samples.fail", "message=no", "--wait", .. stores.Arguments]);
        var never = MrqProcess.RunAsync(_folder, ["run", "samples.add", "a=1", "b=2", "--queue", "nobody", "--wait", "--wait_timeout", "100ms", .. stores.Arguments]);

        Assert.Equal((0, "42", ""), await good);
        var (code, output, errors) = await bad;
        Assert.Equal((1, ""), (code, output));
        Assert.Matches("mrq: job [0-9a-f]{24} ended as failed: .*: no", errors);
        (code, output, errors) = await never;
        Assert.Equal((3, ""), (code, output));
        Assert.Contains("is queued after 0.1 s of waiting, and goes on", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_tells_the_task_to_end(string signal, int exitCode)
    {
        await using var process = MrqProcess.Start(_folder, ["run", "samples.progress", "steps=10000", "seconds=3600"]);
        await process.WaitForErrorLineAsync("Step 1 of");

        await process.SignalAsync(signal);

        Assert.Equal(exitCode, await process.ExitAsync());
        Assert.Equal("", process.Output);
    }
}

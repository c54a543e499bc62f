using System.Text.Json;
using Mrq.Jobs;
using Mrq.Samples;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>The sample tasks on real input.</summary>
public sealed class RunningTheSamples
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("samples.add", """{"a": 1.5, "b": 2}""", "3.5")]
    [InlineData("samples.sleep", """{"seconds": 0.01}""", "0.01")]
    [InlineData("samples.primes", """{"n": 100000}""", """{"count":9592,"largest":99991}""")]
    [InlineData("samples.progress", """{"steps": 3, "seconds": 0.03}""", "3")]
    [InlineData("samples.flaky", """{"p": 0}""", "0")]
    [InlineData("samples.leak", """{"kilobytes": 2}""", "2048")]
    public async Task It_gives_the_expected_result(string path, string parameters, string result)
    {
        await using var mrq = await StartAsync();

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync(path, parameters));

        Assert.Equal((JobStatus.Success, result), (job.Status, job.Result));
    }

    [Fact]
    public async Task Many_pages_are_fetched_in_one_job()
    {
        await using var place = await VisitedPlace.StartAsync();
        await using var mrq = await StartAsync();
        var urls = Enumerable.Range(0, 30).Select(i => JsonSerializer.SerializeToElement(place.Passing($"{i}")).GetProperty("url").GetString());

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("samples.fetch_many", JsonSerializer.Serialize(new { urls, at_once = 7 })));

        Assert.Equal((JobStatus.Success, """{"pages":30,"bytes":0,"statuses":{"200":30}}"""), (job.Status, job.Result));
        Assert.Equal((30, 1), (place.Visits.Count, place.Visits.Values.Max()));
        Assert.Equal(1, job.Progress);
    }

    [Fact]
    public async Task Files_are_counted_hashed_and_compressed()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("deep"));
        await File.WriteAllTextAsync(folder.File("one.txt"), "to be or\nnot to be\n", Token);
        await File.WriteAllTextAsync(folder.File("deep/two.txt"), "that is the question\n", Token);
        await using var mrq = await StartAsync();

        var words = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("samples.count_words", Path(folder.Path)));
        var hashes = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("samples.hash_files", Path(folder.File("one.txt"))));
        var gzip = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("samples.gzip", Path(folder.File("one.txt"))));
        var missing = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("samples.gzip", Path(folder.File("none"))));

        Assert.Equal("""{"files":2,"lines":3,"words":10,"bytes":40}""", words.Result);
        Assert.Equal(2, (await mrq.Get<IJobLogStore>().ReadAsync(words.Id, 0, 10, Token)).Count);
        Assert.Contains("680db75f15bf9fb7446d300d2f7b58f836e71f3f292c338507976568d1690c61", hashes.Result, StringComparison.Ordinal);
        Assert.Contains("\"bytes\":19", gzip.Result, StringComparison.Ordinal);
        Assert.Equal(JobStatus.Failed, missing.Status);
        Assert.Contains("none", missing.ExceptionMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_failing_ones_fail_and_the_retrying_one_succeeds_in_the_end()
    {
        await using var mrq = await StartAsync();

        var failed = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("samples.fail", """{"message": "on purpose"}"""));
        var flaky = await mrq.WaitForAsync(await mrq.EnqueueAsync("samples.flaky", """{"p": 1}"""), JobStatus.Retry);
        var retried = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("samples.retry", """{"times": 1}"""));
        var refused = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.EnqueueAsync("samples.flaky", """{"p": 2}"""));

        Assert.Equal((JobStatus.Failed, "on purpose"), (failed.Status, failed.ExceptionMessage));
        Assert.Equal(typeof(SampleException).FullName, flaky.ExceptionType);
        Assert.Equal((JobStatus.Success, "1"), (retried.Status, retried.Result));
        Assert.Equal("params.p", Assert.Single(refused.Errors).Field);
    }

    private static string Path(string path) => JsonSerializer.Serialize(new { path });

    private static Task<TestEngine> StartAsync() => TestEngine.StartAsync(b => b.AddSamples());
}

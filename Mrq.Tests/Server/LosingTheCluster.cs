using Mrq.Tests.Api;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary>A server whose Redis or MongoDB goes away while it runs, and comes back.</summary>
public sealed class LosingTheCluster : ApiExpectations, IAsyncLifetime
{
    private readonly TestTasks _tasks = new();
    private StoppableStores _stores = null!;
    private MrqServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _stores = await StoppableStores.StartAsync();
        _server = await MrqServer.StartAsync(_tasks.Register, stores: _stores.Stores);
    }

    public async ValueTask DisposeAsync()
    {
        _tasks.Release();
        await _server.DisposeAsync();
        await _stores.DisposeAsync();
    }

    [Fact]
    public async Task Without_Redis_it_lives_says_since_when_reads_jobs_and_goes_on_when_it_is_back()
    {
        var job = await _server.EnqueueAsync("test.nothing");
        await _server.EndOfAsync(job);

        await _stores.Redis.KillAsync();

        var away = await ReadyAsync(503);
        Assert.Matches($@"^Redis redis://127\.0\.0\.1:{_stores.Redis.Port}/0, keys mrq-test-\w+:\* is away since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ: Redis at .* cannot be reached", away.At("detail"));
        Assert.DoesNotContain("MongoDB", away.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await _server.GetAsync("/health/live")).Status);
        Assert.Equal(200, (await _server.GetAsync($"/api/jobs/{job}")).Status);
        AssertProblem(await _server.GetAsync("/api/queues"), 503, "cannot be reached");

        await _stores.Redis.RestartAsync();

        await ReadyAsync(200);
        Assert.Equal("success", (await _server.EndOfAsync(await _server.EnqueueAsync("test.nothing"))).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Without_MongoDB_it_lives_says_since_when_and_goes_on_when_it_is_back()
    {
        await _server.EndOfAsync(await _server.EnqueueAsync("test.nothing"));

        await _stores.StopMongoAsync();

        var away = await ReadyAsync(503);
        Assert.Matches(@"^MongoDB 127\.0\.0\.1:\d+/mrq-test-\w+ is away since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: MongoDB ", away.At("detail"));
        Assert.DoesNotContain("Redis", away.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await _server.GetAsync("/health/live")).Status);
        AssertProblem(await _server.GetAsync("/api/jobs"), 503, "MongoDB");
        AssertProblem(await _server.PostAsync("/api/jobs", """{"path":"test.nothing"}"""), 503, "MongoDB");
        AssertProblem(await _server.GetAsync("/api/workers"), 503, "MongoDB");

        await _stores.StartMongoAsync();

        await ReadyAsync(200);
        Assert.Equal("success", (await _server.EndOfAsync(await _server.EnqueueAsync("test.nothing"))).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Both_away_are_both_named()
    {
        await _stores.Redis.KillAsync();
        await _stores.StopMongoAsync();

        string detail;
        do
        {
            detail = (await ReadyAsync(503)).At("detail")!;
        }
        while (!detail.Contains("Redis redis://", StringComparison.Ordinal) || !detail.Contains("MongoDB 127", StringComparison.Ordinal));
    }

    // Each question is a look at the stores: nothing is waited for but their answers.
    private async Task<Answer> ReadyAsync(int status)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TestEngine.Patience);
        while (true)
        {
            var answer = await _server.GetAsync("/health/ready");
            if (answer.Status == status)
            {
                return answer;
            }

            Assert.False(patience.IsCancellationRequested, $"/health/ready still answers {answer.Text}");
        }
    }
}

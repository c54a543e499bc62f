using System.Text.Json;
using Mrq.Tests.Support;

namespace Mrq.Tests.Nodes;

/// <summary>One of two nodes goes, and the other has what it had in hand.</summary>
public sealed class LosingANode : IAsyncLifetime
{
    private const int Each = 10;

    private MrqCluster _cluster = null!;
    private VisitedPlace _place = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await VisitedPlace.StartAsync();
        _cluster = await MrqCluster.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _place.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task What_a_killed_node_ran_is_run_by_the_other_and_every_job_ends_once()
    {
        var (victim, survivor) = await StartTwoFullAsync();

        await victim.Process.SignalAsync("KILL");

        Assert.Equal(Names("first"), await _place.ArrivalsAsync(Each));
        await AssertAllEndAsync(survivor);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task What_a_node_that_is_told_to_stop_cannot_end_is_run_by_the_other(string signal)
    {
        var (leaving, survivor) = await StartTwoFullAsync();

        await leaving.Process.SignalAsync(signal);

        Assert.Equal(Names("first"), await _place.ArrivalsAsync(Each));
        Assert.Equal(0, await leaving.Process.ExitAsync());
        var page = await survivor.GetAsync($"/api/jobs?limit={Each * 2}");
        var interrupted = page.GetProperty("jobs").EnumerateArray().Where(j => j.GetProperty("attempt").GetInt32() == 2).ToList();
        Assert.Equal(Each, interrupted.Count);
        await AssertAllEndAsync(survivor);
    }

    [Fact]
    public async Task A_node_that_is_killed_at_any_moment_loses_no_job_of_thousands()
    {
        const int Jobs = 3000;
        // The first does the maintenance: that, too, the other has to take over.
        MrqNode[] nodes = [await _cluster.StartNodeAsync("--concurrency", "20"), await _cluster.StartNodeAsync("--concurrency", "20")];
        await nodes[0].EnqueueManyAsync("samples.fetch", Enumerable.Range(0, Jobs).Select(i => _place.Passing($"{i}")));
        // By then jobs are in every stage.
        await nodes[0].UntilAsync("/api/stats?range=1h", stats => stats.GetProperty("ended").GetInt64() > 0);

        await nodes[0].Process.SignalAsync("KILL");

        // The documents are asked, not the totals: those that the death left wrong are put right within a minute.
        await nodes[1].UntilAsync("/api/jobs?limit=1&status=live", page => JobsOf(page) == 0);
        await nodes[1].UntilAsync("/api/queues", queues => queues.GetProperty("queues").EnumerateArray().All(q => q.GetProperty("size").GetInt64() == 0));
        Assert.Equal(Jobs, await CountSuccessesAsync(nodes[1]));
        Assert.Equal(Jobs, _place.Visits.Count);
    }

    private static int JobsOf(JsonElement page) => page.GetProperty("jobs").GetArrayLength();

    private static async Task<int> CountSuccessesAsync(MrqNode node)
    {
        var count = 0;
        var next = "";
        do
        {
            var page = await node.GetAsync($"/api/jobs?status=success&limit=1000{next}");
            count += JobsOf(page);
            next = page.GetProperty("next").GetString() is { } before ? $"&before={before}" : null;
        }
        while (next is not null);
        return count;
    }

    /// <summary>Two nodes that run ten jobs each; the second could run twice as many. The first does the maintenance.</summary>
    private async Task<(MrqNode First, MrqNode Second)> StartTwoFullAsync()
    {
        var first = await _cluster.StartNodeAsync("--concurrency", $"{Each}", "--prefetch", "0", "--shutdown_timeout", "0");
        await first.EnqueueManyAsync("samples.fetch", Names("first").Select(_place.Staying));
        Assert.Equal(Names("first"), await _place.ArrivalsAsync(Each));
        var second = await _cluster.StartNodeAsync("--concurrency", $"{Each * 2}", "--prefetch", "0");
        await first.EnqueueManyAsync("samples.fetch", Names("second").Select(_place.Staying));
        Assert.Equal(Names("second"), await _place.ArrivalsAsync(Each));
        return (first, second);
    }

    private async Task AssertAllEndAsync(MrqNode survivor)
    {
        _place.Release();
        var stats = await survivor.UntilAsync("/api/stats?range=1h", stats => MrqNode.Statuses(stats).GetValueOrDefault("success") == Each * 2);
        Assert.Equal(Each * 2, stats.GetProperty("total").GetInt64());
        Assert.Equal(Each * 2, (await survivor.UntilAsync("/api/stats?range=1h", s => EndedWell(s) >= Each * 2)).GetProperty("series").EnumerateArray().Sum(EndedWellIn));
        Assert.All(Names("first"), name => Assert.Equal(2, _place.Visits[name]));
        Assert.All(Names("second"), name => Assert.Equal(1, _place.Visits[name]));
    }

    private static long EndedWell(JsonElement stats) => stats.GetProperty("series").EnumerateArray().Sum(EndedWellIn);

    private static long EndedWellIn(JsonElement span) => span.GetProperty("statuses").TryGetProperty("success", out var count) ? count.GetInt64() : 0;

    private static IEnumerable<string> Names(string node) => Enumerable.Range(0, Each).Select(i => $"{node}-{i}");
}

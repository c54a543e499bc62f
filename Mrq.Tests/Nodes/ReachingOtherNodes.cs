using System.Text.Json;
using Mrq.Tests.Support;

namespace Mrq.Tests.Nodes;

/// <summary>What a person asks of one node, and another has to do.</summary>
public sealed class ReachingOtherNodes : IAsyncLifetime
{
    private MrqCluster _cluster = null!;
    private VisitedPlace _place = null!;

    /// <summary>Runs the jobs.</summary>
    private MrqNode _runner = null!;

    /// <summary>Is asked, and runs none.</summary>
    private MrqNode _asked = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await VisitedPlace.StartAsync();
        _cluster = await MrqCluster.StartAsync();
        // So long that only signals can be meant: what is asked is not found by a look that comes anyway.
        var runner = _cluster.StartNodeAsync("--concurrency", "2", "--queues", "default,other", "--report_interval", "60", "--max_latency", "60", "--shutdown_timeout", "600");
        (_asked, _runner) = (await _cluster.StartNodeAsync("--workers", "false"), await runner);
    }

    public async ValueTask DisposeAsync()
    {
        await _place.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task An_abort_ends_the_job_where_it_runs()
    {
        var id = await _asked.EnqueueAsync("samples.fetch", _place.Staying("job"));
        await _place.ArrivalAsync();

        await _asked.PostAsync($"/api/jobs/{id}/abort");

        Assert.Equal("job", await _place.DepartureAsync());
        await _asked.UntilAsync(id, "abort");
        await _runner.UntilAsync(id, "abort");
    }

    [Fact]
    public async Task A_paused_queue_gives_nothing_to_any_node_until_it_is_resumed()
    {
        await _asked.PostAsync("/api/queues/default/pause");
        var held = await _asked.EnqueueAsync("samples.fetch", _place.Passing("held"));
        // Behind it in the order in which the worker looks: when this one runs, the worker has passed over the other.
        await _asked.UntilAsync(await _asked.EnqueueAsync("samples.fetch", _place.Passing("other"), "other"), "success");

        Assert.Equal(["other"], _place.Order);
        Assert.True((await _runner.GetAsync("/api/queues/default")).GetProperty("paused").GetBoolean());
        await _asked.PostAsync("/api/queues/default/resume");

        await _runner.UntilAsync(held, "success");
        Assert.Equal(["other", "held"], _place.Order);
    }

    [Fact]
    public async Task A_worker_that_is_told_to_stop_ends_its_job_and_takes_no_more()
    {
        var running = await _asked.EnqueueAsync("samples.fetch", _place.Staying("running"));
        await _place.ArrivalAsync();
        var worker = Worker(await _asked.GetAsync("/api/workers"));

        await _asked.PostAsync($"/api/workers/{worker}/stop");
        await _asked.UntilAsync($"/api/workers/{worker}", w => w.GetProperty("status").GetString() == "join");
        var later = await _asked.EnqueueAsync("samples.fetch", _place.Passing("later"));
        _place.Release();

        await _asked.UntilAsync(running, "success");
        await _asked.UntilAsync($"/api/workers/{worker}", w => w.GetProperty("status").GetString() == "stop");
        Assert.Equal("queued", (await _asked.GetAsync($"/api/jobs/{later}")).GetProperty("status").GetString());
        Assert.False(_place.Visits.ContainsKey("later"));
    }

    private static string Worker(JsonElement workers) => workers.GetProperty("workers").EnumerateArray()
        .Single(w => w.GetProperty("queues")[0].GetString() == "default").GetProperty("id").GetString()!;
}

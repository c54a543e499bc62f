using System.Text.Json;
using Mrq.Tests.Support;

namespace Mrq.Tests.Nodes;

/// <summary>Three processes on one Redis and one MongoDB.</summary>
public sealed class SharingTheWork
{
    private const int Nodes = 3;
    private const int Jobs = 20_000;

    [Fact]
    public async Task Of_20000_jobs_each_runs_once_every_node_runs_its_share_and_all_nodes_say_the_same()
    {
        await using var place = await VisitedPlace.StartAsync();
        await using var cluster = await MrqCluster.StartAsync();
        var nodes = await cluster.StartNodesAsync(Nodes, "--concurrency", "20");

        // All begin at once, however long it takes to put the jobs in.
        await nodes[0].PostAsync("/api/queues/default/pause");
        await Task.WhenAll(Enumerable.Range(0, Jobs).GroupBy(i => i % Nodes)
            .Select(part => nodes[part.Key].EnqueueManyAsync("samples.fetch", part.Select(i => place.Passing($"{i}")))));
        await nodes[^1].PostAsync("/api/queues/default/resume");
        foreach (var node in nodes)
        {
            await node.UntilAsync("/api/stats?range=1h", stats => EndedIn(stats) == Jobs);
            await node.UntilAsync("/api/workers", workers => DoneBy(workers).Values.Sum() == Jobs);
        }

        Assert.Equal(Jobs, place.Visits.Count);
        Assert.All(place.Visits, visit => Assert.Equal(1, visit.Value));
        await AssertNodesAgreeAsync(nodes);
        var shares = DoneBy(await nodes[0].GetAsync("/api/workers")).Values;
        Assert.Equal(Nodes, shares.Count);
        Assert.All(shares, share => Assert.InRange(share, Jobs / Nodes / 2, Jobs / Nodes * 2));
    }

    private static async Task AssertNodesAgreeAsync(IReadOnlyList<MrqNode> nodes)
    {
        var views = new List<string>();
        foreach (var node in nodes)
        {
            var stats = await node.GetAsync("/api/stats?range=1h");
            var jobs = await node.GetAsync("/api/jobs?limit=1000&status=success");
            views.Add(string.Join('\n', [
                stats.GetProperty("statuses").GetRawText(),
                $"{stats.GetProperty("total")} jobs, {stats.GetProperty("ended")} ended",
                (await node.GetAsync("/api/queues")).GetRawText(),
                string.Join(", ", DoneBy(await node.GetAsync("/api/workers")).OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => $"{w.Key} {w.Value}")),
                jobs.GetRawText(),
            ]));
        }

        Assert.Equal(new Dictionary<string, long> { ["success"] = Jobs }, MrqNode.Statuses(await nodes[0].GetAsync("/api/stats")));
        Assert.All(views, view => Assert.Equal(views[0], view));
    }

    private static long EndedIn(JsonElement stats) => stats.GetProperty("ended").GetInt64();

    /// <summary>What each worker of jobs has done; the workers of bulk actions have none.</summary>
    private static Dictionary<string, long> DoneBy(JsonElement workers) => workers.GetProperty("workers").EnumerateArray()
        .Where(w => w.GetProperty("queues")[0].GetString() == "default")
        .ToDictionary(w => w.GetProperty("id").GetString()!, w => w.GetProperty("done_jobs").GetInt64());
}

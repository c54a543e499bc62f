using System.Text.Json;

namespace Mrq.Tests.Api;

public sealed class AuditSpec : ApiSpec
{
    [Fact]
    public async Task Everything_that_changes_something_is_noted()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });
        await Server.SendAsync(HttpMethod.Put, $"/api/jobs/{id}", """{"queue":"slower"}""");
        await Server.PostAsync($"/api/jobs/{id}/cancel");
        await Server.PostAsync($"/api/jobs/{id}/requeue");
        await Server.PostAsync("/api/queues/slower/pause");
        await Server.PostAsync("/api/queues/slower/resume");
        await Server.PostAsync("/api/queues/slower/purge");
        await Server.SendAsync(HttpMethod.Delete, $"/api/jobs/{id}");
        var bulk = await Server.PostAsync("/api/jobs/actions", """{"action":"delete","filter":{"status":"cancel"}}""");

        var entries = await EntriesAsync("");

        string?[] expected = ["jobs.delete", "job.delete", "queue.purge", "queue.resume", "queue.pause", "job.requeue", "job.cancel", "job.edit"];
        Assert.Equal(expected, entries.Select(Action).Where(a => a is not ("job.enqueue" or "jobs.delete.end")));
        Assert.All(entries.Where(e => Action(e) != "jobs.delete.end"), e => Assert.Equal("anonymous", e.GetProperty("who").GetString()));
        Assert.Equal($$"""{"status":"cancel"} by {{bulk.At("job")}}""", entries.First(e => Action(e) == "jobs.delete").GetProperty("target").GetString());
        var purge = entries.First(e => Action(e) == "queue.purge");
        Assert.Equal("slower", purge.GetProperty("target").GetString());
        Assert.Equal(1, purge.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task A_bulk_action_notes_at_its_end_how_many_jobs_it_changed()
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });
        await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });
        var job = (await Server.PostAsync("/api/jobs/actions", """{"action":"cancel","filter":{"queue":"slow"}}""")).At("job");
        await Server.EndOfAsync(job!);

        var end = (await EntriesAsync("")).Single(e => Action(e) == "jobs.cancel.end");

        Assert.Equal(("mrq.job_action", job, 2), (end.GetProperty("who").GetString(), end.GetProperty("target").GetString(), end.GetProperty("count").GetInt32()));
    }

    [Fact]
    public async Task Queued_jobs_are_noted_by_task_with_how_many()
    {
        await Server.SendAsync(HttpMethod.Post, "/api/jobs/bulk", string.Concat(Enumerable.Repeat("{\"path\":\"test.nothing\"}\n", 7)), "application/x-ndjson");

        await Server.Get<Mrq.Dashboard.Api.EnqueueAudit>().WriteAsync();

        var entries = await EntriesAsync("");
        Assert.Equal(7, entries.Where(e => e.GetProperty("target").GetString() == "test.nothing").Sum(e => e.GetProperty("count").GetInt32()));
    }

    [Fact]
    public async Task A_large_import_is_noted_when_it_begins_and_when_it_has_ended()
    {
        await ImportAsync(10);
        await ImportAsync(1500);

        var entries = (await EntriesAsync("")).Where(e => Action(e) != "job.enqueue").ToList();

        Assert.Equal(["jobs.import.end", "jobs.import"], entries.Select(Action));
        Assert.Equal(1500, entries[0].GetProperty("count").GetInt32());
        Assert.Equal($"POST /api/jobs/bulk by {entries[0].GetProperty("target").GetString()}", entries[1].GetProperty("target").GetString());

        Task ImportAsync(int count) => Server.SendAsync(
            HttpMethod.Post, "/api/jobs/bulk", string.Concat(Enumerable.Repeat("{\"path\":\"test.nothing\"}\n", count)), "application/x-ndjson");
    }

    [Fact]
    public async Task What_was_refused_is_not_noted()
    {
        await Server.PostAsync($"/api/jobs/{UnknownId}/cancel");
        await Server.PostAsync("/api/queues/nobody/purge");

        Assert.Empty(await EntriesAsync(""));
    }

    [Fact]
    public async Task Entries_are_paged_newest_first()
    {
        for (var i = 0; i < 5; i++)
        {
            await Server.PostAsync($"/api/queues/q{i}/pause");
        }

        var first = (await Server.GetAsync("/api/audit?limit=3")).Json;
        var rest = await EntriesAsync($"?before={first.GetProperty("next")}");

        Assert.Equal(["q4", "q3", "q2"], first.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("target").GetString()));
        Assert.Equal(["q1", "q0"], rest.Select(e => e.GetProperty("target").GetString()));
    }

    private async Task<List<JsonElement>> EntriesAsync(string query) =>
        [.. (await Server.GetAsync($"/api/audit{query}")).Json.GetProperty("entries").EnumerateArray()];

    private static string? Action(JsonElement entry) => entry.GetProperty("action").GetString();
}

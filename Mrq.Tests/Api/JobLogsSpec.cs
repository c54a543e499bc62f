namespace Mrq.Tests.Api;

public sealed class JobLogsSpec : ApiSpec
{
    [Fact]
    public async Task Lines_are_read_in_order_and_page_by_page()
    {
        var id = await Server.EnqueueAsync("test.log", new { lines = 5 });
        await Server.EndOfAsync(id);
        var first = (await Server.GetAsync($"/api/jobs/{id}/logs?limit=3")).Json;
        var rest = (await Server.GetAsync($"/api/jobs/{id}/logs?after={first.GetProperty("next")}")).Json;

        var lines = first.GetProperty("lines").EnumerateArray().Concat(rest.GetProperty("lines").EnumerateArray()).ToList();

        Assert.Equal(["line 1", "line 2", "line 3", "line 4", "line 5"], lines.Select(l => l.GetProperty("message").GetString()));
        Assert.Equal("information", lines[0].GetProperty("level").GetString());
        Assert.Equal(1, lines[0].GetProperty("attempt").GetInt32());
    }

    [Fact]
    public async Task A_job_that_logged_nothing_has_no_lines()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });

        Assert.Equal("{\"lines\":[],\"next\":0}\n", (await Server.GetAsync($"/api/jobs/{id}/logs")).Text);
    }
}

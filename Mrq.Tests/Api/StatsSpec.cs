namespace Mrq.Tests.Api;

public sealed class StatsSpec : ApiSpec
{
    [Fact]
    public async Task Totals_and_rates_are_counted()
    {
        await Server.EndOfAsync(await Server.EnqueueAsync("test.nothing"));
        await Server.EndOfAsync(await Server.EnqueueAsync("test.fail"));
        await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });

        var stats = (await Server.GetAsync("/api/stats?range=5m")).Json;

        Assert.Equal(3, stats.GetProperty("total").GetInt32());
        Assert.Equal(1, stats.GetProperty("statuses").GetProperty("queued").GetInt32());
        Assert.Equal(300, stats.GetProperty("range").GetInt32());
        Assert.Equal(5, stats.GetProperty("step").GetInt32());
        Assert.Equal(2, stats.GetProperty("ended").GetInt32());
        Assert.Equal(2, stats.GetProperty("series").EnumerateArray().Sum(p => p.GetProperty("count").GetInt32()));
    }

    [Fact]
    public async Task Exceptions_are_counted_by_task_and_type()
    {
        await Server.EndOfAsync(await Server.EnqueueAsync("test.fail"));
        await Server.EndOfAsync(await Server.EnqueueAsync("test.fail"));

        var exceptions = (await Server.GetAsync("/api/exceptions")).Json.GetProperty("exceptions");

        Assert.Equal("test.fail", exceptions[0].GetProperty("path").GetString());
        Assert.Equal("System.IO.InvalidDataException", exceptions[0].GetProperty("exceptiontype").GetString());
        Assert.Equal(2, exceptions[0].GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Prometheus_gets_text()
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = "main/sub" });

        var answer = await Server.GetAsync("/metrics");

        Assert.Equal("text/plain", answer.ContentType);
        Assert.Contains("mrq_jobs{status=\"queued\"} 1\n", answer.Text, StringComparison.Ordinal);
        Assert.Contains("mrq_queue_size{queue=\"main/sub\"} 1\n", answer.Text, StringComparison.Ordinal);
        Assert.Contains("process_resident_memory_bytes ", answer.Text, StringComparison.Ordinal);
    }
}

using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

public abstract class AcceptingAJob(StorePair pair) : EngineSpec(pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_delayed_job_is_scheduled_and_runs_when_its_time_has_come()
    {
        await using var mrq = await StartAsync(workers: true);

        var soon = await mrq.EnqueueAsync("note", """{"text":"soon"}""", r => r with { Delay = TimeSpan.FromMilliseconds(300) });
        var later = await mrq.EnqueueAsync("note", """{"text":"later"}""", r => r with { RunAt = TimeProvider.System.GetUtcNow().AddHours(1) });

        Assert.NotNull((await mrq.FindAsync(soon)).RunAt);
        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(soon)).Status);
        Assert.Equal(JobStatus.Scheduled, (await mrq.FindAsync(later)).Status);
    }

    [Fact]
    public async Task A_time_that_has_passed_means_at_once()
    {
        await using var mrq = await StartAsync();

        var id = await mrq.EnqueueAsync("note", """{"text":"x"}""", r => r with { RunAt = TimeProvider.System.GetUtcNow().AddHours(-1) });

        Assert.Equal(JobStatus.Queued, (await mrq.FindAsync(id)).Status);
        Assert.Equal(1, await mrq.WaitingAsync("default"));
    }

    [Fact]
    public async Task A_unique_key_is_taken_until_its_job_ends()
    {
        await using var mrq = await StartAsync();
        var request = new JobRequest { Path = "note", Params = """{"text":"x"}""", UniqueKey = "only-one" };

        var first = await mrq.Client.EnqueueAsync(request, Token);
        var second = await mrq.Client.EnqueueAsync(request, Token);
        await mrq.Control.ApplyAsync(JobAction.Cancel, [first.Id], null, Token);
        var third = await mrq.Client.EnqueueAsync(request, Token);
        var requeue = await mrq.Control.ApplyAsync(JobAction.Requeue, [first.Id], null, Token);

        Assert.Equal((first.Id, true), (second.Id, second.Existing));
        Assert.False(third.Existing);
        Assert.Contains("only-one", Assert.Single(requeue.Refused).Reason, StringComparison.Ordinal);
        Assert.Equal(1, await mrq.WaitingAsync("default"));
    }

    [Fact]
    public async Task A_repeated_request_finds_the_job_of_the_first_also_after_its_end()
    {
        await using var mrq = await StartAsync(workers: true);
        var request = new JobRequest { Path = "note", Params = """{"text":"x"}""", IdempotencyKey = "order-17" };

        var first = await mrq.Client.EnqueueAsync(request, Token);
        await mrq.WaitForEndAsync(first.Id);
        var second = await mrq.Client.EnqueueAsync(request, Token);

        Assert.Equal((first.Id, true), (second.Id, second.Existing));
    }

    [Fact]
    public async Task The_task_the_configuration_and_the_request_say_where_it_goes_in_rising_order()
    {
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<Note>("plain", (_, _, _) => Task.CompletedTask)
                .AddTask<Note>("routed", (_, _, _) => Task.CompletedTask, new TaskOptions { Queue = new QueueName("by-task") })
                .Configure(o => o.DefaultQueue = "by-default"),
            workers: false);

        Assert.Equal("by-default", (await mrq.FindAsync(await mrq.EnqueueAsync("plain", """{"text":"x"}"""))).Queue.Value);
        Assert.Equal("by-task", (await mrq.FindAsync(await mrq.EnqueueAsync("routed", """{"text":"x"}"""))).Queue.Value);
        Assert.Equal("asked", (await mrq.FindAsync(await mrq.EnqueueAsync(
            "routed", """{"text":"x"}""", r => r with { Queue = new QueueName("asked") }))).Queue.Value);
    }

    [Fact]
    public async Task An_unknown_task_is_refused_with_the_closest_known()
    {
        await using var mrq = await StartAsync();

        var refused = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.EnqueueAsync("nota"));

        Assert.True(refused.UnknownTask);
        Assert.Contains("Did you mean 'note'?", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_wrong_field_is_named_at_once()
    {
        await using var mrq = await StartAsync();

        var refused = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.EnqueueAsync(
            "note", """{"texd":"x","times":11,"flag":"yes"}""",
            r => r with { Delay = TimeSpan.FromSeconds(-1), Timeout = TimeSpan.Zero, MaxRetries = -1, UniqueKey = "", Tags = [""] }));

        Assert.Equal(
            ["delay", "max_retries", "params.flag", "params.texd", "params.text", "params.times", "tags", "timeout", "unique_key"],
            refused.Errors.Select(e => e.Field).Order(StringComparer.Ordinal));
        Assert.Contains("Did you mean 'text'?", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await mrq.Queries.CountsAsync(Token)).Sum(c => c.Count));
    }

    [Theory]
    [InlineData("[1]", "object")]
    [InlineData("{", "not JSON")]
    [InlineData("""{"text":null}""", "null")]
    [InlineData("""{"text":{"a":1}}""", "must be a string")]
    public async Task Params_that_are_no_params_are_refused(string parameters, string reason)
    {
        await using var mrq = await StartAsync();

        var refused = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.EnqueueAsync("note", parameters));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_params_type_may_say_that_it_bears_unknown_fields()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<Lenient, string>("lenient", (p, _, _) => Task.FromResult(p.Text)));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("lenient", """{"text":"x","more":1}"""));

        Assert.Equal((JobStatus.Success, "\"x\""), (job.Status, job.Result));
    }

    [Fact]
    public async Task Params_that_are_too_long_are_refused()
    {
        await using var mrq = await StartAsync();

        var refused = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.EnqueueAsync("note", $$"""{"text":"{{new string('x', 1024 * 1024)}}"}"""));

        Assert.Contains("max_params_size", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_waiting_job_can_be_edited_and_one_that_ended_cannot()
    {
        await using var mrq = await StartAsync();
        var id = await mrq.EnqueueAsync("note", """{"text":"x"}""");

        Assert.Null(await mrq.Control.EditAsync(id, """{"text":"y"}""", new QueueName("other"), Token));
        var edited = await mrq.FindAsync(id);
        var wrong = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Control.EditAsync(id, """{"text":1}""", null, Token));
        await mrq.Control.ApplyAsync(JobAction.Cancel, [id], null, Token);
        var refused = await mrq.Control.EditAsync(id, null, new QueueName("third"), Token);

        Assert.Equal(("""{"text":"y"}""", "other"), (edited.Params, edited.Queue.Value));
        Assert.Equal("params.text", Assert.Single(wrong.Errors).Field);
        Assert.Contains("only a waiting job", refused!.Reason, StringComparison.Ordinal);
        Assert.Equal(0, await mrq.WaitingAsync("other"));
    }

    private Task<TestEngine> StartAsync(bool workers = false) =>
        StartEngineAsync(b => b.AddTask<Note>("note", (_, _, _) => Task.CompletedTask), workers: workers);

    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
    private sealed record Lenient(string Text);

    private sealed record Note(string Text, [Range(1, 10)] int Times = 1, bool Flag = false);
}

public sealed class AcceptingAJobOnSqlite() : AcceptingAJob(StorePair.Sqlite);

public sealed class AcceptingAJobOnRedisAndMongo() : AcceptingAJob(StorePair.RedisAndMongo);

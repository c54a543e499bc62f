using System.Collections.Concurrent;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>A worker that listens to a name with a slash at its end, and pauses that reach what is under a name; with queues of jobs and raw queues alike.</summary>
public abstract class ListeningToSubQueues(StorePair pair) : EngineSpec(pair)
{
    private readonly ConcurrentQueue<string> _ran = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private sealed record Noted(string Text);

    [Fact]
    public async Task A_name_that_ends_in_a_slash_takes_what_is_under_it_and_nothing_else()
    {
        string[] inside = ["main/sub", "main/sub/nested", "main/clicks_raw", "main/sub/clicks_set"];
        string[] outside = ["main", "main_", "/main", "mainx/sub", "other", "main_raw", "other/clicks_raw"];
        await using var mrq = await StartAsync("main/", "last");
        foreach (var queue in outside.Concat(inside).Append("last"))
        {
            await EnqueueAsync(mrq, queue);
        }

        await WaitUntilRanAsync(mrq, [.. inside, "last"]);

        var waiting = (await mrq.Get<QueueControl>().ListAsync(Token)).Where(q => q.Waiting > 0).Select(q => q.Name.Value);
        Assert.Equal(outside.Order(StringComparer.Ordinal), waiting.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_sub_queue_that_nobody_had_named_is_found_while_the_worker_runs()
    {
        await using var mrq = await StartAsync("main/");

        await EnqueueAsync(mrq, "main/new");
        await WaitUntilRanAsync(mrq, "main/new");
        await EnqueueAsync(mrq, "main/newer/clicks_raw");
        await WaitUntilRanAsync(mrq, "main/new", "main/newer/clicks_raw");
    }

    [Fact]
    public async Task A_job_cannot_be_put_into_a_name_that_stands_for_sub_queues()
    {
        await using var mrq = await StartAsync("main/");

        var error = await Assert.ThrowsAsync<InvalidJobException>(() => EnqueueAsync(mrq, "main/"));

        Assert.Contains("'main/' ends in /", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("clicks_raw")]
    public async Task A_paused_queue_keeps_what_it_has_while_others_run_until_it_is_resumed(string queue)
    {
        await using var mrq = await StartAsync("default", "clicks_raw", "other");
        var queues = mrq.Get<QueueControl>();

        await queues.SetPausedAsync(new QueueName(queue), paused: true, Token);
        await EnqueueAsync(mrq, queue);
        await EnqueueAsync(mrq, "other");
        await WaitUntilRanAsync(mrq, "other");

        var paused = await queues.FindAsync(new QueueName(queue), Token);
        Assert.Equal((1, true), (paused?.Waiting, paused?.Paused));
        await queues.SetPausedAsync(new QueueName(queue), paused: false, Token);
        await WaitUntilRanAsync(mrq, "other", queue);
    }

    [Theory]
    [InlineData("high/sub")]
    [InlineData("high/clicks_raw")]
    public async Task Pausing_a_queue_pauses_those_under_it_and_resuming_with_a_slash_releases_all(string sub)
    {
        await using var mrq = await StartAsync("high", "high/", "low");
        var queues = mrq.Get<QueueControl>();

        await queues.SetPausedAsync(new QueueName("high"), paused: true, Token);
        foreach (var queue in (string[])["high", sub, "low"])
        {
            await EnqueueAsync(mrq, queue);
        }

        await WaitUntilRanAsync(mrq, "low");

        Assert.Equal(["high", sub], (await queues.ListAsync(Token)).Where(q => q is { Paused: true, Waiting: 1 }).Select(q => q.Name.Value));
        await queues.SetPausedAsync(new QueueName("high/"), paused: false, Token);
        await WaitUntilRanAsync(mrq, "low", "high", sub);
    }

    private Task<TestEngine> StartAsync(params string[] listened) => StartEngineAsync(
        b =>
        {
            b.AddTask<Noted>("note", (p, _, _) =>
            {
                _ran.Enqueue(p.Text);
                return Task.CompletedTask;
            });
            // A name that ends in a slash serves the raw queues under it, whatever they are called.
            foreach (var name in (string[])["clicks_raw", "main/", "high/", "other/", "main_raw"])
            {
                b.AddRawQueue(name, queue => new JobRequest { Path = "note", Params = $$"""{"text":"{{queue}}"}""" }, new RawQueueOptions { RetryQueue = new QueueName("retries") });
            }
        },
        w => w.Queues = [.. listened.Select(name => new QueueName(name))]);

    /// <summary>Puts a job, or a text, that notes the name of its queue.</summary>
    private static Task EnqueueAsync(TestEngine mrq, string queue) =>
        new QueueName(queue).RawKind is null
            ? mrq.EnqueueAsync("note", $$"""{"text":"{{queue}}"}""", r => r with { Queue = new QueueName(queue) })
            : mrq.Get<RawQueueClient>().EnqueueAsync(new QueueName(queue), [queue], Token);

    /// <summary>Waits until these have run, each once, and no other.</summary>
    private async Task WaitUntilRanAsync(TestEngine mrq, params string[] queues)
    {
        await mrq.WaitUntilAsync(async () => (await mrq.Queries.CountsAsync(Token)).Where(c => c.Status == JobStatus.Success).Sum(c => c.Count) >= queues.Length);
        Assert.Equal(queues.Order(StringComparer.Ordinal), _ran.Order(StringComparer.Ordinal));
    }
}

public sealed class ListeningToSubQueuesOnSqlite() : ListeningToSubQueues(StorePair.Sqlite);

public sealed class ListeningToSubQueuesOnRedisAndMongo() : ListeningToSubQueues(StorePair.RedisAndMongo);

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>The metrics of .NET that count jobs: the original's hooks (test_context.py).</summary>
public abstract class CountingJobs(StorePair pair) : EngineSpec(pair)
{
    [Fact]
    public async Task What_is_enqueued_taken_begun_and_ended_is_counted_also_from_within_a_task()
    {
        // Other tests count at the same time: by its name the queue is ours.
        var queue = new QueueName($"counted-{Guid.NewGuid():N}");
        using var counts = new Counts(queue);
        var seenWithin = new TaskCompletionSource<(long Enqueued, long Success)>();
        await using var mrq = await StartEngineAsync(
            b =>
            {
                b.AddTask<NoParams>("outer", async (_, context, token) =>
                {
                    await context.EnqueueAsync(new JobRequest { Path = "fails", Queue = queue }, token);
                    seenWithin.SetResult((counts["enqueued"], counts["success"]));
                });
                b.AddTask<NoParams>("fails", (_, _, _) => throw new InvalidOperationException());
            },
            w => w.Queues = [queue]);

        var outer = await mrq.EnqueueAsync("outer", with: r => r with { Queue = queue });
        await mrq.WaitForEndAsync(outer);
        await mrq.WaitUntilAsync(async () => await mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Final }, 10, TestContext.Current.CancellationToken) == 2);

        Assert.Equal((2, 0), await seenWithin.Task);
        Assert.Equal((2, 2, 2, 1, 1), (counts["enqueued"], counts["dequeued"], counts["started"], counts["success"], counts["failed"]));
    }

    private sealed class Counts : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _counts = new();

        public Counts(QueueName queue)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == JobMetrics.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, count, tags, _) =>
            {
                if (Find(tags, "queue") == queue.Value)
                {
                    _counts.AddOrUpdate(Find(tags, "status") ?? instrument.Name["mrq.jobs.".Length..], count, (_, before) => before + count);
                }
            });
            _listener.Start();
        }

        public long this[string name] => _counts.GetValueOrDefault(name);

        public void Dispose() => _listener.Dispose();

        private static string? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
        {
            foreach (var (key, value) in tags)
            {
                if (key == name)
                {
                    return value as string;
                }
            }

            return null;
        }
    }
}

public sealed class CountingJobsOnSqlite() : CountingJobs(StorePair.Sqlite);

public sealed class CountingJobsOnRedisAndMongo() : CountingJobs(StorePair.RedisAndMongo);

using System.Globalization;
using System.Text;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Workers;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>The way of entries through raw queues in Redis.</summary>
public sealed class RedisRawQueueStore(RedisConnection connection) : IRawQueueStore
{
    private readonly RedisKeys _keys = connection.Keys;

    /// <inheritdoc/>
    public Task EnqueueAsync(IReadOnlyList<RawEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0)
        {
            return Task.CompletedTask;
        }

        var arguments = new List<RedisValue>(entries.Count * 2 + 3) { _keys.Lists };
        foreach (var group in entries.GroupBy(entry => entry.Queue))
        {
            var countAt = arguments.Count + 1;
            arguments.AddRange([group.Key.Value, 0]);
            var hasScores = group.Key.RawKind is { HasScores: true };
            foreach (var entry in group)
            {
                if (hasScores)
                {
                    arguments.Add(RedisRawValues.Score(entry.Score ?? 0));
                }

                arguments.Add(entry.Params);
            }

            arguments[countAt] = arguments.Count - countAt - 1;
        }

        return connection.EvaluateAsync(RedisRawScripts.Enqueue, [_keys.RawNames], [.. arguments], cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TakenEntry>> DequeueAsync(RawDequeue request, CancellationToken cancellationToken)
    {
        if (request.Jobs.Count == 0 || request.Queues.Count == 0)
        {
            return [];
        }

        // Once sent it is waited for, whoever stops meanwhile: what it took would stay in flight until its worker is gone.
        cancellationToken.ThrowIfCancellationRequested();
        var parts = RedisRawValues.Parts(await connection.EvaluateAsync(
            RedisRawScripts.Dequeue,
            [_keys.RawNames, _keys.Paused, _keys.RawTakers, _keys.RawInFlight(request.Worker.Value)],
            Arguments(request),
            CancellationToken.None));
        var taken = new List<TakenEntry>(request.Jobs.Count);
        for (var i = 0; i < parts.Length; i += 2)
        {
            var queue = QueueName.Stored(RedisRawValues.Text(parts[i]));
            foreach (var entry in RedisRawValues.Entries(queue, RedisRawValues.Parts(parts[i + 1])))
            {
                taken.Add(new TakenEntry(request.Jobs[taken.Count], entry));
            }
        }

        return taken;
    }

    /// <inheritdoc/>
    public Task ForgetAsync(WorkerId worker, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? Task.CompletedTask
            : connection.EvaluateAsync(
                RedisRawScripts.Forget, [_keys.RawTakers, _keys.RawInFlight(worker.Value)], [worker.Value, PackedIds.Pack(jobs)], cancellationToken);

    /// <inheritdoc/>
    public async Task<int> ReleaseAsync(WorkerId worker, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? 0
            : (int)await connection.EvaluateAsync(
                RedisRawScripts.Release,
                [_keys.RawNames, _keys.RawTakers, _keys.RawInFlight(worker.Value)],
                [_keys.Lists, worker.Value, PackedIds.Pack([.. jobs.Order()])],
                cancellationToken);

    /// <inheritdoc/>
    public Task RejectAsync(WorkerId worker, IReadOnlyList<Rejection> rejections, CancellationToken cancellationToken)
    {
        if (rejections.Count == 0)
        {
            return Task.CompletedTask;
        }

        var arguments = new List<RedisValue>(rejections.Count * 2 + 4) { _keys.RawRejected, _keys.RawRejectedTexts, worker.Value, IRawQueueContents.MostRejected };
        foreach (var (job, error) in rejections)
        {
            // A line feed ends the error.
            arguments.AddRange([job.ToByteArray(), error.ReplaceLineEndings(" ")]);
        }

        return connection.EvaluateAsync(
            RedisRawScripts.Reject, [_keys.RawNames, _keys.RawTakers, _keys.RawInFlight(worker.Value)], [.. arguments], cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<WorkerId>> ListTakersAsync(CancellationToken cancellationToken) =>
        [.. (await connection.RunAsync("list takers", database => database.SetMembersAsync(_keys.RawTakers), cancellationToken))
            .Select(worker => new WorkerId((string)worker!))];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TakenEntry>> FindInFlightAsync(WorkerId worker, int limit, CancellationToken cancellationToken)
    {
        var found = new Dictionary<JobId, TakenEntry>();
        var cursor = "0";
        do
        {
            var from = cursor;
            var page = RedisRawValues.Parts(await connection.RunAsync(
                "find in flight",
                database => database.ExecuteAsync("HSCAN", (string)_keys.RawInFlight(worker.Value)!, from, "COUNT", "1000"),
                cancellationToken));
            cursor = RedisRawValues.Text(page[0]);
            var values = RedisRawValues.Parts(page[1]);
            for (var i = 0; i < values.Length; i += 2)
            {
                var job = JobId.Read((byte[]?)values[i]);
                found[job] = new TakenEntry(job, RedisRawValues.InFlight(RedisRawValues.Text(values[i + 1])));
            }
        }
        while (cursor != "0" && found.Count < limit);
        return [.. found.Values];
    }

    private RedisValue[] Arguments(RawDequeue request)
    {
        var arguments = new List<RedisValue>
        {
            _keys.Lists, _keys.RawRejected, request.Worker.Value, RedisRawValues.Seconds(request.Now), PackedIds.Pack(request.Jobs), request.Served.Count,
        };
        foreach (var served in request.Served)
        {
            arguments.AddRange(
            [
                served.Queue.Value,
                served.HasSubQueues ? $"{served.Queue.Value.TrimEnd('/')}/" : "",
                served.IsClosed ? "closed" : served.Pushback is { } delay ? RedisRawValues.Seconds(request.Now + delay) : "",
            ]);
        }

        arguments.AddRange(request.Queues.Select(queue => (RedisValue)queue.Value));
        return [.. arguments];
    }
}

/// <summary>How entries of raw queues cross.</summary>
internal static class RedisRawValues
{
    public static RedisResult[] Parts(RedisResult answer) => (RedisResult[]?)answer ?? [];

    public static string Text(RedisResult part) => Encoding.UTF8.GetString((byte[]?)part ?? []);

    /// <summary>A time as a score: unix seconds, to the millisecond.</summary>
    public static string Seconds(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() / 1000m).ToString("F3", CultureInfo.InvariantCulture);

    /// <summary>A score so that Redis reads the same number.</summary>
    public static string Score(double score) =>
        double.IsPositiveInfinity(score) ? "+inf" : double.IsNegativeInfinity(score) ? "-inf" : score.ToString("R", CultureInfo.InvariantCulture);

    public static double ReadScore(string text) =>
        text is "inf" or "+inf" ? double.PositiveInfinity : text == "-inf" ? double.NegativeInfinity : double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Entries as a script gives them: texts, with their scores in turn where the queue has some.</summary>
    public static IEnumerable<RawEntry> Entries(QueueName queue, RedisResult[] values)
    {
        var hasScores = queue.RawKind is { HasScores: true };
        for (var i = 0; i < values.Length; i += hasScores ? 2 : 1)
        {
            yield return new RawEntry(queue, Text(values[i]), hasScores ? ReadScore(Text(values[i + 1])) : null);
        }
    }

    /// <summary>Reads score, queue and text of what is in flight.</summary>
    public static RawEntry InFlight(string text)
    {
        var parts = text.Split('\n', 3);
        return new RawEntry(QueueName.Stored(parts[1]), parts[2], parts[0].Length == 0 ? null : ReadScore(parts[0]));
    }
}

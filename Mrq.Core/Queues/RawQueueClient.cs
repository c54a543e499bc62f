using System.Text;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Queues;

/// <summary>Puts texts into raw queues.</summary>
public sealed class RawQueueClient(IRawQueueStore entries, ICoordination coordination, IOptions<MrqOptions> options, TimeProvider time)
{
    /// <summary>Puts texts into a raw queue; in a timed set they are due at once. When the call returns they are stored and will not be lost.</summary>
    /// <exception cref="InvalidJobException">They cannot be put there; none was.</exception>
    public Task EnqueueAsync(QueueName queue, IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
        EnqueueAsync([.. texts.Select(text => new RawEntry(queue, text))], cancellationToken);

    /// <summary>
    /// Puts entries into their raw queues, in one step. One that is in a sorted or timed set already moves to its new score; without a score one is due
    /// at once in a timed set.
    /// </summary>
    /// <exception cref="InvalidJobException">One of them cannot be put there; none was.</exception>
    public async Task EnqueueAsync(IReadOnlyList<RawEntry> raw, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
        var checkedOnes = new RawEntry[raw.Count];
        for (var i = 0; i < checkedOnes.Length; i++)
        {
            var entry = raw[i];
            checkedOnes[i] = entry.Score is null && entry.Queue.RawKind == RawQueueKind.TimedSet ? entry with { Score = now } : entry;
            if (Problem(checkedOnes[i]) is { } problem)
            {
                throw new InvalidJobException([problem]);
            }
        }

        await entries.EnqueueAsync(checkedOnes, cancellationToken);
        coordination.Publish(Changes.Queues);
    }

    /// <summary>What is wrong with an entry; null: nothing.</summary>
    public FieldError? Problem(RawEntry entry)
    {
        var (queue, text, score) = entry;
        return NotRaw(queue) is { } error ? new FieldError("queue", error)
            : Encoding.UTF8.GetByteCount(text) is var size && size > options.Value.MaxParamsSize
                ? new FieldError("params", $"{size:N0} bytes are more than max_params_size ({options.Value.MaxParamsSize:N0}). Pass a reference to the data instead.")
            : queue.RawKind is { HasScores: true } && score is not { } ? new FieldError("score", $"is required: '{queue}' is a sorted set.")
            : queue.RawKind is { HasScores: false } && score is not null ? new FieldError("score", $"'{queue}' has no scores: a _sorted_set or a _timed_set has.")
            : score is { } number && !double.IsFinite(number) ? new FieldError("score", "must be a number.")
            : null;
    }

    /// <summary>Why a name is not that of one raw queue; null: it is.</summary>
    public static string? NotRaw(QueueName queue) =>
        queue.NotOneQueue ?? (queue.RawKind is null
            ? $"'{queue}' is not a raw queue: the name of one ends in _raw, _set, _sorted_set or _timed_set."
            : null);
}

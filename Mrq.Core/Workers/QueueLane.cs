using Mrq.Queues;

namespace Mrq.Workers;

/// <summary>Neighbouring queues of one kind, which one call to their store asks in their order.</summary>
internal sealed record QueueStretch(bool IsRaw, IReadOnlyList<QueueName> Queues);

/// <summary>
/// Queues among which the first is served first; lanes are served by turns. The strategies <c>sequential</c> and <c>burst</c> have one lane of
/// all queues, the others one for each name that is listened to.
/// </summary>
internal sealed record QueueLane(int Weight, IReadOnlyList<QueueStretch> Stretches)
{
    /// <param name="hasRawQueues">False: nobody here makes jobs of raw entries, and sub-queues are not asked for them.</param>
    public static IReadOnlyList<QueueLane> Of(WorkerOptions options, bool hasRawQueues) =>
        options.DequeueStrategy is DequeueStrategy.Sequential or DequeueStrategy.Burst
            ? [new QueueLane(1, StretchesOf(options.Queues, hasRawQueues))]
            : [.. options.Queues.Select(queue => new QueueLane(options.Weights.GetValueOrDefault(queue, 1), StretchesOf([queue], hasRawQueues)))];

    private static List<QueueStretch> StretchesOf(IEnumerable<QueueName> listened, bool hasRawQueues)
    {
        var stretches = new List<(bool IsRaw, List<QueueName> Queues)>();
        foreach (var queue in listened)
        {
            if (queue.RawKind is null)
            {
                Add(queue, isRaw: false);
            }

            if (queue.RawKind is not null || (hasRawQueues && queue.Value.EndsWith('/')))
            {
                Add(queue, isRaw: true);
            }
        }

        return [.. stretches.Select(stretch => new QueueStretch(stretch.IsRaw, stretch.Queues))];

        void Add(QueueName queue, bool isRaw)
        {
            if (stretches.Count == 0 || stretches[^1].IsRaw != isRaw)
            {
                stretches.Add((isRaw, []));
            }

            stretches[^1].Queues.Add(queue);
        }
    }
}

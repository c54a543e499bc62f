namespace Mrq.Queues;

/// <summary>What a raw queue gives, and in which order. The end of its name says it.</summary>
public enum RawQueueKind
{
    /// <summary><c>_raw</c>: in the order in which they were put; the same text may wait many times.</summary>
    List,

    /// <summary><c>_set</c>: each text once, in no order.</summary>
    Set,

    /// <summary><c>_sorted_set</c>: each text once, lowest score first.</summary>
    SortedSet,

    /// <summary><c>_timed_set</c>: each text once, when the unix time that is its score has come, earliest first.</summary>
    TimedSet,
}

/// <summary>Which queues are raw.</summary>
public static class RawQueueKinds
{
    internal const string List = "_raw";
    internal const string Set = "_set";
    internal const string SortedSet = "_sorted_set";
    internal const string TimedSet = "_timed_set";

    extension(QueueName queue)
    {
        /// <summary>
        /// The kind of a raw queue; null: its entries are ids of jobs. Sub-queues have the kind of the nearest name above that says one:
        /// <c>clicks_raw/eu</c> is a list.
        /// </summary>
        public RawQueueKind? RawKind
        {
            get
            {
                var name = queue.Value.AsSpan();
                while (true)
                {
                    var slash = name.LastIndexOf('/');
                    var kind = OfEnd(name[(slash + 1)..]);
                    if (kind is not null || slash < 0)
                    {
                        return kind;
                    }

                    name = name[..slash];
                }
            }
        }

        /// <summary>Null: jobs can be put into it. Else why not: it stands for sub-queues, or is raw.</summary>
        public string? NotForJobs => queue.NotOneQueue ?? (queue.RawKind is null
            ? null
            : $"'{queue}' is a raw queue: it takes texts of which jobs are made (POST /api/queues/{queue}/raw). Name a regular queue.");
    }

    private static RawQueueKind? OfEnd(ReadOnlySpan<char> name) =>
        name.EndsWith(List) ? RawQueueKind.List
        : name.EndsWith(TimedSet) ? RawQueueKind.TimedSet
        : name.EndsWith(SortedSet) ? RawQueueKind.SortedSet
        // Last: the others end in it too.
        : name.EndsWith(Set) ? RawQueueKind.Set
        : null;
}

/// <summary>What the kinds of raw queues have.</summary>
public static class RawQueueTraits
{
    extension(RawQueueKind kind)
    {
        /// <summary>Its entries have scores.</summary>
        public bool HasScores => kind is RawQueueKind.SortedSet or RawQueueKind.TimedSet;
    }
}

namespace Mrq.Storage.Mongo;

/// <summary>Where the documents of a cluster lie.</summary>
public sealed record MongoOptions
{
    /// <summary>
    /// A connection string, <c>mongodb://…</c> or <c>mongodb+srv://…</c>, as MongoDB describes it. It should name a replica set: only there a write whose
    /// connection breaks can be repeated without doing it twice.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>The database where the connection string names none. Default <c>mrq</c>.</summary>
    public string Database { get; init; } = "mrq";

    /// <summary>
    /// Most bytes that log lines take; the oldest give way. Default 4 GiB, at least 4 KiB. Heeded when the collection is made. Less forgets the lines of jobs
    /// that are still there.
    /// </summary>
    public long LogBytes { get; init; } = 4L << 30;

    /// <summary>
    /// How many members must have a write before it counts: <c>majority</c>, a number from 1, or a tag of the replica set. Default null: what the
    /// connection string says (<c>w=</c>), else <c>majority</c>. With less, a write can be lost when the primary dies.
    /// </summary>
    public string? WriteConcern { get; init; }

    /// <summary>
    /// How long after a document has expired the server deletes it by itself. Default 1 hour. As long as an MRQ runs, that has long done it; less lets the server do
    /// it first, and the totals on the pages are wrong for a minute.
    /// </summary>
    public TimeSpan ExpiryGrace { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Puts every call off, for trying out; it holds one of the connections meanwhile. Default null: none.</summary>
    public AddedLatency? AddedLatency { get; init; }

    /// <summary>
    /// Tells of every call in the log, at level <c>Information</c>: database, collection, what it is, the filter in up to 500 characters, bytes sent, time. Values of a filter may be data of jobs. Default
    /// false.
    /// </summary>
    public bool PrintCalls { get; init; }
}

namespace Mrq.Storage.Mongo.Driver;

/// <summary>How MongoDB is reached.</summary>
internal sealed record MongoSettings
{
    /// <summary>
    /// A connection string as MongoDB describes it, <c>mongodb://</c> or <c>mongodb+srv://</c>. What it says of times goes before the times below.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary><c>majority</c>, a number from 1, or a tag. Null: what the connection string says, else <c>majority</c>.</summary>
    public string? WriteConcern { get; init; }

    /// <summary>
    /// How many operations run at once, each on a thread and a connection of its own. Default 6, from 1. Fewer let short operations wait behind long
    /// ones; more cost a connection on every server for each.
    /// </summary>
    public int Threads { get; init; } = 6;

    /// <summary>How many operations may wait for a thread; further callers wait, without blocking, before theirs joins. Default 1,024, from 1.</summary>
    public int Waiting { get; init; } = 1024;

    /// <summary>How long a server that takes operations is looked for. Default 5 s. Shorter than an election, about 12 s at worst, lets operations fail during one.</summary>
    public TimeSpan ServerSelectionTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long connecting may take. Default 2 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an answer may take before its outcome counts as unknown. Default 30 s. Shorter breaks off long queries, longer waits for dead servers.</summary>
    public TimeSpan SocketTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What comes on top of each call; null: nothing.</summary>
    public MongoCallWatch? Watch { get; init; }
}

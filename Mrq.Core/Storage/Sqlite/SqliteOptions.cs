namespace Mrq.Storage.Sqlite;

/// <summary>Where the embedded store lies and how it behaves.</summary>
public sealed record SqliteOptions
{
    /// <summary>Path of the database file. It is made when it is not there; its directory must be. Never on a network drive: SQLite's log needs shared memory.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// How long a write waits for another process that holds the file. Default 5 s, at least 0. Shorter reports a busy file as
    /// unavailable too soon, longer lets callers hang.
    /// </summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the file is looked at for commits of other processes. Default 50 ms. Longer delays their signals, shorter costs CPU.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Most reads at once; more wait. Default 8, each may keep up to 4 MB of pages.</summary>
    public int Readers { get; init; } = 8;
}

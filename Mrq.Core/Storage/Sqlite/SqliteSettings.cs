namespace Mrq.Storage.Sqlite;

/// <summary>How SQLite is set up.</summary>
internal static class SqliteSettings
{
    /* For a file that is made: freed pages are given back step by step. Takes effect only before the first table. */
    public const string NewFile = "PRAGMA auto_vacuum = INCREMENTAL;";

    /*
       The writer. NORMAL: a commit is in the log, safe against the death of the process, before its caller hears of it; the
       disk is told at checkpoints. 64 MB of log at most stay on disk; a checkpoint follows every 4,000 pages (16 MB).
       Cache sizes are negative: kibibytes.
    */
    public const string Writer = """
        PRAGMA synchronous = NORMAL;
        PRAGMA foreign_keys = OFF;
        PRAGMA cache_size = -16000;
        PRAGMA temp_store = MEMORY;
        PRAGMA wal_autocheckpoint = 4000;
        PRAGMA journal_size_limit = 67108864;
        """;

    /*
       A reader cannot write. No mmap: each connection would count the mapped file as memory of the process, which workers
       report and bound.
    */
    public const string Reader = """
        PRAGMA query_only = ON;
        PRAGMA cache_size = -4000;
        PRAGMA temp_store = MEMORY;
        """;
}

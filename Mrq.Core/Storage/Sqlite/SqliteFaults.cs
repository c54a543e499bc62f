using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Mrq.Storage.Sqlite;

/// <summary>Says in the words of a person what SQLite's codes mean: what is wrong, where, and what to do.</summary>
internal static class SqliteFaults
{
    /// <summary>The failure as callers should see it; the failure itself where it is a defect of ours.</summary>
    public static Exception Explain(SqliteException failure, string path) => failure.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => Unavailable(
            $"The database {path} is locked by another program. Close that program (a database browser, a backup) and try again.", failure),
        raw.SQLITE_READONLY or raw.SQLITE_PERM => Unavailable(
            $"The database {path} cannot be written. Give this user the right to write the file and its directory, or choose another path.", failure),
        raw.SQLITE_CANTOPEN => Unavailable(
            $"The database {path} cannot be opened. Check that the path is right and that this user may read and write there.", failure),
        raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT => Unavailable(
            $"The file {path} is damaged or is not an MRQ database. Restore it from a backup, or move it away to begin with an empty one.", failure),
        raw.SQLITE_FULL => Unavailable(
            $"The disk that holds {path} is full. Make room; jobs that were accepted are safe.", failure),
        raw.SQLITE_IOERR => Unavailable(
            $"The disk that holds {path} answers with an error (SQLite code {failure.SqliteExtendedErrorCode}). Check the disk and that the file is still there.", failure),
        _ => failure,
    };

    private static StorageUnavailableException Unavailable(string message, Exception cause) => new(message, cause);
}

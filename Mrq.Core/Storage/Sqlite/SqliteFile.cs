using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Mrq.Storage.Sqlite;

/// <summary>Opens the database file for writing: looks at what is there, makes it when nothing is, brings the schema up to date.</summary>
internal static class SqliteFile
{
    /* Both: one integer. The version of the schema; 0 in a new file. */
    private const string AskVersion = "PRAGMA user_version";

    /* The names of all tables, to see that the schema can be read and is ours. */
    private const string AskTables = "SELECT count(*) FROM sqlite_schema";

    /// <summary>First bytes of every SQLite file.</summary>
    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <exception cref="StorageUnavailableException">It cannot be used; the message says why and what to do.</exception>
    public static SqliteSession OpenForWriting(SqliteOptions options)
    {
        CheckPath(options.Path);
        SqliteSession? session = null;
        try
        {
            session = SqliteSession.Open(options.Path, create: true, options.BusyTimeout);
            if (session.IsReadOnly)
            {
                throw new StorageUnavailableException(
                    $"The database {options.Path} is read-only. Give this user the right to write the file and its directory, or choose another path.");
            }

            CheckVersion(session, options.Path);
            UseLog(session, options.Path);
            session.Execute(SqliteSettings.Writer);
            Migrate(session, options.Path);
            return session;
        }
        catch (SqliteException e)
        {
            session?.Dispose();
            throw SqliteFaults.Explain(e, options.Path);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    private static void CheckPath(string path)
    {
        if (Directory.Exists(path))
        {
            throw new StorageUnavailableException($"{path} is a directory; the database needs the path of a file, for example {Path.Combine(path, "mrq.db")}.");
        }

        var directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (directory is not null && !Directory.Exists(directory))
        {
            throw new StorageUnavailableException($"The database {path} cannot be made: there is no directory {directory}. Make it, or choose another path.");
        }

        try
        {
            CheckBegin(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException($"The database {path} cannot be read: {e.Message} Check the rights of this user on it.", e);
        }
    }

    private static void CheckBegin(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        Span<byte> begin = stackalloc byte[Magic.Length];
        var length = file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
        if (length > 0 && !begin[..length].SequenceEqual(Magic))
        {
            throw new StorageUnavailableException(
                $"The file {path} is damaged or is not an MRQ database. Restore it from a backup, or move it away to begin with an empty one.");
        }
    }

    private static void CheckVersion(SqliteSession session, string path)
    {
        var version = session.Prepare(AskVersion).Scalar() ?? 0;
        if (version > SqliteMigrations.Steps.Count)
        {
            throw new StorageUnavailableException(
                $"The database {path} was written by a newer MRQ (schema {version}; this one knows {SqliteMigrations.Steps.Count}). Start that version, or choose another path.");
        }

        // The version once more: another process may have made the tables, and set it, since the first look.
        if (version == 0 && session.Prepare(AskTables).Scalar() > 0 && session.Prepare(AskVersion).Scalar() == 0)
        {
            throw new StorageUnavailableException($"The file {path} is a database of another program. Choose another path.");
        }
    }

    /// <summary>Switches to the write-ahead log. That needs the file alone for a moment, and another process may be doing the same.</summary>
    private static void UseLog(SqliteSession session, string path)
    {
        const int attempts = 5;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                session.Execute(SqliteSettings.NewFile);
                var mode = session.Ask("PRAGMA journal_mode = WAL");
                if (mode != "wal")
                {
                    throw new StorageUnavailableException(
                        $"The database {path} lies where SQLite cannot keep a write-ahead log (mode {mode}), perhaps on a network drive. Choose a path on a local disk.");
                }

                return;
            }
            catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY && attempt < attempts)
            {
                // Unlike these two, this waits for the other process, up to the busy timeout.
                session.Execute("BEGIN IMMEDIATE; COMMIT");
            }
        }
    }

    private static void RollBack(SqliteSession session)
    {
        try
        {
            session.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself after a grave failure such as a full disk; that one is to be told.
        }
    }

    private static void Migrate(SqliteSession session, string path)
    {
        session.Execute("BEGIN IMMEDIATE");
        try
        {
            // Again, now that nobody else can change it.
            CheckVersion(session, path);
            var version = (int)(session.Prepare(AskVersion).Scalar() ?? 0);
            for (; version < SqliteMigrations.Steps.Count; version++)
            {
                session.Execute(SqliteMigrations.Steps[version]);
                session.Execute($"PRAGMA user_version = {version + 1}");
            }

            session.Execute("COMMIT");
        }
        catch
        {
            session.ResetAll();
            RollBack(session);
            throw;
        }
    }
}

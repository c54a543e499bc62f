using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Mrq.Storage.Sqlite;

/// <summary>
/// The one writer of the file: a thread with a connection of its own. It takes all operations that wait and commits them
/// together, because a commit costs more than most operations. When one of them fails, the group is rolled back and each
/// runs again alone, so that a failure never reaches its neighbours: an operation must bear to be run twice.
/// </summary>
internal sealed partial class SqliteWriter : IAsyncDisposable
{
    /// <summary>Bounds of one group commit: more would make the first of a group wait too long for the last.</summary>
    private const int MostOperations = 64;
    private const int MostRows = 2_000;

    /* Grows whenever another connection has committed; never by commits of this one. Returns one integer. */
    private const string DataVersion = "PRAGMA data_version";

    /* Takes the write lock at once, waiting up to the busy timeout. */
    private const string Begin = "BEGIN IMMEDIATE";
    private const string Commit = "COMMIT";
    private const string Rollback = "ROLLBACK";

    private readonly object _gate = new();
    private readonly Queue<WriteOperation> _waiting = [];
    private readonly List<WriteOperation> _group = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SqliteSession _session;
    private readonly WriteTransaction _transaction;
    private readonly SqliteOptions _options;
    private readonly Action _foreignCommit;
    private readonly ILogger _logger;
    private bool _closing;
    private long _dataVersion;
    private bool _sawForeignCommit;
    private bool _isGone;
    private long _lookedForFile;

    /// <param name="foreignCommit">Called after another process has committed. Returns at once.</param>
    public SqliteWriter(SqliteSession session, SqliteOptions options, Action foreignCommit, ILogger logger)
    {
        (_session, _options, _foreignCommit, _logger) = (session, options, foreignCommit, logger);
        _transaction = new WriteTransaction(session);
        _dataVersion = _session.Prepare(DataVersion).Scalar() ?? 0;
        new Thread(Run) { IsBackground = true, Name = "mrq-sqlite-writer" }.Start();
    }

    /// <summary>Runs an operation in a transaction and answers after its commit.</summary>
    /// <param name="rows">About how many rows it writes.</param>
    /// <param name="run">May run twice; must not touch anything but the transaction.</param>
    /// <param name="cancellationToken">Heeded until the operation begins.</param>
    /// <exception cref="StorageUnavailableException">The file cannot be written.</exception>
    public Task<T> RunAsync<T>(int rows, Func<WriteTransaction, T> run, CancellationToken cancellationToken)
    {
        var operation = new WriteOperation<T>(rows, run, cancellationToken);
        lock (_gate)
        {
            if (_closing)
            {
                throw new StorageUnavailableException($"The database {_options.Path} has been closed.");
            }

            _waiting.Enqueue(operation);
            Monitor.Pulse(_gate);
        }

        return operation.Task;
    }

    /// <summary>Commits what waits, moves the log into the file and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        await _ended.Task;
    }

    private void Run()
    {
        while (TakeGroup())
        {
            if (_group.Count > 0)
            {
                CommitGroup();
            }
            else
            {
                LookForForeignCommit();
            }

            _group.Clear();
            if (_sawForeignCommit)
            {
                _sawForeignCommit = false;
                _foreignCommit();
            }
        }

        Close();
        _ended.SetResult();
    }

    /// <summary>Waits for operations and takes them all, within bounds. None when the watch interval passes without any. False: the end.</summary>
    private bool TakeGroup()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_closing)
            {
                // Not a timer: waking the thread pool at this pace costs 0.7 % of a core, waking this thread a tenth of that.
                if (!Monitor.Wait(_gate, _options.WatchInterval))
                {
                    return true;
                }
            }

            for (var rows = 0; rows < MostRows && _group.Count < MostOperations && _waiting.TryDequeue(out var next);)
            {
                _group.Add(next);
                rows += next.Rows;
            }

            return _group.Count > 0;
        }
    }

    private void CommitGroup()
    {
        var failure = Attempt(_group);
        if (failure is not null && _group.Count > 1 && failure is not StorageUnavailableException)
        {
            foreach (var operation in _group)
            {
                End(operation, Attempt([operation]));
            }

            return;
        }

        foreach (var operation in _group)
        {
            End(operation, failure);
        }
    }

    private static void End(WriteOperation operation, Exception? failure)
    {
        if (failure is null)
        {
            operation.Succeed();
        }
        else
        {
            operation.Fail(failure);
        }
    }

    /// <summary>Runs operations in one transaction. Null: committed. Else nothing of them was.</summary>
    private Exception? Attempt(List<WriteOperation> operations)
    {
        var begun = false;
        try
        {
            CheckFileIsThere();
            _session.Prepare(Begin).Execute();
            begun = true;
            NoteForeignCommit();
            foreach (var operation in operations)
            {
                operation.Run(_transaction);
            }

            _transaction.Flush();
            _session.Prepare(Commit).Execute();
            return null;
        }
        catch (Exception e)
        {
            _session.ResetAll();
            _transaction.Forget();
            if (begun)
            {
                RollBack();
            }

            return e is SqliteException failure ? SqliteFaults.Explain(failure, _options.Path) : e;
        }
    }

    /// <summary>A file that was deleted can still be written, and nobody will ever read it again: nothing more is accepted then.</summary>
    private void CheckFileIsThere()
    {
        const int pace = 500;
        if (Environment.TickCount64 - _lookedForFile >= pace)
        {
            _lookedForFile = Environment.TickCount64;
            var wasGone = _isGone;
            _isGone = !File.Exists(_options.Path);
            if (_isGone && !wasGone)
            {
                LogFileGone(_options.Path);
            }
        }

        if (_isGone)
        {
            throw new StorageUnavailableException(
                $"The database file {_options.Path} is gone: it was deleted or moved away. Put it back, or restart the server to begin with an empty one.");
        }
    }

    private void RollBack()
    {
        try
        {
            _session.Prepare(Rollback).Execute();
        }
        catch (SqliteException e)
        {
            // SQLite has rolled back by itself after a grave failure such as a full disk.
            LogRolledBack(e);
        }
    }

    /// <summary>While the writer works, every transaction looks by itself.</summary>
    private void LookForForeignCommit()
    {
        try
        {
            NoteForeignCommit();
        }
        catch (SqliteException e)
        {
            LogWatchFailed(e);
        }
    }

    /// <summary>What another process has written makes void what we remember of the file.</summary>
    private void NoteForeignCommit()
    {
        var version = _session.Prepare(DataVersion).Scalar() ?? 0;
        if (version != _dataVersion)
        {
            _dataVersion = version;
            _sawForeignCommit = true;
            _transaction.Forget();
        }
    }

    private void Close()
    {
        try
        {
            _session.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException e)
        {
            LogCheckpointFailed(e);
        }

        _session.Dispose();
    }

    [LoggerMessage(3101, LogLevel.Debug, "The transaction had been rolled back already")]
    private partial void LogRolledBack(Exception cause);

    [LoggerMessage(3102, LogLevel.Warning, "The log of the database could not be moved into its file at the end; the next start will do it")]
    private partial void LogCheckpointFailed(Exception cause);

    [LoggerMessage(3104, LogLevel.Critical, "The database file {Path} is gone: nothing more is accepted or recorded. Put it back, or restart the server to begin with an empty one")]
    private partial void LogFileGone(string path);

    [LoggerMessage(3103, LogLevel.Debug, "The database could not be looked at for commits of other processes; the next look follows")]
    private partial void LogWatchFailed(Exception cause);
}

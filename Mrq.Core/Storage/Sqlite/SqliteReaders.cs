using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Mrq.Storage.Sqlite;

/// <summary>
/// Connections for reads. They see what was committed before they began and never wait for the writer. A read runs on its
/// caller's thread: SQLite has no other way, and the reads of a page take less than a change of threads is worth.
/// </summary>
internal sealed class SqliteReaders(SqliteOptions options) : IDisposable
{
    /* A snapshot for all statements of one read. */
    private const string Begin = "BEGIN";
    private const string Commit = "COMMIT";

    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private readonly SemaphoreSlim _free = new(options.Readers);
    private volatile bool _closed;

    /// <summary>Runs a read on one snapshot of the data.</summary>
    /// <exception cref="StorageUnavailableException">The file cannot be read.</exception>
    public async Task<T> RunAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            return Run(read);
        }
        catch (SqliteException e)
        {
            throw SqliteFaults.Explain(e, options.Path);
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var session))
        {
            session.Dispose();
        }
    }

    private T Run<T>(Func<SqliteSession, T> read)
    {
        if (_closed)
        {
            throw new StorageUnavailableException($"The database {options.Path} has been closed.");
        }

        if (!_idle.TryTake(out var session))
        {
            session = Open();
        }

        try
        {
            session.Prepare(Begin).Execute();
            var answer = read(session);
            session.Prepare(Commit).Execute();
            Return(session);
            return answer;
        }
        catch
        {
            // Whatever state it is in, the next read gets a new one.
            session.Dispose();
            throw;
        }
    }

    private void Return(SqliteSession session)
    {
        _idle.Add(session);
        if (_closed)
        {
            Dispose();
        }
    }

    private SqliteSession Open()
    {
        var session = SqliteSession.Open(options.Path, create: false, options.BusyTimeout);
        try
        {
            session.Execute(SqliteSettings.Reader);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}

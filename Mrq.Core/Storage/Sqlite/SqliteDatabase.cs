using Microsoft.Extensions.Logging;
using Mrq.Diagnostics;

namespace Mrq.Storage.Sqlite;

/// <summary>The embedded store: one file, one writer, some readers. All ports of the SQLite family work on it.</summary>
public sealed partial class SqliteDatabase : IStorage, IAsyncDisposable
{
    /* The version of the schema: the smallest read there is. */
    private const string AskVersion = "PRAGMA user_version";

    private static readonly TimeSpan HealthDeadline = TimeSpan.FromSeconds(5);

    private readonly SqliteOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SqliteDatabase> _logger;
    private readonly SqliteReaders _readers;
    private readonly SemaphoreSlim _opening = new(1);
    private volatile bool _closed;
    private volatile bool _isToRead;
    private volatile SqliteWriter? _writer;

    public SqliteDatabase(SqliteOptions options, TimeProvider time, ILogger<SqliteDatabase> logger)
    {
        _options = options with { Path = Path.GetFullPath(options.Path) };
        (_time, _logger) = (time, logger);
        _readers = new SqliteReaders(_options);
    }

    /// <inheritdoc/>
    public string Description => $"SQLite {_options.Path}";

    /// <summary>Called, on any thread, after another process has written to the file. Null: nobody cares.</summary>
    internal Action? ForeignCommit { get; set; }

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_writer is null)
            {
                _writer = new SqliteWriter(SqliteFile.OpenForWriting(_options), _options, OnForeignCommit, _logger);
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <inheritdoc/>
    public async Task OpenToReadAsync(CancellationToken cancellationToken)
    {
        var version = await _readers.RunAsync(static session => session.Prepare(AskVersion).Scalar(), cancellationToken) ?? 0;
        if (version != SqliteMigrations.Steps.Count)
        {
            throw new StorageUnavailableException(
                $"The database {_options.Path} has the schema {version}, and this MRQ reads {SqliteMigrations.Steps.Count}. A server of this version brings an older one up to date.");
        }

        _isToRead = true;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StorageProblem>> CheckAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_options.Path))
        {
            return [new StorageProblem(Description, $"The database file {_options.Path} is gone.")];
        }

        try
        {
            await ReadAsync(static session => session.Prepare(AskVersion).Scalar(), cancellationToken);
            await WriteAsync(0, static _ => true, cancellationToken).WaitAsync(HealthDeadline, _time, cancellationToken);
            return [];
        }
        catch (StorageUnavailableException e)
        {
            return [new StorageProblem(Description, e.Message)];
        }
        catch (TimeoutException)
        {
            return [new StorageProblem(Description, $"The database {_options.Path} has not taken a write for {HealthDeadline.TotalSeconds} s.")];
        }
    }

    /// <summary>Commits what waits, moves the log into the file and closes it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;

        // Readers first: the last connection to close can then remove the log.
        _readers.Dispose();
        if (_writer is { } writer)
        {
            await writer.DisposeAsync();
        }
    }

    /// <summary>Runs a read on a snapshot, on the caller's thread.</summary>
    internal Task<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        if (!_isToRead)
        {
            Writer();
        }

        var io = JobIo.Current?.Begin("sqlite.read", _options.Path);
        var reading = _readers.RunAsync(read, cancellationToken);
        return io?.UntilAsync(reading) ?? reading;
    }

    /// <summary>Runs an operation on the writer and answers after its commit. See <see cref="SqliteWriter.RunAsync"/>.</summary>
    internal Task<T> WriteAsync<T>(int rows, Func<WriteTransaction, T> run, CancellationToken cancellationToken)
    {
        var writer = Writer();
        var io = JobIo.Current?.Begin("sqlite.write", _options.Path);
        var writing = writer.RunAsync(rows, run, cancellationToken);
        return io?.UntilAsync(writing) ?? writing;
    }

    private SqliteWriter Writer() =>
        _writer ?? throw new StorageUnavailableException($"The database {_options.Path} has {(_isToRead ? "been opened to be read only" : "not been opened")}.");

    // Not on the writer's thread: whoever listens may do so at length, and may even wait for a write.
    private void OnForeignCommit() => ThreadPool.UnsafeQueueUserWorkItem(static database => database.Tell(), this, preferLocal: false);

    private void Tell()
    {
        try
        {
            ForeignCommit?.Invoke();
        }
        catch (Exception e)
        {
            LogListenerFailed(e);
        }
    }

    [LoggerMessage(3111, LogLevel.Error, "A listener to commits of other processes failed; the others were told")]
    private partial void LogListenerFailed(Exception cause);
}

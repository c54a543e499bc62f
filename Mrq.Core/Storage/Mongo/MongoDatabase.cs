using Microsoft.Extensions.Logging;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>The documents of a cluster: one MongoDB database. All ports of the MongoDB family work on it.</summary>
public sealed partial class MongoDatabase(MongoOptions options, TimeProvider time, ILogger<MongoDatabase> logger) : IStorage, IAsyncDisposable
{
    private static readonly TimeSpan HealthDeadline = TimeSpan.FromSeconds(5);
    private const int MostAttempts = 3;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);
    private static readonly byte[] Ping = BsonWriter.Document(w => w.Int32("ping"u8, 1));

    private readonly SemaphoreSlim _opening = new(1);
    private volatile MongoClient? _client;
    private volatile MongoCollections? _collections;
    private volatile bool _closed;

    /// <inheritdoc/>
    public string Description => _client is { } client ? $"MongoDB {client.Servers}/{client.Database ?? options.Database}" : "MongoDB, not opened";

    internal MongoCollections Collections => _collections ?? throw new StorageUnavailableException("MongoDB has not been opened.");

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken) => OpenOnceAsync(MakeReadyAsync, cancellationToken);

    /// <inheritdoc/>
    public Task OpenToReadAsync(CancellationToken cancellationToken) => OpenOnceAsync(MongoSchema.RequireAsync, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StorageProblem>> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(client => client.ReadCommandAsync(Collections.Database, Ping, cancellationToken)).WaitAsync(HealthDeadline, time, cancellationToken);
            return [];
        }
        catch (StorageUnavailableException e)
        {
            return [new StorageProblem(Description, e.Message)];
        }
        catch (TimeoutException)
        {
            return [new StorageProblem(Description, $"{Description} has not answered for {HealthDeadline.TotalSeconds} s.")];
        }
    }

    /// <summary>Ends what has begun and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        if (_client is { } client)
        {
            await client.DisposeAsync();
        }
    }

    /// <summary>
    /// Runs an operation that does no harm when it is carried out several times: up to three times, as long as nobody can tell whether it was, and the server
    /// breaks connections rather than falls silent.
    /// </summary>
    /// <exception cref="StorageUnavailableException">MongoDB is out of reach, or refuses us as a whole.</exception>
    internal Task<T> RepeatAsync<T>(Func<MongoClient, Task<T>> operation) => RunAsync(async client =>
    {
        for (var attempt = 1; ; attempt++)
        {
            var begun = time.GetTimestamp();
            try
            {
                return await operation(client);
            }
            catch (MongoUnknownOutcomeException) when (attempt < MostAttempts && time.GetElapsedTime(begun) < Silence)
            {
                // Once more.
            }
        }
    });

    /// <summary>Runs an operation and says its failures in the words of the ports.</summary>
    /// <exception cref="StorageUnavailableException">MongoDB is out of reach, or refuses us as a whole.</exception>
    internal async Task<T> RunAsync<T>(Func<MongoClient, Task<T>> operation)
    {
        var client = _client ?? throw new StorageUnavailableException("MongoDB has not been opened.");
        try
        {
            return await operation(client);
        }
        catch (MongoException e)
        {
            throw MongoFailures.Explain(e, Description);
        }
    }

    /// <summary>Drops the database with all that is in it.</summary>
    internal Task DropAsync(CancellationToken cancellationToken) =>
        RunAsync(client => client.WriteCommandAsync(Collections.Database, BsonWriter.Document(w => w.Int32("dropDatabase"u8, 1)), cancellationToken));

    private async Task OpenOnceAsync(Func<MongoDatabase, CancellationToken, Task> prepare, CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_client is null)
            {
                await ConnectAsync(prepare, cancellationToken);
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task ConnectAsync(Func<MongoDatabase, CancellationToken, Task> prepare, CancellationToken cancellationToken)
    {
        var client = MongoClient.Open(new MongoSettings
        {
            ConnectionString = options.ConnectionString,
            WriteConcern = options.WriteConcern,
            Watch = options is { AddedLatency: null, PrintCalls: false } ? null : new MongoCallWatch(options.AddedLatency, options.PrintCalls ? logger : null, time),
        });
        try
        {
            _collections = new MongoCollections(client.Database ?? options.Database);
            _client = client;
            await PrepareAsync(client, prepare, cancellationToken);
        }
        catch (Exception)
        {
            _client = null;
            await client.DisposeAsync();
            throw;
        }
    }

    private async Task MakeReadyAsync(MongoDatabase database, CancellationToken cancellationToken)
    {
        Warn(await MongoServerInfo.AskAsync(database, cancellationToken));
        await MongoSchema.ApplyAsync(database, options, cancellationToken);
    }

    private async Task PrepareAsync(MongoClient client, Func<MongoDatabase, CancellationToken, Task> prepare, CancellationToken cancellationToken)
    {
        try
        {
            await prepare(this, cancellationToken);
        }
        catch (StorageUnavailableException e) when (e.InnerException is MongoNotSentException)
        {
            throw await MongoProbe.FindListenerAsync(client.Servers, time, cancellationToken) is { } listener
                ? MongoFailures.ExplainListener(listener, e) : e;
        }
        catch (MongoServerException e)
        {
            throw new StorageUnavailableException($"{Description} cannot be made ready: {e.Message} (error {e.Code}).", e);
        }
    }

    private void Warn(MongoServerInfo server)
    {
        if (!server.IsOnDisk)
        {
            LogNotOnDisk(Description);
        }
        else if (!server.HasJournal)
        {
            LogNoJournal(Description);
        }

        if (server.IsStandalone)
        {
            LogStandalone(Description);
        }
    }

    [LoggerMessage(3301, LogLevel.Critical, "{Where} keeps documents in memory only: every accepted job is lost when it stops. Start it with the engine wiredTiger")]
    private partial void LogNotOnDisk(string where);

    [LoggerMessage(3302, LogLevel.Critical, "{Where} writes no journal: jobs accepted in its last minute are lost when it dies. Start it with storage.journal.enabled: true")]
    private partial void LogNoJournal(string where);

    [LoggerMessage(3303, LogLevel.Warning, "{Where} is no replica set: a write whose connection breaks is not repeated, so that a call may fail whose job was stored. Start it with --replSet; one member is enough")]
    private partial void LogStandalone(string where);
}

using Mrq.Diagnostics;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>Makes a value of a document, whose bytes are borrowed: copy what is to stay.</summary>
internal delegate T ReadDocument<out T>(ReadOnlySpan<byte> document);

/// <summary>
/// Operations on a MongoDB deployment, through its C driver. Documents are BSON bytes, made by <see cref="BsonWriter"/> and read by
/// <see cref="BsonReader"/>; what is passed in must stay unchanged until the operation has ended. On a replica set the driver repeats a write once
/// whose connection breaks; the server then does it only once. Failures are <see cref="MongoException"/>s. Tokens are heeded until an operation begins.
/// </summary>
internal sealed class MongoClient : IAsyncDisposable
{
    private readonly MongoConnection _connection;
    private readonly MongoThreads _threads;
    private readonly MongoCallWatch? _watch;
    private int _closed;

    private MongoClient(MongoConnection connection, MongoSettings settings)
    {
        _connection = connection;
        _threads = new MongoThreads(settings.Threads, settings.Waiting);
        _watch = settings.Watch;
    }

    /// <inheritdoc cref="MongoConnection.Database"/>
    public string? Database => _connection.Database;

    /// <inheritdoc cref="MongoConnection.Servers"/>
    public string Servers => _connection.Servers;

    /// <inheritdoc cref="MongoConnection.Open"/>
    public static MongoClient Open(MongoSettings settings) => new(MongoConnection.Open(settings), settings);

    /// <summary>Runs a command that only reads, or may be repeated without harm: it is repeated once when its connection breaks.</summary>
    /// <returns>The reply.</returns>
    public Task<byte[]> ReadCommandAsync(string database, ReadOnlyMemory<byte> command, CancellationToken cancellationToken) =>
        RunAsync(MongoCall.Command(database, command), session => session.Command(database, command.Span, isWrite: false), cancellationToken);

    /// <summary>Runs a command that writes, with the write concern of the connection string. Only findAndModify is repeated when its connection breaks.</summary>
    /// <returns>The reply.</returns>
    public Task<byte[]> WriteCommandAsync(string database, ReadOnlyMemory<byte> command, CancellationToken cancellationToken) =>
        RunAsync(MongoCall.Command(database, command), session => session.Command(database, command.Span, isWrite: true), cancellationToken);

    /// <summary>Inserts documents that lie one behind the other; each should have its <c>_id</c>, so that repeating is safe.</summary>
    /// <param name="isOrdered">True: ends with the first that is refused. False: inserts all that can be.</param>
    public Task<MongoWriteResult> InsertManyAsync(
        MongoNamespace collection, ReadOnlyMemory<byte> documents, bool isOrdered, CancellationToken cancellationToken) =>
        documents.IsEmpty
            ? Task.FromResult(MongoWriteResult.Nothing)
            : RunAsync(MongoCall.On(collection, "insert", documents.Length), session => session.InsertMany(collection, documents.Span, isOrdered), cancellationToken);

    /// <summary>Carries out writes together. Updates and deletes of many are not repeated when a connection breaks.</summary>
    public Task<MongoWriteResult> BulkWriteAsync(MongoNamespace collection, BulkWrites writes, CancellationToken cancellationToken) =>
        writes.Count == 0
            ? Task.FromResult(MongoWriteResult.Nothing)
            : RunAsync(MongoCall.On(collection, "bulkWrite", writes.Bytes.Length, writes.FirstFilter, writes.Count), session => session.BulkWrite(collection, writes), cancellationToken);

    /// <summary>Finds documents.</summary>
    /// <param name="options">sort, limit, projection and so on, as the command <c>find</c> has them; empty: none.</param>
    /// <param name="read">Called on the thread of the operation.</param>
    public Task<List<T>> FindAsync<T>(
        MongoNamespace collection, ReadOnlyMemory<byte> filter, ReadOnlyMemory<byte> options, ReadDocument<T> read, CancellationToken cancellationToken) =>
        RunAsync(MongoCall.On(collection, "find", filter.Length + options.Length, filter), session => session.Find(collection, filter.Span, options.Span, read), cancellationToken);

    /// <summary>Runs a pipeline.</summary>
    /// <param name="pipeline">A document whose field <c>pipeline</c> is the array of stages.</param>
    /// <param name="read">Called on the thread of the operation.</param>
    public Task<List<T>> AggregateAsync<T>(
        MongoNamespace collection, ReadOnlyMemory<byte> pipeline, ReadDocument<T> read, CancellationToken cancellationToken) =>
        RunAsync(MongoCall.On(collection, "aggregate", pipeline.Length, pipeline), session => session.Aggregate(collection, pipeline.Span, read), cancellationToken);

    /// <summary>Ends what has begun and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            await _threads.DisposeAsync();
            _connection.Dispose();
        }
    }

    private Task<T> RunAsync<T>(MongoCall call, Func<MongoSession, T> operation, CancellationToken cancellationToken)
    {
        var io = JobIo.Current?.Begin($"mongodb.{call.Name}", call.Target);
        var running = _threads.RunAsync(
            () =>
            {
                _watch?.PutOff(cancellationToken);
                using var session = new MongoSession(_connection.Pool);
                return operation(session);
            },
            cancellationToken);
        running = _watch?.TellAsync(call, running) ?? running;
        return io?.UntilAsync(running) ?? running;
    }
}

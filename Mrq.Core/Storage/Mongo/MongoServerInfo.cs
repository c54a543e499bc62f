using System.Text;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>What a server says of how safely it keeps what it confirms. What it does not tell, or not to this user, counts as well.</summary>
/// <param name="IsStandalone">No replica set and no router: a write whose connection breaks cannot be repeated.</param>
/// <param name="HasJournal">What it confirmed survives when its process is killed.</param>
/// <param name="IsOnDisk">Its documents survive a restart.</param>
internal sealed record MongoServerInfo(bool IsStandalone, bool HasJournal, bool IsOnDisk)
{
    private const string Admin = "admin";
    private const string MemoryEngine = "inMemory";

    // Its old name: all servers know it.
    private static readonly byte[] Hello = Command("isMaster");
    private static readonly byte[] Status = Command("serverStatus");
    private static readonly byte[] Options = Command("getCmdLineOpts");

    /// <exception cref="StorageUnavailableException">The server cannot be reached or does not let us in.</exception>
    public static async Task<MongoServerInfo> AskAsync(MongoDatabase database, CancellationToken cancellationToken)
    {
        var hello = await database.RunAsync(client => client.ReadCommandAsync(Admin, Hello, cancellationToken));
        var status = await AskIfAllowedAsync(database, Status, cancellationToken);
        var options = await AskIfAllowedAsync(database, Options, cancellationToken);
        return new MongoServerInfo(
            IsStandalone: TextAt(hello, "setName") is null && TextAt(hello, "msg") != "isdbgrid",
            HasJournal: FlagAt(options, "parsed", "storage", "journal", "enabled") != false,
            IsOnDisk: FlagAt(status, "storageEngine", "persistent") != false
                && TextAt(status, "storageEngine", "name") != MemoryEngine && TextAt(options, "parsed", "storage", "engine") != MemoryEngine);
    }

    /// <summary>The reply; empty: this user may not ask, or the server does not know the command.</summary>
    private static async Task<byte[]> AskIfAllowedAsync(MongoDatabase database, byte[] command, CancellationToken cancellationToken)
    {
        try
        {
            return await database.RunAsync(client => client.ReadCommandAsync(Admin, command, cancellationToken));
        }
        catch (Exception e) when (e is MongoServerException or StorageUnavailableException { InnerException: MongoServerException })
        {
            return BsonWriter.Document(_ => { });
        }
    }

    private static byte[] Command(string name) => BsonWriter.Document(w => w.Int32(Encoding.UTF8.GetBytes(name), 1));

    private static string? TextAt(ReadOnlySpan<byte> document, params ReadOnlySpan<string> path) =>
        TryFind(document, path, out var field) && field.Type == BsonType.String ? field.GetString() : null;

    private static bool? FlagAt(ReadOnlySpan<byte> document, params ReadOnlySpan<string> path) =>
        TryFind(document, path, out var field) && field.Type == BsonType.Boolean ? field.GetBoolean() : null;

    private static bool TryFind(ReadOnlySpan<byte> document, ReadOnlySpan<string> path, out BsonReader field)
    {
        if (!BsonReader.TryFind(document, Encoding.UTF8.GetBytes(path[0]), out field))
        {
            return false;
        }

        return path.Length == 1 || (field.Type == BsonType.Document && TryFind(field.Value, path[1..], out field));
    }
}

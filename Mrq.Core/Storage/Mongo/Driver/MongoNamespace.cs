using System.Text;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>A collection in a database.</summary>
internal sealed record MongoNamespace(string Database, string Collection)
{
    /// <summary>Ended by a zero, as C wants them.</summary>
    internal byte[] DatabaseBytes { get; } = Encoding.UTF8.GetBytes(Database + '\0');

    internal byte[] CollectionBytes { get; } = Encoding.UTF8.GetBytes(Collection + '\0');

    public override string ToString() => $"{Database}.{Collection}";
}

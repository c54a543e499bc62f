using System.Globalization;
using Mrq.Storage.Redis;

namespace Mrq.Hosting;

/// <summary>What is wrong with a store's address or option, before anything is opened. Null: nothing that shows yet. Never tells a password.</summary>
public static class StoreChecks
{
    private const int LongestPrefix = 100;
    private const int MostMembers = 50;

    /// <summary>See <see cref="RedisAddress"/>.</summary>
    public static string? OfRedis(string address) => RedisAddress.TryParse(address, out _, out var error) ? null : error;

    /// <summary>Letters, digits and <c>_ - . : { }</c>: it stands before names of queues, which have the same.</summary>
    public static string? OfRedisPrefix(string prefix) =>
        prefix.Length is > 0 and <= LongestPrefix && prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '{' or '}')
            ? null
            : $"The Redis prefix '{prefix}' must be 1 to {LongestPrefix} letters, digits or _ - . : {{ }}.";

    /// <summary>Its beginning only; the C driver reads the rest when it is opened.</summary>
    public static string? OfMongo(string connectionString) =>
        connectionString.StartsWith("mongodb://", StringComparison.Ordinal) || connectionString.StartsWith("mongodb+srv://", StringComparison.Ordinal)
            ? null
            : "A MongoDB connection string looks like mongodb://localhost:27017/mrq or mongodb+srv://cluster.example.com/mrq.";

    /// <summary>How many members must have a write: <c>majority</c>, a number from 1, or a tag of the replica set.</summary>
    public static string? OfWriteConcern(string concern) =>
        int.TryParse(concern, CultureInfo.InvariantCulture, out var members)
            ? members is >= 1 and <= MostMembers ? null
            : $"The write concern {concern} is not from 1 to {MostMembers}: without an answer MRQ cannot know that a job was stored."
        : concern.Length > 0 && concern.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? null
        : $"The write concern '{concern}' is not majority, a number from 1, or a name.";
}

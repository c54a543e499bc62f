using System.Globalization;
using Mrq.Storage.Redis;

namespace Mrq.Hosting;

/// <summary>What is wrong with a store's address or option, before anything is opened. Null: nothing that shows yet. Never tells a password.</summary>
public static class StoreChecks
{
    private const int LongestPrefix = 100;
    private const int MostMembers = 50;
    private const string Discovered = "mongodb+srv://";

    /// <summary>See <see cref="RedisAddress"/>.</summary>
    public static string? OfRedis(string address) => RedisAddress.TryParse(address, out _, out var error) ? null : error;

    /// <summary>Letters, digits and <c>_ - . : { }</c>: it stands before names of queues, which have the same.</summary>
    public static string? OfRedisPrefix(string prefix) =>
        prefix.Length is > 0 and <= LongestPrefix && prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '{' or '}')
            ? null
            : $"The Redis prefix '{prefix}' must be 1 to {LongestPrefix} letters, digits or _ - . : {{ }}.";

    /// <summary>Its beginning, its hosts and their ports; the C driver reads the rest when it is opened.</summary>
    public static string? OfMongo(string connectionString) =>
        !connectionString.StartsWith("mongodb://", StringComparison.Ordinal) && !connectionString.StartsWith(Discovered, StringComparison.Ordinal)
            ? "A MongoDB connection string looks like mongodb://localhost:27017/mrq or mongodb+srv://cluster.example.com/mrq."
        : HostsOf(connectionString).Split(',') is var hosts && Array.Exists(hosts, host => host.Length == 0) ? "The MongoDB connection string lacks a host, as localhost:27017 is."
        : connectionString.StartsWith(Discovered, StringComparison.Ordinal)
            ? hosts is [var only] && !only.Contains(':', StringComparison.Ordinal) ? null : $"{Discovered} has one host and no port: DNS names the others."
        // What was given is not repeated: where a password was not escaped, it is a part of that.
        : Array.TrueForAll(hosts, HasGoodPort) ? null
        : "The MongoDB connection string has a port that is not a whole number from 1 to 65535. (In a password : / ? # @ % are written as %3A %2F %3F %23 %40 %25.)";

    /// <summary>How many members must have a write: <c>majority</c>, a number from 1, or a tag of the replica set.</summary>
    public static string? OfWriteConcern(string concern) =>
        int.TryParse(concern, CultureInfo.InvariantCulture, out var members)
            ? members is >= 1 and <= MostMembers ? null
            : $"The write concern {concern} is not from 1 to {MostMembers}: without an answer MRQ cannot know that a job was stored."
        : concern.Length > 0 && concern.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? null
        : $"The write concern '{concern}' is not majority, a number from 1, or a name.";

    private static string HostsOf(string connectionString)
    {
        var rest = connectionString[(connectionString.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var authority = rest.Split('/', '?')[0];
        return authority[(authority.LastIndexOf('@') + 1)..];
    }

    private static bool HasGoodPort(string host)
    {
        // The colons in brackets are those of an IPv6 address.
        var at = host.IndexOf(':', Math.Max(0, host.IndexOf(']', StringComparison.Ordinal)));
        return at < 0 || (int.TryParse(host.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= ushort.MaxValue);
    }
}

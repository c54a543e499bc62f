using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mrq.Storage.Redis;

/// <summary>
/// Where Redis is: <c>redis://user:password@host:port/database</c>, or <c>rediss://</c> for TLS. Several <c>host:port</c> are separated by
/// commas. User and password are percent-encoded.
/// </summary>
public sealed record RedisAddress
{
    /// <summary>The port where none is given.</summary>
    public const int DefaultPort = 6379;

    private RedisAddress()
    {
    }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<DnsEndPoint> Endpoints { get; init; }

    /// <summary>Null: Redis's default user.</summary>
    public string? User { get; init; }

    /// <summary>Null: none.</summary>
    public string? Password { get; init; }

    /// <summary>Number of the database. Default 0.</summary>
    public int Database { get; init; }

    /// <summary>Whether the connection is encrypted; certificates are checked as the system does.</summary>
    public bool Tls { get; init; }

    /// <exception cref="FormatException">The text is not an address that can be used; the message says why.</exception>
    public static RedisAddress Parse(string text) =>
        TryParse(text, out var address, out var error) ? address : throw new FormatException(error);

    /// <summary>Reads an address. False: <paramref name="error"/> tells people what is wrong, never with the password.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out RedisAddress? address, [NotNullWhen(false)] out string? error)
    {
        try
        {
            (address, error) = (Read(text ?? ""), null);
            return true;
        }
        catch (FormatException e)
        {
            (address, error) = (null, e.Message);
            return false;
        }
    }

    /// <summary>Without user and password.</summary>
    public override string ToString() =>
        $"{(Tls ? "rediss" : "redis")}://{string.Join(',', Endpoints.Select(e => $"{e.Host}:{e.Port}"))}/{Database}";

    private static RedisAddress Read(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var tls = text.StartsWith("rediss://", StringComparison.OrdinalIgnoreCase);
        if (!tls && !text.StartsWith("redis://", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException(scheme > 0
                ? $"The Redis address begins with '{text[..scheme]}://'; it must begin with redis:// or, for TLS, rediss://."
                : "A Redis address looks like redis://localhost:6379/0.");
        }

        var rest = text[(scheme + 3)..];
        if (rest.IndexOfAny(['?', '#']) is >= 0 and var query)
        {
            throw new FormatException($"The Redis address has options behind '{rest[query]}'; it takes none. MRQ's own options set prefix and times.");
        }

        var slash = rest.IndexOf('/', rest.LastIndexOf('@') + 1);
        var authority = slash < 0 ? rest : rest[..slash];
        var at = authority.LastIndexOf('@');
        var (user, password) = ReadUser(authority[..Math.Max(at, 0)]);
        return new RedisAddress
        {
            Endpoints = ReadEndpoints(authority[(at + 1)..]),
            User = user,
            Password = password,
            Database = ReadDatabase(slash < 0 ? "" : rest[(slash + 1)..]),
            Tls = tls,
        };
    }

    private static (string? User, string? Password) ReadUser(string text)
    {
        if (text.Length == 0)
        {
            return (null, null);
        }

        var colon = text.IndexOf(':');
        if (colon < 0)
        {
            throw new FormatException("The Redis address has a user without a password. A password alone is written redis://:password@host.");
        }

        var user = Uri.UnescapeDataString(text[..colon]);
        if (user.Length > 0 && !RedisDriver.KnowsUsers)
        {
            throw new FormatException(
                $"The Redis address names the user '{user}', and the installed StackExchange.Redis {RedisDriver.Version} can only give a password. " +
                "Use the default user (redis://:password@host) or build MRQ with version 2 or later.");
        }

        return (user.Length > 0 ? user : null, Uri.UnescapeDataString(text[(colon + 1)..]));
    }

    private static List<DnsEndPoint> ReadEndpoints(string text)
    {
        var endpoints = text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(ReadEndpoint).ToList();
        return endpoints.Count > 0 ? endpoints : throw new FormatException("The Redis address names no host, as in redis://localhost:6379/0.");
    }

    private static DnsEndPoint ReadEndpoint(string text)
    {
        var colon = text.EndsWith(']') ? -1 : text.LastIndexOf(':');
        var host = (colon < 0 ? text : text[..colon]).Trim('[', ']');
        if (IPAddress.TryParse(host, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 && !RedisDriver.KnowsIPv6)
        {
            throw new FormatException(
                $"The Redis address holds the IPv6 address {host}, which the installed StackExchange.Redis {RedisDriver.Version} cannot use. " +
                "Use a host name or build MRQ with version 2 or later.");
        }

        if (host.Length == 0)
        {
            throw new FormatException("The Redis address names no host, as in redis://localhost:6379/0.");
        }

        var port = DefaultPort;
        return colon < 0 || (int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535)
            ? new DnsEndPoint(host, port)
            // Not repeated: where the host was forgotten it is the password.
            : throw new FormatException($"The port of the Redis address, behind '{host}:', is not a number from 1 to 65535.");
    }

    private static int ReadDatabase(string text) =>
        text.Length == 0 ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var database) ? database
        : throw new FormatException($"The database '{text}' of the Redis address is not a number, as 0 in redis://localhost:6379/0.");
}

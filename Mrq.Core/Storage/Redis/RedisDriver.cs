using System.Reflection;
using System.Security.Authentication;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>What the installed StackExchange.Redis can do, and how it is set up. Members that only some versions have are reached by reflection.</summary>
internal static class RedisDriver
{
    private static readonly PropertyInfo? UserProperty = typeof(ConfigurationOptions).GetProperty("User");

    // Since 3.x answers never come in the order of the calls, and the switch is gone.
    private static readonly PropertyInfo? PreserveAsyncOrder = typeof(ConnectionMultiplexer).GetProperty("PreserveAsyncOrder");

    public static string Version { get; } = typeof(ConnectionMultiplexer).Assembly.GetName().Version?.ToString(3) ?? "of unknown version";

    public static bool KnowsUsers => UserProperty is not null;

    /// <summary>1.x resolves every host by name and looks for IPv4 only.</summary>
    public static bool KnowsIPv6 { get; } = typeof(ConnectionMultiplexer).Assembly.GetName().Version?.Major >= 2;

    public static ConfigurationOptions Configure(RedisAddress address)
    {
        var options = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            ConnectTimeout = 2000,
            SyncTimeout = 5000,
            KeepAlive = 5,
            // It goes on by itself in the background; more would only hold up who waits for ConnectAsync.
            ConnectRetry = 1,
            ReconnectRetryPolicy = new LinearRetry(500),
            ClientName = "mrq",
            DefaultDatabase = address.Database,
            Password = address.Password,
            Ssl = address.Tls,
            SslHost = address.Tls ? address.Endpoints[0].Host : null,
            SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            // MRQ has one master; the driver's own channels and keys for choosing one would only lie in its keyspace.
            TieBreaker = "",
            ConfigurationChannel = "",
        };
        foreach (var endpoint in address.Endpoints)
        {
            options.EndPoints.Add(endpoint.Host, endpoint.Port);
        }

        if (address.User is not null)
        {
            UserProperty?.SetValue(options, address.User);
        }

        return options;
    }

    /// <summary>Connects, or answers a multiplexer that goes on trying when the server is away.</summary>
    public static async Task<ConnectionMultiplexer> ConnectAsync(RedisAddress address)
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(Configure(address), null);
        PreserveAsyncOrder?.SetValue(multiplexer, false);
        return multiplexer;
    }
}

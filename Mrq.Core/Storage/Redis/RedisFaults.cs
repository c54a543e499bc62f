using System.Net.Sockets;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>What a failed call tells about whether it was carried out.</summary>
internal static class RedisFaults
{
    /// <summary>The call never left this process: it may be made again.</summary>
    public static bool IsNotSent(Exception failure) => failure is ObjectDisposedException or SocketException or RedisConnectionException
    {
        FailureType: ConnectionFailureType.UnableToResolvePhysicalConnection or ConnectionFailureType.UnableToConnect
            or ConnectionFailureType.AuthenticationFailure or ConnectionFailureType.Loading,
    };

    /// <summary>A server that was started again reads its files first and carries out nothing before.</summary>
    public static bool IsLoading(Exception failure) =>
        failure is RedisServerException && failure.Message.StartsWith("LOADING", StringComparison.Ordinal);

    public static bool IsScriptUnknown(RedisServerException failure) => failure.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal);

    /// <summary>The failure as callers should see it.</summary>
    public static StorageUnavailableException Explain(Exception failure, string operation, RedisAddress address, TimeSpan deadline) => failure switch
    {
        RedisServerException => New(
            StorageFailure.ServerError, $"Redis at {address} refused '{operation}': {failure.Message}", failure),
        TimeoutException => New(
            StorageFailure.Timeout, $"Redis at {address} has not answered '{operation}' within {deadline.TotalSeconds:0.###} s. It may have been carried out.", failure),
        _ when IsNotSent(failure) => New(
            StorageFailure.NotSent, $"Redis at {address} cannot be reached: '{operation}' was not sent. Check that it runs, and the host and port of the address.", failure),
        _ => New(
            StorageFailure.Unknown, $"The connection to Redis at {address} broke during '{operation}'. It may have been carried out.", failure),
    };

    private static StorageUnavailableException New(StorageFailure kind, string message, Exception cause) => new(message, cause) { Failure = kind };
}

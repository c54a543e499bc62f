using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Mrq.Storage.Redis;

/// <summary>What a server says of itself. Null: it does not say.</summary>
internal sealed record RedisServerInfo(RedisAddress Address, string? Version, string? EvictionPolicy, bool IsCluster)
{
    private const int OldestVersion = 5;

    /// <exception cref="StorageUnavailableException">MRQ cannot work on it.</exception>
    public void ThrowIfUnusable(RedisOptions options)
    {
        if (int.TryParse(Version?.Split('.')[0], CultureInfo.InvariantCulture, out var major) && major < OldestVersion)
        {
            throw new StorageUnavailableException($"Redis at {Address} has version {Version}; MRQ needs {OldestVersion}.0 or later.");
        }

        var brace = options.Prefix.IndexOf('{', StringComparison.Ordinal);
        if (IsCluster && (brace < 0 || options.Prefix.IndexOf('}', brace) <= brace + 1))
        {
            throw new StorageUnavailableException(
                $"Redis at {Address} is a cluster, and the prefix '{options.Prefix}' would spread the queues over its nodes. Set the prefix to '{{{options.Prefix}}}'.");
        }
    }
}

/// <summary>
/// One look at the server before the driver connects, over a socket of its own: the driver goes on trying for ever and tells a closed port,
/// a wrong password and another program on the port apart badly or not at all.
/// </summary>
internal static class RedisProbe
{
    // INFO has some 5 KB. More than this is another program.
    private const int LongestReply = 1 << 20;

    /// <exception cref="StorageUnavailableException">None of the endpoints is a Redis that lets us in; the message is about the first.</exception>
    public static async Task<RedisServerInfo> AskAsync(
        RedisAddress address, TimeSpan deadline, TimeProvider time, CancellationToken cancellationToken)
    {
        StorageUnavailableException? first = null;
        foreach (var endpoint in address.Endpoints)
        {
            try
            {
                return await AskAsync(address, endpoint, deadline, time, cancellationToken);
            }
            catch (StorageUnavailableException e)
            {
                first ??= e;
            }
        }

        throw first ?? new StorageUnavailableException("The Redis address names no host.");
    }

    private static async Task<RedisServerInfo> AskAsync(
        RedisAddress address, DnsEndPoint endpoint, TimeSpan deadline, TimeProvider time, CancellationToken cancellationToken)
    {
        using var expired = new CancellationTokenSource(deadline, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(expired.Token, cancellationToken);
        using var client = new TcpClient();
        var where = $"{endpoint.Host}:{endpoint.Port}";
        var isConnected = false;
        try
        {
            await client.ConnectAsync(endpoint.Host, endpoint.Port, stop.Token);
            isConnected = true;
            await using var stream = await SecureAsync(client.GetStream(), address, endpoint, stop.Token);
            return await AskAsync(stream, address, where, stop.Token);
        }
        catch (AuthenticationException e)
        {
            throw new StorageUnavailableException(
                $"The TLS connection to Redis at {where} failed: {e.Message} Check the certificate, or use redis:// when the server has no TLS.", e);
        }
        catch (SocketException e)
        {
            throw new StorageUnavailableException(
                $"Redis at {where} cannot be reached: {e.Message}. Check that it runs, and the host and port of the address.", e)
            {
                Failure = StorageFailure.NotSent,
            };
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new StorageUnavailableException(
                $"What listens at {where} is not a Redis server{(address.Tls ? "" : ", or one with TLS (rediss://)")}: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StorageUnavailableException(
                isConnected
                    ? $"What listens at {where} has not answered as Redis does within {deadline.TotalSeconds:0.###} s: it hangs, or is another program{(address.Tls ? ", or a Redis without TLS (redis://)" : ", or a Redis with TLS (rediss://)")}."
                    : $"Redis at {where} cannot be reached: no answer within {deadline.TotalSeconds:0.###} s. Check the host, the port and the firewall.",
                e)
            {
                Failure = StorageFailure.Timeout,
            };
        }
    }

    private static async Task<Stream> SecureAsync(NetworkStream plain, RedisAddress address, DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        if (!address.Tls)
        {
            return plain;
        }

        var secure = new SslStream(plain);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = endpoint.Host }, cancellationToken);
        return secure;
    }

    private static async Task<RedisServerInfo> AskAsync(Stream stream, RedisAddress address, string where, CancellationToken cancellationToken)
    {
        if (address.Password is { } password)
        {
            string[] auth = address.User is { } user ? ["AUTH", user, password] : ["AUTH", password];
            if (await CallAsync(stream, auth, cancellationToken) is ['-', .. var refused])
            {
                throw new StorageUnavailableException($"Redis at {where} does not accept the password of the address: {refused}");
            }
        }

        if (await CallAsync(stream, ["SELECT", $"{address.Database}"], cancellationToken) is ['-', .. var denied])
        {
            throw new StorageUnavailableException(denied.StartsWith("NOAUTH", StringComparison.Ordinal)
                ? $"Redis at {where} needs a password: write it as redis://:password@{where}."
                : $"Redis at {where} does not open database {address.Database}: {denied}");
        }

        var info = await CallAsync(stream, ["INFO"], cancellationToken);
        return info is ['-', .. var error]
            ? throw new StorageUnavailableException($"Redis at {where} does not tell its version (INFO): {error}")
            : new RedisServerInfo(address, Field(info, "redis_version"), Field(info, "maxmemory_policy"), Field(info, "cluster_enabled") == "1");
    }

    private static string? Field(string info, string name) =>
        info.Split("\r\n").FirstOrDefault(line => line.StartsWith($"{name}:", StringComparison.Ordinal))?[(name.Length + 1)..];

    /// <summary>Sends a command; answers its text, or '-' and the error.</summary>
    private static async Task<string> CallAsync(Stream stream, string[] command, CancellationToken cancellationToken)
    {
        var text = new StringBuilder($"*{command.Length}\r\n");
        foreach (var part in command)
        {
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancellationToken);
        var line = await ReadLineAsync(stream, cancellationToken);
        return line switch
        {
            ['-', ..] => line,
            ['+', .. var status] => status,
            ['$', .. var length] when int.TryParse(length, CultureInfo.InvariantCulture, out var size) && size is >= 0 and < LongestReply =>
                await ReadTextAsync(stream, size, cancellationToken),
            _ => throw new InvalidDataException($"it answered '{line[..Math.Min(line.Length, 40)]}'."),
        };
    }

    private static async Task<string> ReadTextAsync(Stream stream, int size, CancellationToken cancellationToken)
    {
        var bytes = new byte[size + 2];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return Encoding.UTF8.GetString(bytes, 0, size);
    }

    // Byte by byte: three short lines in a process's life.
    private static async Task<string> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var line = new ArrayBufferWriter<byte>();
        var next = new byte[1];
        while (true)
        {
            await stream.ReadExactlyAsync(next, cancellationToken);
            if (next[0] == '\n')
            {
                return Encoding.UTF8.GetString(line.WrittenSpan).TrimEnd('\r');
            }

            if (line.WrittenCount == 1000)
            {
                throw new InvalidDataException("it answered a line without an end.");
            }

            line.Write(next);
        }
    }
}

using System.Diagnostics;

[assembly: AssemblyFixture(typeof(Mrq.Tests.Support.SharedRedisServer))]

namespace Mrq.Tests.Support;

/// <summary>A real <c>redis-server</c> on a loopback port, without files.</summary>
public sealed class RedisServerProcess : IAsyncDisposable
{
    private readonly string[] _arguments;
    private Process? _process;
    private Task _output = Task.CompletedTask;

    private RedisServerProcess(string[] arguments) => _arguments = arguments;

    public int Port { get; private set; }

    public string Address => $"redis://127.0.0.1:{Port}/0";

    public static async Task<RedisServerProcess> StartAsync(params string[] arguments)
    {
        var server = new RedisServerProcess(arguments);
        // Redis cannot choose a port itself; one that is free now may be taken by the time it binds.
        while (!await server.TryStartAsync(Ports.Free()))
        {
        }

        return server;
    }

    /// <summary>Starts it anew on the same port: empty, as nothing is saved.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        Assert.True(await TryStartAsync(Port), $"Port {Port} was taken by another program.");
    }

    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            await _output;
            process.Dispose();
            _process = null;
        }
    }

    /// <summary>Sends a signal: STOP freezes it with its connections open, CONT lets it go on.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process?.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task<bool> TryStartAsync(int port)
    {
        Port = port;
        var start = new ProcessStartInfo(
            "redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", .. _arguments])
        {
            WorkingDirectory = Path.GetTempPath(),
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        var process = _process = Process.Start(start) ?? throw new InvalidOperationException("redis-server did not start. ./test.sh installs it.");
        var output = new List<string>();
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            output.Add(line);
            if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
            {
                // It goes on writing, and would wait for a reader.
                _output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return true;
            }
        }

        await KillAsync();
        return output.Any(line => line.Contains("Address already in use", StringComparison.Ordinal))
            ? false
            : throw new InvalidOperationException($"redis-server ended at its start:\n{string.Join('\n', output)}");
    }
}

/// <summary>One server for all tests that keep to prefixes of their own; started by the first that asks. <c>MRQ_TEST_REDIS=redis://…</c> names another.</summary>
public sealed class SharedRedisServer : IAsyncDisposable
{
    private readonly Lazy<Task<RedisServerProcess>> _server = new(() => RedisServerProcess.StartAsync());

    public static async Task<string> AddressAsync() =>
        Environment.GetEnvironmentVariable("MRQ_TEST_REDIS") is { Length: > 0 } given ? given
        : (await ((await TestContext.Current.GetFixture<SharedRedisServer>()) ?? throw new InvalidOperationException("No test runs."))._server.Value).Address;

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _server.Value).DisposeAsync();
        }
    }
}

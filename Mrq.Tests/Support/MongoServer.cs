using System.Diagnostics;
using Mrq.Tests.Support;

[assembly: AssemblyFixture(typeof(SharedMongoServer))]

namespace Mrq.Tests.Support;

/// <summary>A MongoDB server for tests: the one that <c>MRQ_TEST_MONGODB</c> names, else a stand-in as a process of its own.</summary>
public sealed class MongoServer : IAsyncDisposable
{
    /// <summary>
    /// Environment variable with the address of a real server, for example <c>mongodb://127.0.0.1:27017/</c>. A replica set, as MRQ needs one, and
    /// without a database: each test makes one and drops it.
    /// </summary>
    public const string Variable = "MRQ_TEST_MONGODB";

    private Process? _process;

    private MongoServer(string address, Process? process) => (Address, _process) = (address, process);

    /// <summary>Where the stand-in lies.</summary>
    public static string StandInFolder { get; } = Path.Combine(Repository.Root, "Mrq.Tests", "Support", "MongoStandIn");

    /// <summary>Connection string, ending in <c>/</c> or with options.</summary>
    public string Address { get; }

    /// <summary>The server to test with, a replica set of one where it is the stand-in.</summary>
    public static async Task<MongoServer> StartAsync() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } address
        ? new MongoServer(WithoutDatabase(address), process: null)
        : await StartStandInAsync("--replset", "rs");

    /// <summary>A stand-in, also where a real server is given: for tests that stop it.</summary>
    public static async Task<MongoServer> StartStandInAsync(params string[] options)
    {
        // It ends when its standard input does: with this process, however that ends.
        var process = Process.Start(new ProcessStartInfo("node", ["server.mjs", "--with-parent", .. options])
        {
            WorkingDirectory = StandInFolder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        }) ?? throw new InvalidOperationException("node did not start.");
        var line = await process.StandardOutput.ReadLineAsync(CancellationToken.None);
        return line?.Split(' ') is ["listening", var port]
            ? new MongoServer($"mongodb://127.0.0.1:{port}/", process)
            : throw new InvalidOperationException("The MongoDB stand-in did not start; './test.sh' installs what it needs.");
    }

    /// <summary>A stand-in for a replica set that can be started again on its port; empty then, as it keeps nothing.</summary>
    public static Task<MongoServer> StartAgainAsync(int port) => StartStandInAsync("--replset", "rs", "--port", $"{port}");

    private static string WithoutDatabase(string address)
    {
        var afterHosts = address[(address.IndexOf("//", StringComparison.Ordinal) + 2)..].Split('/', 2) is [_, var rest] ? rest : "";
        return afterHosts is "" or ['?', ..]
            ? address
            : throw new InvalidOperationException($"{Variable} names a database. The tests drop theirs, so it must name none: mongodb://host:27017/?options.");
    }

    /// <summary>Sends a stand-in a signal: STOP freezes it with its connections open, CONT lets it go on.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process?.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Ends a stand-in at once, as a crash would; again is nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _process, null) is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }
    }
}

/// <summary>One server for all tests that keep to databases of their own; started by the first that asks.</summary>
public sealed class SharedMongoServer : IAsyncDisposable
{
    private readonly Lazy<Task<MongoServer>> _server = new(MongoServer.StartAsync);

    /// <summary>Its address, for a test whose class does not take it.</summary>
    public static async Task<string> AddressAsync() =>
        (await ((await TestContext.Current.GetFixture<SharedMongoServer>()) ?? throw new InvalidOperationException("No test runs.")).GetAsync()).Address;

    public Task<MongoServer> GetAsync() => _server.Value;

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _server.Value).DisposeAsync();
        }
    }
}

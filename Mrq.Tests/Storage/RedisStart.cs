using System.Net;
using System.Net.Sockets;
using Mrq.Storage;
using Mrq.Storage.Redis;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>What is said at the start when Redis cannot be used.</summary>
[Collection(RedisServer.Collection)]
public sealed class RedisStart
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_listens()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await server.KillAsync();

        Assert.Contains("cannot be reached: Connection refused", await FailsAsync(server.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_host_does_not_exist() =>
        Assert.Contains("Redis at no-such-host.invalid:6379 cannot be reached", await FailsAsync("redis://no-such-host.invalid"), StringComparison.Ordinal);

    [Fact]
    public async Task The_password_is_wrong()
    {
        await using var server = await RedisServerProcess.StartAsync("--requirepass", "right");

        var error = await FailsAsync($"redis://:wrong@127.0.0.1:{server.Port}");

        Assert.Contains("does not accept the password", error, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_password_is_missing()
    {
        await using var server = await RedisServerProcess.StartAsync("--requirepass", "right");

        Assert.Contains("needs a password", await FailsAsync(server.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_right_password_lets_in()
    {
        await using var server = await RedisServerProcess.StartAsync("--requirepass", "r/ght@1");
        await using var node = new RedisNode($"redis://:{Uri.EscapeDataString("r/ght@1")}@127.0.0.1:{server.Port}/2");

        await node.Connection.OpenAsync(Token);

        var ids = await node.EnqueueAsync(2);
        Assert.Equal(ids, await node.DequeueAsync());
        Assert.DoesNotContain("ght", node.Connection.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_database_does_not_exist()
    {
        await using var server = await RedisServerProcess.StartAsync();

        Assert.Contains("does not open database 99", await FailsAsync($"redis://127.0.0.1:{server.Port}/99"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_channel_of_signals_is_not_allowed()
    {
        await using var server = await RedisServerProcess.StartAsync("--rename-command", "PUBLISH", "");

        Assert.Contains("does not deliver messages on the channel mrq:notify", await FailsAsync(server.Address, TimeSpan.FromSeconds(2)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("")]
    public async Task Another_program_listens(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepted = AnswerAsync(listener, answer);

        var error = await FailsAsync($"redis://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

        Assert.Contains("is not a Redis server", error, StringComparison.Ordinal);
        await accepted;
    }

    [Fact]
    public async Task The_server_hangs()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await server.SignalAsync("STOP");

        var error = await FailsAsync(server.Address, TimeSpan.FromSeconds(2));

        await server.SignalAsync("CONT");
        Assert.Contains("it hangs, or is another program", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4.0.14", false, "mrq", "has version 4.0.14; MRQ needs 5.0 or later")]
    [InlineData("7.0.15", true, "mrq", "Set the prefix to '{mrq}'")]
    [InlineData("7.0.15", true, "{}mrq", "is a cluster")]
    [InlineData("7.0.15", true, "{mrq}", null)]
    [InlineData("5.0.0", false, "mrq", null)]
    [InlineData(null, false, "mrq", null)]
    public void What_the_server_says_of_itself_is_checked(string? version, bool isCluster, string prefix, string? expected)
    {
        var address = RedisAddress.Parse("redis://h");
        var info = new RedisServerInfo(address, version, "noeviction", isCluster);

        var error = Record.Exception(() => info.ThrowIfUnusable(new RedisOptions { Address = address, Prefix = prefix }));

        Assert.Equal(expected is null, error is null);
        Assert.True(expected is null || error!.Message.Contains(expected, StringComparison.Ordinal), error?.Message);
    }

    [Fact]
    public async Task A_server_that_deletes_keys_when_it_is_full_is_warned_of()
    {
        await using var server = await RedisServerProcess.StartAsync("--maxmemory-policy", "allkeys-lru");
        await using var node = new RedisNode(server.Address);

        await node.Connection.OpenAsync(Token);

        await node.LogsAsync("Critical: Redis at redis://127.0.0.1:");
    }

    [Fact]
    public async Task A_server_that_takes_no_connection_at_first_is_tried_again()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var way = new BreakableWay(server.Port);
        await using var node = new RedisNode($"redis://127.0.0.1:{way.Port}", TimeSpan.FromSeconds(1));
        way.Pass(1);

        var opening = node.Connection.OpenAsync(Token);
        await node.LogsAsync("took no connection yet; try 1 of 3");
        way.Mend();

        await opening;
        Assert.Single(await node.EnqueueAsync(1));
    }

    [Fact]
    public async Task A_server_that_answers_a_first_look_alone_is_told_apart_from_one_that_is_away()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var way = new BreakableWay(server.Port);
        way.Pass(1);

        var error = await FailsAsync($"redis://127.0.0.1:{way.Port}", TimeSpan.FromSeconds(1));

        Assert.Contains("answered a first look, but within 3 s no connection to it could be made", error, StringComparison.Ordinal);
    }

    private static async Task<string> FailsAsync(string address, TimeSpan? deadline = null)
    {
        await using var node = new RedisNode(address, deadline);
        return (await Assert.ThrowsAsync<StorageUnavailableException>(() => node.Connection.OpenAsync(Token))).Message;
    }

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync(Token);
        await using var stream = client.GetStream();
        Assert.True(await stream.ReadAsync(new byte[1000], Token) > 0);
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer), Token);
    }
}

using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary>What <c>mrq --redis … --mongodb …</c> says when it starts, and why it does not.</summary>
public sealed class StartingOnTheCluster : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_first_line_says_where_jobs_are_kept_and_a_job_runs()
    {
        await using var redis = await RedisServerProcess.StartAsync("--requirepass", "secret");
        await using var stores = TestStores.On($"redis://:secret@127.0.0.1:{redis.Port}/3", (await SharedMongoServer.AddressAsync()));
        await using var process = MrqProcess.Start(_folder, [.. stores.Arguments, "--dashboard_port", "0"]);
        using var http = await process.ReadyAsync();

        using var accepted = await http.PostAsync("/api/jobs", new StringContent("""{"path":"samples.add","params":{"a":1,"b":2}}""", null, "application/json"), Token);

        var job = await http.GetStringAsync($"{accepted.Headers.Location}?wait=30", Token);
        Assert.Contains("\"result\":3", job, StringComparison.Ordinal);
        Assert.Contains($"Redis redis://127.0.0.1:{redis.Port}/3, keys mrq-test-", process.Output, StringComparison.Ordinal);
        Assert.Contains(" and MongoDB 127.0.0.1:", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_nodes_share_their_jobs()
    {
        await using var stores = await TestStores.MakeAsync(StorePair.RedisAndMongo);
        await using var worker = MrqProcess.Start(_folder, [.. stores.Arguments, "--dashboard_port", "0"]);
        await using var desk = MrqProcess.Start(_folder, [.. stores.Arguments, "--dashboard_port", "0", "--workers", "false"]);
        using var runs = await worker.ReadyAsync();
        using var accepts = await desk.ReadyAsync();

        using var accepted = await accepts.PostAsync("/api/jobs", new StringContent("""{"path":"samples.add","params":{"a":1,"b":2}}""", null, "application/json"), Token);

        Assert.Contains("\"result\":3", await accepts.GetStringAsync($"{accepted.Headers.Location}?wait=30", Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_servers_away_are_two_lines_and_no_stack_trace()
    {
        var (redis, mongo) = (Ports.Free(), Ports.Free());

        var errors = await RefusedAsync($"redis://:secret@127.0.0.1:{redis}", $"mongodb://me:secret@127.0.0.1:{mongo}/?serverSelectionTimeoutMS=300");

        Assert.Collection(
            errors,
            line => Assert.StartsWith($"mrq: Redis at 127.0.0.1:{redis} cannot be reached", line, StringComparison.Ordinal),
            line => Assert.StartsWith($"mrq: MongoDB 127.0.0.1:{mongo}/mrq cannot be reached", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_password_is_one_line()
    {
        await using var redis = await RedisServerProcess.StartAsync("--requirepass", "right");

        var line = Assert.Single(await RefusedAsync($"redis://:secret@127.0.0.1:{redis.Port}", await SharedMongoServer.AddressAsync()));

        Assert.Contains("does not accept the password", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_addresses_taken_one_for_the_other_are_two_lines()
    {
        await using var redis = await RedisServerProcess.StartAsync();
        await using var mongo = await MongoServer.StartStandInAsync();

        var errors = await RefusedAsync($"redis://127.0.0.1:{new Uri(mongo.Address).Port}", $"mongodb://127.0.0.1:{redis.Port}/?serverSelectionTimeoutMS=300");

        Assert.Collection(
            errors,
            line => Assert.Contains("is not a Redis server", line, StringComparison.Ordinal),
            line => Assert.Contains("it may be another program", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_string_that_cannot_be_read_is_one_line()
    {
        await using var redis = await RedisServerProcess.StartAsync();

        var line = Assert.Single(await RefusedAsync(redis.Address, "mongodb://h/?tls=true&tlsCAFile=no-such.pem"));

        Assert.Contains("tlsCAFile, is not there", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_a_replica_set_is_warned_of_and_works()
    {
        await using var redis = await RedisServerProcess.StartAsync();
        await using var mongo = await MongoServer.StartStandInAsync();
        await using var process = MrqProcess.Start(_folder, ["--dashboard_port", "0", "--redis", redis.Address, "--mongodb", mongo.Address]);

        using var http = await process.ReadyAsync();

        Assert.Contains("is no replica set", process.Output, StringComparison.Ordinal);
    }

    private async Task<string[]> RefusedAsync(string redis, string mongo)
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_port", "0"], ("MRQ_REDIS", redis), ("MRQ_MONGODB", mongo));

        Assert.Equal(2, code);
        Assert.DoesNotContain("secret", output + errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output + errors, StringComparison.Ordinal);
        return errors.Split('\n');
    }
}

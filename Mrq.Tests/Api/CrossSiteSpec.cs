using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

public sealed class CrossSiteSpec : ApiSpec
{
    [Theory]
    [InlineData("POST", "/api/queues/default/pause")]
    [InlineData("DELETE", "/api/jobs/000000000000000000000000")]
    [InlineData("POST", "/_blazor/negotiate?negotiateVersion=1")]
    [InlineData("POST", "/hubs/live/negotiate?negotiateVersion=1")]
    [InlineData("POST", "/API/queues/default/pause")]
    [InlineData("POST", "/_Blazor/negotiate?negotiateVersion=1")]
    public async Task A_change_that_another_site_sends_is_refused(string method, string address)
    {
        AssertProblem(await Server.SendAsync(new HttpMethod(method), address, headers: ("Origin", "https://evil.example")), 403, "evil.example");
        AssertProblem(await Server.SendAsync(new HttpMethod(method), address, headers: ("Origin", "null")), 403, "null");
        AssertProblem(await Server.SendAsync(new HttpMethod(method), address, headers: ("Sec-Fetch-Site", "cross-site")), 403, "another site");
        Assert.Equal(200, (await Server.PostAsync("/api/queues/default/resume")).Status);
    }

    [Fact]
    public async Task Another_port_of_the_same_machine_is_another_site() =>
        AssertProblem(await Server.SendAsync(HttpMethod.Post, "/api/queues/default/pause", headers: ("Origin", "http://127.0.0.1:1")), 403, "127.0.0.1:1");

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:5555")]
    [InlineData("localhost.evil.example")]
    [InlineData("192.168.1.5:5555")]
    public async Task A_host_name_that_is_not_this_machines_own_is_refused(string host)
    {
        AssertProblem(await Server.SendAsync(HttpMethod.Get, "/api/jobs", headers: ("Host", host)), 403, host, "localhost", "--allow_anonymous");
        AssertProblem(await Server.SendAsync(HttpMethod.Post, "/api/queues/default/pause", headers: [("Host", host), ("Origin", $"http://{host}")]), 403, host);
        AssertProblem(await Server.SendAsync(HttpMethod.Get, "/jobs", headers: ("Host", host)), 403, host);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:1")]
    [InlineData("127.0.0.2:80")]
    [InlineData("[::1]:5555")]
    public async Task Every_name_of_this_machine_is_taken(string host) =>
        Assert.Equal(200, (await Server.SendAsync(HttpMethod.Get, "/api/jobs", headers: ("Host", host))).Status);

    [Fact]
    public async Task Any_host_name_is_taken_where_everyone_may_come_in()
    {
        await using var open = await MrqServer.StartAsync(settings: s => s with { AllowAnonymous = true });

        Assert.Equal(200, (await open.SendAsync(HttpMethod.Get, "/api/jobs", headers: ("Host", "mrq.example"))).Status);
    }

    [Fact]
    public async Task A_web_socket_that_another_site_opens_is_refused()
    {
        var answer = await Server.SendAsync(
            HttpMethod.Get, "/hubs/live", headers: [("Origin", "https://evil.example"), ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]);

        AssertProblem(answer, 403, "evil.example");
    }

    [Fact]
    public async Task Own_pages_and_programs_pass()
    {
        var own = Server.Address.GetLeftPart(UriPartial.Authority);

        Assert.Equal(200, (await Server.SendAsync(HttpMethod.Post, "/api/queues/default/pause", headers: [("Origin", own), ("Sec-Fetch-Site", "same-origin")])).Status);
        Assert.Equal(200, (await Server.PostAsync("/api/queues/default/pause")).Status);
        Assert.Equal(200, (await Server.SendAsync(HttpMethod.Get, "/api/queues", headers: ("Origin", "https://evil.example"))).Status);
    }
}

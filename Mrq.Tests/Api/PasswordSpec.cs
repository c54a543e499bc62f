using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

/// <summary>A server with <c>--dashboard_httpauth</c>.</summary>
public sealed class PasswordSpec : ApiSpec
{
    protected override Task<MrqServer> StartAsync() => MrqServer.StartAsync(settings: settings => settings with { DashboardHttpAuth = "ada:love:lace" });

    [Theory]
    [InlineData("/api/jobs", "text/html")]
    [InlineData("/api/jobs", "*/*")]
    [InlineData("/metrics", "text/html")]
    [InlineData("/jobs", "*/*")]
    public async Task A_program_without_it_gets_a_problem(string path, string accept)
    {
        var answer = await Server.SendAsync(HttpMethod.Get, path, headers: ("Accept", accept));

        AssertProblem(answer, 401, "--dashboard_httpauth");
        Assert.StartsWith("Basic ", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_without_it_gets_a_page()
    {
        var answer = await Server.SendAsync(HttpMethod.Get, "/jobs", headers: ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"));

        Assert.Equal((401, "text/html"), (answer.Status, answer.ContentType));
        Assert.Contains("<h1>You are not logged in</h1>", answer.Text, StringComparison.Ordinal);
        Assert.StartsWith("Basic ", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ada:love:lace", 200)]
    [InlineData("ada:love", 401)]
    [InlineData("ada", 401)]
    public async Task Only_the_right_one_is_let_in(string login, int status) =>
        Assert.Equal(status, (await Server.SendAsync(HttpMethod.Get, "/api/jobs", headers: ("Authorization", $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(login))}"))).Status);

    [Fact]
    public async Task Whether_it_lives_is_told_to_everyone() => Assert.Equal(200, (await Server.GetAsync("/health/live")).Status);
}

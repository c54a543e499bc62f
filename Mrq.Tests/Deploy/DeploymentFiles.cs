using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Mrq.Hosting;
using Mrq.Server.Configuration;
using Mrq.Server.Processes;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Deploy;

/// <summary>Dockerfile, docker-compose.yml and docs/deploy.md say what is so. No Docker is needed to see it.</summary>
public sealed partial class DeploymentFiles
{
    private static readonly string Dockerfile = Read("Dockerfile");
    private static readonly string Compose = Read("docker-compose.yml");
    private static readonly string Unit = Read("deploy/mrq.service");

    [Theory]
    [InlineData("Dockerfile")]
    [InlineData("docker-compose.yml")]
    [InlineData("docs/deploy.md")]
    [InlineData("docs/use-systemd.md")]
    public void Every_variable_that_is_named_is_an_option(string file)
    {
        var names = ServerOptions.All.SelectMany(o => o.Names).Select(n => $"MRQ_{n.ToUpperInvariant()}").ToHashSet(StringComparer.Ordinal);

        Assert.All(Variable().Matches(Read(file)), m => Assert.Contains(m.Value, names));
    }

    // Options of other programs stand there behind the program's name.
    [Fact]
    public void Every_option_that_the_guide_names_is_one()
    {
        var names = ServerOptions.All.SelectMany(o => o.Names).ToHashSet(StringComparer.Ordinal);
        var named = OptionInGuide().Matches(Read("docs/deploy.md")).Select(m => m.Groups["name"].Value).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, n => Assert.Contains(n, names));
    }

    [Fact]
    public void What_the_image_is_made_of_is_there_and_reaches_the_build()
    {
        var allowed = Read(".dockerignore").Split('\n').Where(l => l.StartsWith('!')).Select(l => l[1..]).ToList();

        Assert.All(Copied(), path =>
        {
            Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), $"{path} is not there.");
            Assert.Contains(allowed, a => path == a || path.StartsWith($"{a}/", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void Every_project_of_the_server_is_restored_and_built()
    {
        var copied = Copied();

        Assert.All(ProjectsOf("Mrq.Server/Mrq.Server.csproj"), project =>
        {
            Assert.Contains(project, copied);
            Assert.Contains(Path.GetDirectoryName(project)!.Replace('\\', '/'), copied);
        });
    }

    [Fact]
    public async Task The_health_check_of_the_image_tells_a_server_from_none()
    {
        await using var server = await MrqServer.StartAsync();
        using var none = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        none.Start();
        var closed = ((System.Net.IPEndPoint)none.LocalEndpoint).Port;
        none.Stop();

        Assert.Equal(0, await CheckHealthAsync(server.Address.Port));
        Assert.NotEqual(0, await CheckHealthAsync(closed));
    }

    [Fact]
    public void The_image_runs_as_a_user_without_rights_and_leaves_it_to_people_to_open_it()
    {
        Assert.Matches(@"(?m)^USER \$APP_UID$", Dockerfile);
        Assert.DoesNotContain("MRQ_ALLOW_ANONYMOUS=", Uncommented(Dockerfile), StringComparison.Ordinal);
        Assert.Contains($"EXPOSE {new ServerSettings().DashboardPort}", Dockerfile, StringComparison.Ordinal);
    }

    [Fact]
    public void The_nodes_of_the_compose_file_are_published_for_this_machine_only()
    {
        var ports = Ports().Matches(Compose).Select(m => m.Groups["ports"].Value).ToList();

        Assert.Equal(2, ports.Count);
        Assert.All(ports, p => Assert.Matches($@"^""127\.0\.0\.1:\d+:{new ServerSettings().DashboardPort}""$", p));
    }

    [Fact]
    public void The_stores_of_the_compose_file_keep_what_they_are_given()
    {
        Assert.Contains("appendonly yes", Compose, StringComparison.Ordinal);
        Assert.Contains("maxmemory-policy noeviction", Compose, StringComparison.Ordinal);
        Assert.Contains("--replSet rs ", Compose, StringComparison.Ordinal);
        Assert.Contains("replicaSet=rs&", Compose, StringComparison.Ordinal);
    }

    [Fact]
    public void The_compose_file_has_no_password_of_its_own_and_asks_for_each()
    {
        var passwords = Regex.Matches(Compose, @"\$\{(?<name>\w+_PASSWORD)(?<rest>[^}]*)\}", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

        Assert.Equal(["MONGO_PASSWORD", "REDIS_PASSWORD"], passwords.Select(m => m.Groups["name"].Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.All(passwords, m => Assert.StartsWith(":?", m.Groups["rest"].Value, StringComparison.Ordinal));
    }

    [Fact]
    public void The_addresses_of_the_compose_file_can_be_read()
    {
        Assert.Null(StoreChecks.OfRedis(AddressIn("MRQ_REDIS")));
        Assert.Null(StoreChecks.OfMongo(AddressIn("MRQ_MONGODB")));
    }

    [Theory]
    [InlineData("deploy/mrq.service", @"^TimeoutStopSec=(?<seconds>\d+)$")]
    [InlineData("docker-compose.yml", @"^  stop_grace_period: (?<seconds>\d+)s$")]
    [InlineData("docs/use-containers.md", @"--stop-timeout (?<seconds>\d+) ")]
    public void Whoever_stops_it_waits_longer_than_that_can_take_and_as_long_everywhere(string file, string timeout)
    {
        var seconds = Regex.Match(Read(file), timeout, RegexOptions.ExplicitCapture | RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Groups["seconds"].Value;

        Assert.True(int.Parse(seconds, CultureInfo.InvariantCulture) > WorkerProcesses.LongestStop(new ServerSettings()).TotalSeconds);
        Assert.Contains($"{seconds} s is enough for all of them by default", Read("docs/processes.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_guide_says_how_long_stopping_takes()
    {
        using var shutdown = new WorkerShutdown([new WorkerOptions()], new MrqOptions());
        var guide = Read("docs/processes.md");

        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| `shutdown_timeout` + `abort_grace` + 15 s | {shutdown.LongestStop.TotalSeconds} s |"), guide, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| 5 s more | {WorkerProcesses.LongestStop(new ServerSettings()).TotalSeconds} s |"), guide, StringComparison.Ordinal);
    }

    [Fact]
    public void The_unit_waits_for_notices_and_signals_the_main_process_alone() =>
        Assert.All(["Type=notify", "NotifyAccess=main", "WatchdogSec=60", "KillMode=mixed"], line => Assert.Contains($"\n{line}\n", Unit, StringComparison.Ordinal));

    [Fact]
    public async Task Systemd_understands_the_unit()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "systemd is not on this machine.");
        using var folder = new TempFolder();
        // The program need not be installed here.
        await File.WriteAllTextAsync(folder.File("mrq.service"), Unit.Replace("/opt/mrq/mrq server", "/bin/true", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        using var verify = Process.Start(new ProcessStartInfo("/usr/bin/systemd-analyze", ["verify", folder.File("mrq.service")]) { UseShellExecute = false, RedirectStandardError = true })!;

        var found = await verify.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await verify.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.DoesNotContain("mrq.service", found, StringComparison.Ordinal);
        Assert.Equal(0, verify.ExitCode);
    }

    // The compose file relies on it: a name that leads to 127.0.0.1 and is not ours could be any web site's.
    [Fact]
    public async Task A_server_that_everyone_may_enter_can_be_kept_to_some_host_names()
    {
        using var folder = new TempFolder();
        await using var process = MrqProcess.Start(
            folder, ["--dashboard_ip", "0.0.0.0", "--dashboard_port", "0", "--allow_anonymous"], ("ALLOWEDHOSTS", "localhost;127.0.0.1"), ("ASPNETCORE_HTTP_PORTS", ""));
        using var http = await process.ReadyAsync();
        var port = http.BaseAddress!.Port;

        Assert.Equal(200, await AskAsync(port, "127.0.0.1"));
        Assert.Equal(200, await AskAsync(port, "localhost:5555"));
        Assert.Equal(400, await AskAsync(port, "evil.example"));
    }

    private static async Task<int> AskAsync(int port, string host)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/api/queues");
        request.Headers.Host = host;
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private static async Task<int> CheckHealthAsync(int port)
    {
        var command = JsonSerializer.Deserialize<string[]>(HealthCheck().Match(Dockerfile).Groups["command"].Value)!;
        using var check = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            Environment = { ["MRQ_DASHBOARD_PORT"] = $"{port}" },
        })!;
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        return check.ExitCode;
    }

    /// <summary>The files and folders of the checkout that the Dockerfile copies.</summary>
    private static List<string> Copied() =>
        [.. Dockerfile.Split('\n').Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal))
            .SelectMany(l => l.Split(' ')[1..^1]).Select(p => p.TrimEnd('/'))];

    /// <summary>A project and all that it refers to, as paths from the root.</summary>
    private static HashSet<string> ProjectsOf(string project)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        Add(project);
        return found;

        void Add(string path)
        {
            if (found.Add(path))
            {
                var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, path))!;
                foreach (var reference in XDocument.Parse(Read(path)).Descendants("ProjectReference"))
                {
                    Add(Path.GetRelativePath(Repository.Root, Path.GetFullPath(reference.Attribute("Include")!.Value, folder)).Replace('\\', '/'));
                }
            }
        }
    }

    private static string AddressIn(string variable)
    {
        var text = Regex.Match(Compose, $@"{variable}: ""(?<address>[^""]+)""", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["address"].Value;
        return Regex.Replace(text, @"\$\{[^}]*\}", "secret", RegexOptions.None, TimeSpan.FromSeconds(1));
    }

    private static string Uncommented(string text) => string.Join('\n', text.Split('\n').Where(l => !l.TrimStart().StartsWith('#')));

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    [GeneratedRegex("MRQ_[A-Z_]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();

    [GeneratedRegex("`--(?<name>[a-z_]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OptionInGuide();

    [GeneratedRegex(@"^HEALTHCHECK .*\\\n\s+CMD (?<command>\[.*\])$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HealthCheck();

    [GeneratedRegex(@"ports: \[(?<ports>[^\]]+)\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ports();
}

using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mrq.Tests.Support;

namespace Mrq.Tests.Packaging;

/// <summary>What people install is installed and used as they do it: the libraries, the tool, the single file.</summary>
[Collection(PackagingSuite.Name)]
public sealed partial class UsingWhatIsPacked(PackedPackages packed)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_is_built_with_the_libraries_and_has_pages_api_and_workers()
    {
        using var folder = new TempFolder();
        await using var process = HostedSample.Start(folder, await packed.BuildHostedSampleAsync());
        using var ready = await process.ReadyAsync();
        using var http = new HttpClient { BaseAddress = ready.BaseAddress };
        await LogInAsync(http);

        using var taken = await http.PostAsJsonAsync(new Uri("/orders", UriKind.Relative), new { order = 7, lines = new[] { new { article = "Lamp", count = 2, price = 19.5 } } }, Token);
        var id = (await taken.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("job").GetString();
        var job = await http.GetFromJsonAsync<JsonElement>(new Uri($"/jobs/api/jobs/{id}?wait=60", UriKind.Relative), Token);

        Assert.Equal(folder.File("invoices/7.txt"), job.GetProperty("result").GetString());
        await AssertPagesAsync(http, "/jobs/");
    }

    [Fact]
    public async Task The_tool_is_installed_and_runs()
    {
        using var folder = new TempFolder();
        await using var process = MrqProcess.StartProgram(await packed.InstallToolAsync(), folder, ["--dashboard_port", "0"]);
        using var http = await process.ReadyAsync();

        Assert.Equal(3, await AddAsync(http));
        await AssertPagesAsync(http, "/");
    }

    [Fact]
    public async Task The_single_file_runs_alone_and_loads_task_assemblies()
    {
        using var folder = new TempFolder();
        var profile = $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        await DotnetCommand.RunAsync(
            Repository.Root, "publish", "Mrq.Server", "-c", HostedSample.Configuration, $"-p:PublishProfile={profile}", $"-p:PublishDir={folder.File("bin")}/", "-v", "quiet");
        Assert.Equal([folder.File("bin/mrq")], Directory.EnumerateFileSystemEntries(folder.File("bin")));

        using var empty = new TempFolder();
        Directory.CreateDirectory(empty.File("tasks"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Mrq.Samples.dll"), empty.File("tasks/Mine.dll"));
        await using var process = MrqProcess.StartProgram(folder.File("bin/mrq"), empty, ["--dashboard_port", "0", "--samples", "false"], ("DOTNET_BUNDLE_EXTRACT_BASE_DIR", folder.File("unpacked")));
        using var http = await process.ReadyAsync();

        Assert.Equal(3, await AddAsync(http));
        await AssertPagesAsync(http, "/");
    }

    private static async Task<int> AddAsync(HttpClient http)
    {
        using var created = await http.PostAsJsonAsync(new Uri("/api/jobs", UriKind.Relative), new { path = "samples.add", @params = new { a = 1, b = 2 } }, Token);
        Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync(Token));
        return (await http.GetFromJsonAsync<JsonElement>(new Uri($"{created.Headers.Location}?wait=60", UriKind.Relative), Token)).GetProperty("result").GetInt32();
    }

    private static async Task AssertPagesAsync(HttpClient http, string root)
    {
        var page = await http.GetStringAsync(new Uri(root, UriKind.Relative), Token);
        var files = NameOfFile().Matches(page).Select(m => m.Groups["address"].Value).ToList();

        Assert.Contains(files, f => f.Contains("blazor.web.js", StringComparison.Ordinal));
        foreach (var file in files)
        {
            using var answer = await http.GetAsync(new Uri(root + file, UriKind.Relative), Token);
            Assert.Equal((file, HttpStatusCode.OK), (file, answer.StatusCode));
        }

        using var docs = await http.GetAsync(new Uri($"{root}docs/index.html", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, docs.StatusCode);
    }

    private static async Task LogInAsync(HttpClient http)
    {
        var form = await http.GetStringAsync(new Uri("/login", UriKind.Relative), Token);
        using var answer = await http.PostAsync(
            new Uri("/login", UriKind.Relative),
            new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["__RequestVerificationToken"] = FormToken().Match(form).Groups["token"].Value,
                ["name"] = "ada",
                ["password"] = "secret",
                ["returnUrl"] = "/jobs/queues",
            }),
            Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("/jobs/queues", answer.RequestMessage!.RequestUri!.AbsolutePath);
    }

    [GeneratedRegex("(href|src)=\"(?<address>_content/[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameOfFile();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FormToken();
}

using System.Diagnostics;
using Mrq.Tests.Packaging;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>The programs of <c>samples/examples</c>, each run as its first lines say. One after the other, and not while packages are made: they build the same project.</summary>
[Collection(PackagingSuite.Name)]
public sealed class RunningTheExamples
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    [Fact]
    public async Task The_crawler_visits_each_page_of_a_site_once()
    {
        var lines = await RunAsync("crawler.cs");

        Assert.Equal("21 pages.", lines[^1]);
        Assert.Equal(21, lines[..^1].Select(line => line.Split(' ')[0]).Distinct().Count());
        Assert.Equal(22, lines.Length);
    }

    [Fact]
    public async Task The_reminder_says_what_is_due_first_first() =>
        Assert.Equal(["first", "second"], await RunAsync("reminder.cs", "0.5", "second", "0.1", "first"));

    [Fact]
    public async Task The_nightly_report_tells_its_next_time_and_runs_now()
    {
        var lines = await RunAsync("nightly-report.cs", "--now");

        Assert.Equal(2, lines.Length);
        Assert.Matches(@"^Nightly report: next at \d{4}-\d\d-\d\d 0[01]:30 UTC$", lines[0]);
        Assert.Equal("""success: {"report.nightly started":1}""", lines[1]);
    }

    [Fact]
    public async Task The_batch_adds_up_what_its_jobs_found_once_all_have_ended()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("one.txt"), "to be or not to be", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("two.txt"), "that is the question", TestContext.Current.CancellationToken);

        Assert.Equal(["Words of a folder: 2 files, 10 words"], await RunAsync("batch.cs", folder.Path));
    }

    private static async Task<string[]> RunAsync(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["run", "-c", Configuration, Path.Combine(Repository.Root, "samples", "examples", file), "--", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TestEngine.Patience * 6);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            Assert.True(process.ExitCode == 0, $"{file} ended with {process.ExitCode}: {await output}{await errors}");
            return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}

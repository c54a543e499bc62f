using System.Diagnostics;
using Mrq.Jobs;
using Mrq.Tests.Support;

namespace Mrq.Tests.Commands;

/// <summary>Commands where a person sits: <c>script</c> makes the terminal.</summary>
public sealed class UsingATerminal : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Jobs_are_a_table_with_colours_and_nothing_in_it_is_taken_for_a_command()
    {
        await using var engine = await StartAsync();
        var job = await engine.EnqueueAsync("any", """{"text":"[red]x[/]\u001b[2J"}""");

        var (code, screen) = await RunAsync("jobs");
        Assert.Equal(0, code);
        Assert.Contains("\u001b[1mSTATUS\u001b[0m", screen, StringComparison.Ordinal);
        Assert.Contains($"{job}  \u001b[", screen, StringComparison.Ordinal);
        Assert.Contains("""[red]x[/]\u001B[2J""", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[2J", screen, StringComparison.Ordinal);

        (code, screen) = await RunAsync("jobs", environment: ("NO_COLOR", "1"));
        Assert.Equal(0, code);
        Assert.Contains("STATUS", screen, StringComparison.Ordinal);
        Assert.DoesNotMatch("\u001b\\[[0-9;]*m", screen);
    }

    [Theory]
    [InlineData("n", 1, JobStatus.Queued)]
    [InlineData("y", 0, JobStatus.Cancel)]
    public async Task Before_an_action_on_all_that_match_it_asks(string answer, int exitCode, JobStatus status)
    {
        await using var engine = await StartAsync();
        // By a process of its own: specs with a clock of theirs may have turned the ids of this one to a day to come, and an action touches no job after it.
        var job = JobId.Parse((await MrqProcess.RunAsync(_folder, ["enqueue", "any", "--accept_unknown_tasks"])).Output);

        var (code, screen) = await RunAsync("jobs --path any --cancel", answer);

        Assert.Equal(exitCode, code);
        Assert.Contains("Cancel 1 job? [y/N]", screen, StringComparison.Ordinal);
        Assert.Equal(status, (await engine.FindAsync(job)).Status);
    }

    private Task<TestEngine> StartAsync() => TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, folder: _folder);

    private async Task<(int ExitCode, string Screen)> RunAsync(string command, string? answer = null, (string Name, string Value)? environment = null)
    {
        var start = new ProcessStartInfo("script", ["-qec", $"stty cols 140; '{Path.Combine(AppContext.BaseDirectory, "mrq")}' {command}", "/dev/null"])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");
        if (environment is var (name, value))
        {
            start.Environment[name] = value;
        }

        using var terminal = Process.Start(start)!;
        if (answer is not null)
        {
            await terminal.StandardInput.WriteLineAsync(answer.AsMemory(), Token);
            await terminal.StandardInput.FlushAsync(Token);
        }

        var screen = await terminal.StandardOutput.ReadToEndAsync(Token);
        await terminal.WaitForExitAsync(Token);
        return (terminal.ExitCode, screen);
    }
}

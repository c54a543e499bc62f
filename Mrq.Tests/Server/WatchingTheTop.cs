using System.Diagnostics;
using System.Text;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary><c>mrq top</c> in a terminal, and in a pipe.</summary>
public sealed class WatchingTheTop : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Gate _gate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task In_a_terminal_it_follows_what_happens_and_gives_the_screen_back()
    {
        await using var mrq = await TestEngine.StartAsync(b => b.AddTask<NoParams>("slow.task", (_, _, token) => _gate.PassAsync(token)), workers: true, folder: _folder);
        // A terminal of its own, as script makes one for what it records.
        using var terminal = Process.Start(new ProcessStartInfo("script", ["-qec", $"stty cols 130 rows 40; exec '{Path.Combine(AppContext.BaseDirectory, "mrq")}' top --interval 0.2", "/dev/null"])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var screen = new StringBuilder();
        await ReadUntilAsync(" quit   space hold");
        Assert.DoesNotContain("slow.task", screen.ToString(), StringComparison.Ordinal);

        var job = await mrq.EnqueueAsync("slow.task");
        await ReadUntilAsync($"{job}");
        await terminal.StandardInput.WriteAsync(" ".AsMemory(), Token);
        await ReadUntilAsync("held");
        await terminal.StandardInput.WriteAsync("q".AsMemory(), Token);
        await ReadUntilAsync("\u001b[?1049l");

        await terminal.WaitForExitAsync(Token);
        _gate.Open();
        Assert.Equal(0, terminal.ExitCode);

        async Task ReadUntilAsync(string text)
        {
            var buffer = new char[4096];
            while (!screen.ToString().Contains(text, StringComparison.Ordinal))
            {
                var count = await terminal.StandardOutput.ReadAsync(buffer, Token);
                Assert.True(count > 0, $"The terminal ended without '{text}': {screen}");
                screen.Append(buffer, 0, count);
            }
        }
    }

    [Fact]
    public async Task In_a_pipe_it_is_one_picture_without_colours()
    {
        await using var mrq = await TestEngine.StartAsync(_ => { }, workers: true, folder: _folder);

        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["top"]);

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("Running jobs", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", output, StringComparison.Ordinal);
        Assert.DoesNotContain("space hold", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_database_it_says_so()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["top"]);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("There is no database", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }
}

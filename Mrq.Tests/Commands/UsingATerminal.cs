using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Configuration;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Commands;

/// <summary>Commands where a person sits: <c>script</c> makes the terminal.</summary>
public sealed partial class UsingATerminal : IDisposable
{
    private const char CtrlC = '\u0003';

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
        Assert.Contains("""[red]x[/]\u001B[2J""", screen, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\u001b[2J", screen, StringComparison.Ordinal);

        (code, screen) = await RunAsync("jobs", environment: ("NO_COLOR", "1"));
        Assert.Equal(0, code);
        Assert.Contains("STATUS", screen, StringComparison.Ordinal);
        Assert.DoesNotMatch("\u001b\\[[0-9;]*m", screen);
    }

    [Theory]
    [InlineData(140)]
    [InlineData(79)]
    [InlineData(52)]
    public async Task A_narrow_terminal_shows_fewer_columns_and_says_so_and_cuts_neither_ids_nor_numbers(int width)
    {
        await using var engine = await StartAsync();
        var job = await engine.EnqueueAsync("mails.send", """{"text":"abcdefghijklmnop"}""", request => request with { Queue = new QueueName("mail") });

        var (code, jobs) = await RunAsync("jobs", width: width);
        Assert.Equal(0, code);
        var (_, queues) = await RunAsync("queues", width: width);
        Assert.All(Lines(jobs).Concat(Lines(queues)).Where(line => !line.StartsWith("The terminal", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, width));
        Assert.Contains(Lines(jobs), line => line.StartsWith($"{job}  queued  mails.send", StringComparison.Ordinal));
        Assert.Contains(Lines(queues), line => line.StartsWith("mail ", StringComparison.Ordinal) && line.Contains("  1  ", StringComparison.Ordinal));
        Assert.Equal(width < 140, jobs.Contains("The terminal is too narrow for: ", StringComparison.Ordinal));
        Assert.Equal(width < 70, queues.Contains("rejected. --json prints all.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task COLUMNS_says_how_wide_it_is()
    {
        await using var engine = await StartAsync();
        await engine.EnqueueAsync("mails.send", """{"text":"abcdefghijklmnop"}""");

        var (_, screen) = await RunAsync("jobs", environment: ("COLUMNS", "60"));

        Assert.Contains("The terminal is too narrow for: ", screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(140)]
    [InlineData(60)]
    public async Task The_settings_keep_to_the_width(int width)
    {
        var (code, screen) = await RunAsync("config", width: width);

        Assert.Equal(0, code);
        var settings = Lines(screen).TakeWhile(line => line != "Files:").ToList();
        Assert.All(settings, line => Assert.InRange(line.Length, 0, width));
        Assert.Contains(settings, line => width > 100
            ? line.StartsWith("  mongodb_write_concern ", StringComparison.Ordinal) && line.Contains("  what the connection", StringComparison.Ordinal) && line.EndsWith("  default", StringComparison.Ordinal)
            : line == $"{new string(' ', ServerOptions.All.Max(option => option.Name.Length) + 4)}else majority (default)");
    }

    [Theory]
    [InlineData("jobs")]
    [InlineData("--help")]
    [InlineData("config")]
    [InlineData("top --once")]
    [InlineData("jobs --no-such-option")]
    public async Task The_mode_of_its_keys_is_left_alone(string command)
    {
        await using var engine = await StartAsync();

        var (_, screen) = await RunAsync(command);

        Assert.NotEmpty(screen);
        Assert.DoesNotContain("\u001b[?1h", screen, StringComparison.Ordinal);
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

    [Fact]
    public async Task Who_waits_for_a_job_sees_that_nobody_takes_it()
    {
        await using var engine = await StartAsync();

        var (code, screen) = await RunAsync("run samples.add a=1 b=2 --queue mail --wait --wait_timeout 100ms");

        Assert.Equal(3, code);
        Assert.Matches("job [0-9a-f]{24}: queued for .* in mail, to which no worker listens", screen);
    }

    [Fact]
    public async Task Who_waits_for_a_job_sees_who_runs_it()
    {
        var tasks = new TestTasks();
        await using var engine = await TestEngine.StartAsync(tasks.Register, worker => worker.Name = "anna", folder: _folder);
        await engine.WaitUntilAsync(async () => (await engine.Get<WorkerControl>().ListAsync(Token)).Any(worker => worker.Tasks.Contains("test.hold")));

        var (code, screen) = await RunAsync("run test.hold --wait", onText: ("runs on anna for ", _ => tasks.Release()));

        Assert.Equal(0, code);
        Assert.EndsWith("null", screen.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_no_longer_learns_that_the_job_runs()
    {
        var tasks = new TestTasks();
        await using var engine = await TestEngine.StartAsync(tasks.Register, folder: _folder);
        await engine.WaitUntilAsync(async () => (await engine.Get<WorkerControl>().ListAsync(Token)).Any(worker => worker.Tasks.Contains("test.hold")));

        var (code, screen) = await RunAsync("run test.hold --wait", onText: (": runs on ", keyboard => Press(keyboard, CtrlC)));
        tasks.Release();

        Assert.Equal(130, code);
        Assert.Matches("mrq: job [0-9a-f]{24} runs and goes on. mrq jobs [0-9a-f]{24} shows it.", screen);
    }

    [Fact]
    public async Task Ctrl_C_leaves_the_top()
    {
        await using var engine = await StartAsync();

        var (code, screen) = await RunAsync("top", onText: ("Workers", keyboard => Press(keyboard, CtrlC)));

        Assert.Equal(0, code);
        Assert.Contains("\u001b[?1049l", screen, StringComparison.Ordinal);
    }

    private static void Press(StreamWriter keyboard, char key)
    {
        keyboard.Write(key);
        keyboard.Flush();
    }

    private static List<string> Lines(string screen) => [.. Colours().Replace(screen, "").Split('\n').Select(line => line.TrimEnd())];

    [GeneratedRegex("\u001b\\[[0-9;]*m", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Colours();

    private Task<TestEngine> StartAsync() => TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, folder: _folder);

    private async Task<(int ExitCode, string Screen)> RunAsync(string command, string? answer = null, (string Name, string Value)? environment = null, int width = 140, (string Text, Action<StreamWriter> Then)? onText = null)
    {
        // Not what a run in the background hands down: Ctrl+C ignored. exec: without it some shells stay in between, and Ctrl+C ends them with 130 whatever mrq answers.
        var start = new ProcessStartInfo("env", ["--default-signal=INT,QUIT,HUP", "script", "-qec", $"stty cols {width}; exec '{Path.Combine(AppContext.BaseDirectory, "mrq")}' {command}", "/dev/null"])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");
        start.Environment.Remove("COLUMNS");
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

        var screen = onText is var (text, _) ? await ReadUntilAsync(terminal, text) : "";
        onText?.Then(terminal.StandardInput);
        screen += await terminal.StandardOutput.ReadToEndAsync(Token).WaitAsync(TestEngine.Patience, Token);
        await terminal.WaitForExitAsync(Token);
        return (terminal.ExitCode, screen);
    }

    private static async Task<string> ReadUntilAsync(Process terminal, string text)
    {
        var (screen, buffer) = (new StringBuilder(), new char[256]);
        while (!screen.ToString().Contains(text, StringComparison.Ordinal))
        {
            var read = await terminal.StandardOutput.ReadAsync(buffer, Token).AsTask().WaitAsync(TestEngine.Patience, Token);
            Assert.True(read > 0, $"'{text}' was not shown, but: {screen}");
            screen.Append(buffer, 0, read);
        }

        return screen.ToString();
    }
}

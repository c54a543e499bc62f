using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Mrq.Jobs;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary><c>mrq top</c> in a terminal, and in a pipe.</summary>
public sealed partial class WatchingTheTop : IDisposable
{
    // Where each picture begins: at the top left.
    private const string Begin = "\u001b[H";

    private readonly TempFolder _folder = new();
    private readonly Gate _gate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    public static TheoryData<StorePair> Pairs => [StorePair.Sqlite, StorePair.RedisAndMongo];

    [Fact]
    public async Task In_a_terminal_it_follows_what_happens_and_gives_the_screen_back()
    {
        await using var mrq = await TestEngine.StartAsync(b => b.AddTask<NoParams>("slow.task", (_, _, token) => _gate.PassAsync(token)), workers: true, folder: _folder);
        using var terminal = Start();
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

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Each_picture_has_each_running_job_once_and_whole_while_thousands_come_and_go(StorePair pair)
    {
        const int pictures = 15;
        await using var stores = await TestStores.MakeAsync(pair);
        await using var mrq = await TestEngine.StartAsync(
            b => b.AddTask<NoParams>("held.task_with_a_name_of_some_length", (_, _, token) => _gate.PassAsync(token)).AddTask<NoParams>("short.task", (_, _, _) => Task.CompletedTask),
            worker => (worker.Concurrency, worker.Name) = (20, "worker-of-a-long-name"),
            stores: stores);
        var held = await mrq.Client.EnqueueManyAsync([.. Enumerable.Range(0, 12).Select(_ => new JobRequest { Path = "held.task_with_a_name_of_some_length" })], Token);
        await mrq.WaitUntilAsync(async () => (await mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Started) }, 100, Token)) == held.Count);
        var passing = await mrq.Client.EnqueueManyAsync([.. Enumerable.Range(0, 3000).Select(_ => new JobRequest { Path = "short.task" })], Token);
        var known = held.Concat(passing).Select(job => $"{job.Id}").ToHashSet(StringComparer.Ordinal);

        using var terminal = Start([.. stores.Arguments]);
        var screen = new StringBuilder();
        var buffer = new char[4096];
        while (screen.ToString().Split(Begin).Length < pictures + 2)
        {
            var count = await terminal.StandardOutput.ReadAsync(buffer, Token);
            Assert.True(count > 0, $"The terminal ended: {screen}");
            screen.Append(buffer, 0, count);
        }

        await terminal.StandardInput.WriteAsync("q".AsMemory(), Token);
        await terminal.StandardOutput.ReadToEndAsync(Token);
        await terminal.WaitForExitAsync(Token);
        _gate.Open();

        // The last is not whole.
        foreach (var picture in screen.ToString().Split(Begin)[1..^1].Where(picture => picture.Contains("Running jobs", StringComparison.Ordinal)))
        {
            var lines = Command().Replace(picture, "").Split("\r\n");
            Assert.InRange(lines.Length, 1, 40);
            Assert.All(lines, line => Assert.InRange(line.TrimEnd().Length, 0, 130));
            var ids = lines.SkipWhile(line => !line.StartsWith("Running jobs", StringComparison.Ordinal)).SelectMany(line => Id().Matches(line).Select(match => match.Value)).ToList();
            Assert.Equal(ids.Distinct(), ids);
            Assert.Subset(known, ids.ToHashSet(StringComparer.Ordinal));
            // The longest first: short ones take no place of theirs.
            Assert.Equal(held.Select(job => $"{job.Id}").Order(StringComparer.Ordinal), ids.Take(held.Count).Order(StringComparer.Ordinal));
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

    /// <summary>In a terminal of its own, as script makes one for what it records.</summary>
    private Process Start(params IReadOnlyList<string> stores) => Process.Start(
        new ProcessStartInfo("script", ["-qec", $"stty cols 130 rows 40; exec '{Path.Combine(AppContext.BaseDirectory, "mrq")}' top --interval 0.2 {string.Join(' ', stores.Select(word => $"'{word}'"))}", "/dev/null"])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;

    [GeneratedRegex(@"\u001b\[[?0-9;]*[A-Za-z]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Command();

    [GeneratedRegex("[0-9a-f]{20,}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Id();
}

using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mrq.Jobs;
using Mrq.Tests.Support;

namespace Mrq.Tests.Processes;

/// <summary>Whenever a supervisor is killed, its worker processes end by themselves.</summary>
public sealed class LeavingNoOrphans
{
    // In the environment of every process that a test starts, and of what that starts.
    private const string Mark = "TEST_OF_ORPHANS";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_supervisors_killed_at_random_moments_leave_no_process()
    {
        // More at once would only wait for the processor.
        using var places = new SemaphoreSlim(3);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            await places.WaitAsync(Token);
            try
            {
                await (i switch
                {
                    < 4 => KillWhileItStartsAsync(),
                    4 or 5 => KillWhileJobsRunAsync("tests.spin"),
                    6 => KillWhileJobsRunAsync("tests.block_pool"),
                    7 => KillWhileJobsRunAsync("samples.sleep"),
                    _ => KillWhileItStopsAsync(),
                });
            }
            finally
            {
                places.Release();
            }
        }));
    }

    private static async Task KillWhileItStartsAsync()
    {
        await using var run = await Run.StartAsync();

        // From before the first process to some time after the last: each step of the start writes a line.
        await run.UntilLinesAsync(Random.Shared.Next(9));

        await run.KillAndAwaitTheEndOfAllAsync();
    }

    private static async Task KillWhileJobsRunAsync(string task)
    {
        await using var run = await Run.StartAsync();
        await run.RunJobsAsync(task);

        await run.KillAndAwaitTheEndOfAllAsync();
    }

    private static async Task KillWhileItStopsAsync()
    {
        await using var run = await Run.StartAsync();
        await run.RunJobsAsync("samples.sleep");
        await run.SignalAsync("TERM");
        await run.UntilLinesAsync(1, "running jobs end first");

        await run.KillAndAwaitTheEndOfAllAsync();
    }

    /// <summary>One supervisor with two worker processes.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly string _mark = $"{Guid.NewGuid():N}";
        private readonly TempFolder _folder = new();
        private readonly WrittenLines _lines = new();
        private readonly TestEngine _mrq;
        private readonly TestStores _stores;
        private readonly Process _supervisor;
        private readonly Task _reading;

        private Run(TestStores stores, TestEngine mrq)
        {
            (_stores, _mrq) = (stores, mrq);
            Directory.CreateDirectory(_folder.File("tasks"));
            File.Copy(typeof(Tasks.Spin).Assembly.Location, _folder.File("tasks/Mrq.Tests.Tasks.dll"));
            var start = new ProcessStartInfo(
                Path.Combine(AppContext.BaseDirectory, "mrq"), ["worker", "-p", "2", "-g", "2", "--abort_grace", "0.5", .. stores.Arguments])
            {
                WorkingDirectory = _folder.Path,
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { [Mark] = _mark },
            };
            _supervisor = Process.Start(start)!;
            _reading = Task.WhenAll(ReadAsync(_supervisor.StandardOutput), ReadAsync(_supervisor.StandardError));
        }

        public static async Task<Run> StartAsync()
        {
            var stores = await TestStores.MakeAsync(StorePair.Sqlite);
            return new Run(stores, await TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, stores: stores));
        }

        /// <summary>Has a job run in both processes, and one more.</summary>
        public async Task RunJobsAsync(string task)
        {
            await UntilLinesAsync(2, "is up, pid");
            var parameters = task == "samples.sleep" ? """{"seconds": 3600}""" : "{}";
            foreach (var job in await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => _mrq.EnqueueAsync(task, parameters))))
            {
                await _mrq.WaitForAsync(job, JobStatus.Started);
            }
        }

        public Task<IReadOnlyList<string>> UntilLinesAsync(int count, string text = "") => _lines.UntilAsync(line => line.Contains(text, StringComparison.Ordinal), count);

        public async Task SignalAsync(string signal)
        {
            using var kill = Process.Start("kill", [$"-{signal}", $"{_supervisor.Id}"]);
            await kill.WaitForExitAsync(Token);
        }

        public async Task KillAndAwaitTheEndOfAllAsync()
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
            patience.CancelAfter(MrqNode.Patience);
            _supervisor.Kill();
            await _supervisor.WaitForExitAsync(patience.Token);
            await _reading;
            while (Marked() is [_, ..] left)
            {
                await Task.WhenAll(left.Select(process => process.WaitForExitAsync(patience.Token)));
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in Marked())
            {
                process.Kill();
            }

            await _supervisor.WaitForExitAsync(CancellationToken.None);
            await _reading;
            _supervisor.Dispose();
            await _mrq.DisposeAsync();
            await _stores.DisposeAsync();
            _folder.Dispose();
            await _lines.DisposeAsync();
        }

        /// <summary>The living processes with the mark of this run.</summary>
        private List<Process> Marked()
        {
            var mark = $"{Mark}={_mark}";
            var found = new List<Process>();
            foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
            {
                try
                {
                    if (File.ReadAllText(Path.Combine(folder, "environ"), Encoding.Latin1).Split('\0').Contains(mark, StringComparer.Ordinal))
                    {
                        found.Add(Process.GetProcessById(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)));
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
                {
                    // It has ended, or is another user's.
                }
            }

            return found;
        }

        private async Task ReadAsync(StreamReader from)
        {
            while (await from.ReadLineAsync(CancellationToken.None) is { } line)
            {
                await _lines.WriteAsync(line + "\n");
            }
        }
    }
}

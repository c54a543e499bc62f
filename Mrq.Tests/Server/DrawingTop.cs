using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Commands.Top;
using Mrq.Workers;
using Spectre.Console;

namespace Mrq.Tests.Server;

/// <summary>The picture of <c>mrq top</c>, without a terminal.</summary>
public sealed class DrawingTop
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(40, 14)]
    [InlineData(80, 24)]
    [InlineData(160, 50)]
    [InlineData(300, 100)]
    public void It_fits_the_screen_however_much_there_is(int width, int height)
    {
        var lines = Draw(Snapshot(queues: 40, workers: 30, running: 200), width, height);

        Assert.True(lines.Length <= height, string.Join("\n", lines));
        Assert.All(lines, line => Assert.True(line.TrimEnd().Length <= width, line));
        Assert.Contains(lines, line => line.Contains("queue-0", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("worker-00", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("tasks.t0", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("q quit", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(118)]
    [InlineData(130)]
    [InlineData(138)]
    public void Ids_and_numbers_are_whole_or_not_there(int width)
    {
        var snapshot = Snapshot(queues: 3, workers: 5, running: 12);
        snapshot = snapshot with
        {
            Running = [.. snapshot.Running.Select(row => new RunningRow(row.Job with { Path = "reports.of_a_long_name.for_every_customer", Queue = new QueueName("a-queue-with-a-long-name") }, "worker-on-a-node-with-a-long-name"))],
            Workers = [.. snapshot.Workers.Select(worker => worker with { Report = worker.Report with { Name = "worker-on-a-node-with-a-long-name", DoneJobs = 123_456_789, Queues = [new QueueName("a-queue-with-a-long-name")] } })],
        };

        var lines = Draw(snapshot, width, 50);

        var ids = snapshot.Running.Select(row => $"{row.Job.Id}").ToList();
        Assert.Equal(width < 80 ? [] : ids, lines.SelectMany(line => ids.Where(id => line.Contains(id, StringComparison.Ordinal))));
        Assert.Equal(width < 80 ? 0 : ids.Count, lines.Count(line => line.Contains(ids[0][..8], StringComparison.Ordinal)));
        Assert.Equal(width < 80 ? 0 : 5, lines.Count(line => line.Contains("123,456,789", StringComparison.Ordinal)));
        Assert.Equal(width < 80 ? 0 : 5, lines.Count(line => line.Contains("123,", StringComparison.Ordinal)));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
    }

    [Fact]
    public void What_does_not_fit_is_counted()
    {
        var text = string.Join('\n', Draw(Snapshot(queues: 2, workers: 1, running: 200), 120, 30));

        Assert.Contains("Queues  2\n", text, StringComparison.Ordinal);
        Assert.Matches(@"Running jobs, the longest first  \d+ of 200\n", text);
    }

    [Fact]
    public void A_screen_of_nothing_says_so()
    {
        var text = string.Join('\n', Draw(Snapshot(queues: 0, workers: 0, running: 0), 80, 24));

        Assert.Contains("Queues  none", text, StringComparison.Ordinal);
        Assert.Contains("Workers  none", text, StringComparison.Ordinal);
        Assert.Contains("Queued 0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_do_not_steer_the_terminal()
    {
        var snapshot = Snapshot(queues: 1, workers: 1, running: 1);
        var text = string.Join('\n', Draw(snapshot with { Running = [snapshot.Running[0] with { Worker = "a\u001b[2Jb" }] }, 160, 30));

        Assert.Contains("a\\u001b[2Jb", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void The_rate_is_that_of_the_last_whole_spans()
    {
        // 57 and 58 jobs a second; the span of 59 has only begun.
        var text = string.Join('\n', Draw(Snapshot(queues: 0, workers: 0, running: 0), 120, 24));

        Assert.Contains("  58 jobs/s, most 59 in 5 min", text, StringComparison.Ordinal);
    }

    private static string[] Draw(TopSnapshot snapshot, int width, int height)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;
        console.Write(new TopView("SQLite mrq.db").Draw(snapshot, width, height));
        return text.ToString().TrimEnd('\n').Split('\n').Select(line => line.TrimEnd()).ToArray();
    }

    private static TopSnapshot Snapshot(int queues, int workers, int running) => new(
        Now, new Dictionary<JobStatus, long>(), [.. Enumerable.Range(0, 60).Select(i => (double)i)], new Dictionary<QueueName, double>(),
        [.. Enumerable.Range(0, queues).Select(i => new QueueOverview(new QueueName($"queue-{i}"), 1000 - i, i % 2 == 1, Now.AddMinutes(-i), new Dictionary<JobStatus, long>()))],
        [.. Enumerable.Range(0, workers).Select(Worker)],
        [.. Enumerable.Range(0, running).Select(i => Running(i))]);

    private static RunningRow Running(int i) => new(
        new Job
        {
            Id = JobId.New(TimeProvider.System),
            Path = $"tasks.t{i}",
            Params = "{}",
            Queue = QueueName.Default,
            Status = JobStatus.Started,
            DateQueued = Now,
            DateUpdated = Now,
            DateStarted = Now.AddSeconds(-i),
            Progress = i % 3 == 0 ? i / 200.0 : null,
        },
        "worker-00");

    private static WorkerOverview Worker(int i) => new(Report(i), IsAlive: true, InHand: 3);

    private static WorkerReport Report(int i) => new()
    {
        Id = new WorkerId($"node-{i}-0123456789ab"),
        Name = $"worker-{i:00}",
        Node = "node",
        ProcessId = 1,
        ProcessStarted = Now,
        Status = WorkerStatus.Spawn,
        Queues = [QueueName.Default],
        Concurrency = 10,
        DateStarted = Now.AddHours(-3),
        DateReported = Now,
        ReportInterval = TimeSpan.FromSeconds(5),
        DateExpires = Now.AddHours(1),
    };
}

using Mrq.Dashboard;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Output;
using Mrq.Workers;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mrq.Server.Commands.Top;

/// <summary>Lays a <see cref="TopSnapshot"/> out over a screen: what stands still above, lists that share the rest below.</summary>
/// <param name="store">The store's description.</param>
internal sealed class TopView(string store)
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>Rows besides those of the lists: title, counts, chart, three headings of two rows each, keys.</summary>
    private const int FixedRows = 10;

    private const int Gaps = 4;

    /// <summary>Narrower than this, lists leave the columns away that matter least.</summary>
    private const int Wide = 100;

    /// <summary>Characters of a name; longer ones are cut, however wide the screen is.</summary>
    private const int MostOfName = 60;

    /// <summary>Narrower than this, they keep the most important only.</summary>
    private const int Middle = 64;

    /// <summary>The screen.</summary>
    /// <param name="notice">Why the picture is not of now, for example that it is held; null: it is.</param>
    /// <param name="keys">True: the keys are named.</param>
    public IRenderable Draw(TopSnapshot now, int width, int height, string? notice = null, bool keys = true)
    {
        var (queues, workers, running) = Share(height - FixedRows, now.Queues.Count, now.Workers.Count, now.Running.Count);
        // Between the parts, where there is room.
        IRenderable[] gap = FixedRows + queues + workers + running + Gaps <= height ? [new Text("")] : [];
        return new Rows(
        [
            Line($"MRQ {CommandLine.Version}", Color.Default, Decoration.Bold, $"  {store}  {now.Time.ToLocalTime():HH:mm:ss}{(notice is null ? "" : $"  {notice}")}", width),
            Counts(now, width),
            Throughput(now, width),
            .. gap,
            Heading("Queues", queues, now.Queues.Count, width),
            Queues(now, queues, width),
            .. gap,
            Heading("Workers", workers, now.Workers.Count, width),
            Workers(now, workers, width),
            .. gap,
            Heading("Running jobs, the longest first", running, (int)Math.Max(now.Running.Count, now.Counts.GetValueOrDefault(JobStatus.Started)), width),
            Running(now, running, width),
            .. gap,
            keys ? Line("q", Color.Default, Decoration.Bold, " quit   space hold   + - faster, slower", width) : new Text(""),
        ]);
    }

    /// <summary>How many rows each list gets: as many as it has, and when they do not all fit, the short ones whole and the long ones alike.</summary>
    private static (int Queues, int Workers, int Running) Share(int rows, int queues, int workers, int running)
    {
        int[] wanted = [Math.Max(1, queues), Math.Max(1, workers), Math.Max(1, running)];
        var given = new int[3];
        for (var left = Math.Max(3, rows); left > 0 && given.Zip(wanted).Any(list => list.First < list.Second);)
        {
            for (var i = 2; i >= 0 && left > 0; i--)
            {
                if (given[i] < wanted[i])
                {
                    given[i]++;
                    left--;
                }
            }
        }

        return (given[0], given[1], given[2]);
    }

    private static Paragraph Counts(TopSnapshot now, int width)
    {
        var line = new Paragraph { Overflow = Overflow.Ellipsis };
        var at = 0;
        foreach (var status in Enum.GetValues<JobStatus>().Where(status => now.Counts.GetValueOrDefault(status) > 0 || status is JobStatus.Queued or JobStatus.Started or JobStatus.Success or JobStatus.Failed))
        {
            var text = $"{Display.Label(status)} {Display.Number(now.Counts.GetValueOrDefault(status))}";
            if (at + text.Length + 3 > width)
            {
                break;
            }

            line.Append(at == 0 ? "" : "   ").Append(text, new Style(ColorOf(Display.Kind(status))));
            at += text.Length + 3;
        }

        return line;
    }

    private static Paragraph Throughput(TopSnapshot now, int width)
    {
        var rates = now.Rates;
        var most = rates.Max();
        var label = $"  {now.Rate:N0} jobs/s, most {most:N0} in {TopReader.Span.TotalSeconds * rates.Count / 60:0} min";
        var shown = rates.TakeLast(Math.Max(0, width - label.Length));
        var chart = string.Concat(shown.Select(rate => most <= 0 || rate <= 0 ? Bars[0] : Bars[Math.Clamp((int)Math.Ceiling(rate / most * Bars.Length) - 1, 0, Bars.Length - 1)]));
        return new Paragraph().Append(chart, new Style(Color.Green)).Append(Display.Cut(label, width));
    }

    private static Paragraph Heading(string title, int shown, int all, int width) =>
        Line(title, Color.Blue, Decoration.Bold, all > shown ? $"  {shown} of {all}" : all == 0 ? "  none" : $"  {all}", width);

    private static Table Queues(TopSnapshot now, int rows, int width) => List(
        width,
        width >= Middle ? 5 : 3,
        [Named("Queue"), Number("Waiting"), Number("Oldest"), Number("Jobs/s"), Number("Running")],
        now.Queues.Take(rows).Select(queue => new (string, Color?)[]
        {
            (queue.Paused ? $"{queue.Name} paused" : queue.Name.Value, queue.Paused ? Color.Yellow : null),
            (Display.Waiting(queue), queue.Waiting > 0 ? Color.Yellow : Color.Grey),
            (queue.Oldest is { } oldest ? Display.Since(oldest, now.Time) : "", null),
            ($"{now.QueueRates.GetValueOrDefault(queue.Name):N1}", null),
            (Display.Number(queue.Counts.GetValueOrDefault(JobStatus.Started)), null),
        }));

    private static Table Workers(TopSnapshot now, int rows, int width) => List(
        width,
        width >= Wide ? 9 : width >= Middle ? 6 : 3,
        [
            Named("Worker"), Whole("Status"), Number("Jobs"), Number("CPU"), Number("Memory"), Number("Done"), Number("Failed"), Number("Since"), Named("Queues"),
        ],
        now.Workers.Take(rows).Select(overview => Worker(overview, now.Time)));

    private static (string, Color?)[] Worker(WorkerOverview overview, DateTimeOffset now)
    {
        var (worker, _, inHand) = overview;
        return
        [
            (worker.Name, null), (Display.Label(worker.Status), ColorOf(Display.Kind(worker.Status))), ($"{inHand}/{worker.Concurrency}", null),
            ($"{worker.CpuUse:0%}", worker.CpuUse > 0.9 ? Color.Yellow : null), (Display.Bytes(worker.MemoryBytes), null), (Display.Number(worker.DoneJobs), null),
            (Display.Number(worker.FailedJobs), worker.FailedJobs > 0 ? Color.Red : null), (Display.Since(worker.DateStarted, now), null),
            (string.Join(' ', worker.Queues), null),
        ];
    }

    private static Table Running(TopSnapshot now, int rows, int width) => List(
        width,
        width >= Wide ? 6 : width >= Middle ? 4 : 3,
        [Named("Task"), Number("For"), Whole("Progress"), Whole("Job"), Named("Worker"), Named("Queue")],
        now.Running.Take(rows).Select(row => new (string, Color?)[]
        {
            (row.Job.Path, null), (Display.Since(row.Job.DateStarted ?? now.Time, now.Time), null), (Progress(row.Job), Color.Green), ($"{row.Job.Id}", Color.Grey), (row.Worker, null), (row.Job.Queue.Value, null),
        }));

    private static string Progress(Job job) => job.Progress is { } part ? $"{new string('█', (int)(part * 10)).PadRight(10, '░')} {part,4:0%}" : "";

    // Half an id, or half a number, is another one: where there is little room, names give way, and then whole columns.
    private static TextColumn Named(string title) => new(title, Fit: ColumnFit.Cut);

    private static TextColumn Whole(string title) => new(title);

    private static TextColumn Number(string title) => new(title, IsRight: true);

    /// <param name="shown">How many of the columns are wanted; the first matter most.</param>
    private static Table List(int width, int shown, TextColumn[] columns, IEnumerable<(string Text, Color? Color)[]> rows)
    {
        var cells = rows.Select(row => row[..shown].Select(cell => (Text: Display.Cut(SafeText.Line(cell.Text), MostOfName), cell.Color)).ToArray()).ToList();
        var wanted = columns[..shown].Select((column, i) => column with { Weight = i == 0 ? null : shown - i }).ToList();
        var layout = TableLayout.Of(new TextTable(wanted, [.. cells.Select(row => row.Select(cell => new TextCell(cell.Text)).ToArray())]), width);
        var table = new Table { Border = TableBorder.None, Expand = false };
        foreach (var (i, column) in layout.Shown.Zip(layout.Widths))
        {
            table.AddColumn(new TableColumn(new Text(columns[i].Title, new Style(Color.Grey)))
            {
                NoWrap = true,
                Alignment = columns[i].IsRight ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, i == layout.Shown[^1] ? 0 : TableLayout.Gap, 0),
                Width = column,
            });
        }

        foreach (var row in cells)
        {
            table.AddRow(layout.Shown.Zip(layout.Widths, (i, column) => new Text(TableLayout.Cut(row[i].Text, column), new Style(row[i].Color))));
        }

        return table;
    }

    private static Paragraph Line(string first, Color color, Decoration decoration, string rest, int width)
    {
        var text = Display.Cut($"{first}{SafeText.Line(rest)}", width);
        return new Paragraph().Append(text[..Math.Min(first.Length, text.Length)], new Style(color, decoration: decoration)).Append(text[Math.Min(first.Length, text.Length)..], new Style(Color.Grey));
    }

    private static Color? ColorOf(string kind) => kind switch
    {
        "ok" => Color.Green,
        "run" => Color.Aqua,
        "que" => Color.Blue,
        "sch" => Color.Purple,
        "warn" => Color.Yellow,
        "bad" => Color.Red,
        _ => Color.Grey,
    };
}

using System.Globalization;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Configuration;
using Mrq.Server.Output;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Server.Commands.Top;

/// <summary><c>mrq top</c>: queues, workers and running jobs, live in a terminal.</summary>
internal sealed class TopCommand : ClientCommand
{
    // Nothing limits the length of what is printed.
    private const int PrintedHeight = 1_000;

    private static readonly CallOption<TimeSpan> Interval = new()
    {
        Name = "interval",
        Value = OptionValue.Seconds(0.2, 60),
        Default = "1",
        Help = "Time between two pictures; + and - change it.",
    };

    private static readonly CallOption<bool> Once = new()
    {
        Name = "once",
        Value = OptionValue.Given,
        IsSwitch = true,
        Help = "Print one picture and end, as in a pipe.",
    };

    public override string Name => "top";

    public override string Summary => "Watch queues, workers and running jobs in the terminal.";

    public override IReadOnlyList<string> Notes => ["Keys: q quits, space holds the picture, + and - draw it faster and slower."];

    public override IReadOnlyList<CallOption> Options => [Interval, Once];

    protected override bool IsLeftBySignal => true;

    protected override async Task<int> RunAsync(ClientCall call, CancellationToken cancellationToken)
    {
        var reader = new TopReader(call.Get<IJobQueries>(), call.Get<QueueControl>(), call.Get<WorkerControl>(), call.Get<TimeProvider>());
        var view = new TopView(call.Get<IStorage>().Description);
        if (!Terminal.IsOutput || Console.IsInputRedirected || call.Call.IsOn(Once))
        {
            Print(call.Output, view, await reader.ReadAsync(cancellationToken));
            return ExitCode.Done;
        }

        await new TopScreen(reader, view, call.Call.Get(Interval, TimeSpan.FromSeconds(1))).RunAsync(cancellationToken);
        return ExitCode.Done;
    }

    private static void Print(CommandOutput output, TopView view, TopSnapshot snapshot)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var width = Terminal.Width;
        QuietOutput.Draw(text, view.Draw(snapshot, width, PrintedHeight, keys: false), width, hasColors: false);
        foreach (var line in text.ToString().TrimEnd().Split('\n'))
        {
            output.Line(line.TrimEnd());
        }
    }
}

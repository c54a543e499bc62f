using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Processes;

namespace Mrq.Server.Commands;

/// <summary><c>mrq worker</c>: runs jobs, without pages.</summary>
internal sealed class WorkerCommand : CliCommand
{
    public override string Name => "worker";

    public override string Summary => "Run jobs, without dashboard and API.";

    public override string Arguments => "[QUEUE …]";

    public override IReadOnlyList<string> Notes =>
    [
        "Queues are those of --queues. Ctrl+C or SIGTERM: running jobs get shutdown_timeout to end, then they are interrupted and go back to their queues; a second signal interrupts at once.",
    ];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq worker high default -g 50", "Jobs of two queues, 50 at once, the first queue first."),
        ("mrq worker -p 4 -g 25", "In four processes, 25 at once in each."),
        ("mrq worker --dequeue_strategy burst", "Runs what waits, and ends."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Store, OptionGroup.Worker, OptionGroup.Tasks, OptionGroup.Jobs, OptionGroup.Tracing, OptionGroup.General];

    public override OptionDefinition? ArgumentsAreOption => ServerOptions.Queues;

    public override IEnumerable<string> Check(CommandCall call) => SupervisorProcess.Check(call.Read.Settings, hasDashboard: false);

    public override Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken) => call.Settings.Processes > 0
        ? SupervisorProcess.RunAsync(call.Settings, new SettingsSource(this, call), call.Managed)
        : WorkerProcess.RunAsync(call.Settings, new SettingsSource(this, call), call.Managed);
}

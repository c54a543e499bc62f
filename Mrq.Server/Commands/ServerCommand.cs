using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Processes;

namespace Mrq.Server.Commands;

/// <summary><c>mrq server</c>: dashboard, API and workers in one process.</summary>
internal sealed class ServerCommand : CliCommand
{
    // Who gives these means something to happen, and without workers nothing would. Others, as report_interval, may stand on a command line that many servers share.
    private static readonly string[] OfWorkersAlone = ["processes", "admin_port", "report_file", "max_jobs", "max_time", "max_memory"];

    public override string Name => "server";

    public override string Summary => "Run dashboard, API and workers in one process.";

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq", "Everything on this machine: http://127.0.0.1:5555, jobs in ./mrq.db."),
        ("mrq server --queues high default --concurrency 50", "Jobs of two queues, 50 at once."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => OptionGroup.All;

    public override IEnumerable<string> Check(CommandCall call)
    {
        var idle = call.Read.Settings is { Workers: false } ? call.CommandLine.Where(given => OfWorkersAlone.Contains(given.Option.Name)) : [];
        return
        [
            .. SupervisorProcess.Check(call.Read.Settings, hasDashboard: true),
            .. idle.Select(given => $"{given.Shown} is for workers, and with --workers false there are none here. Leave one of them away."),
        ];
    }

    // Its worker processes have its command line: they are workers all the same.
    public override Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken) => call.Managed.IsWorkerProcess
        ? WorkerProcess.RunAsync(call.Settings, new SettingsSource(this, call), call.Managed)
        : ServerProcess.RunAsync(call.Settings, new SettingsSource(this, call), call.Managed);
}

using Mrq.Server.Configuration;
using Mrq.Server.Hosting;

namespace Mrq.Server.Commands;

/// <summary><c>mrq dashboard</c>: dashboard and API, and no worker of people's jobs.</summary>
internal sealed class DashboardCommand : CliCommand
{
    public override string Name => "dashboard";

    public override string Summary => "Run dashboard and API alone.";

    public override IReadOnlyList<string> Notes => ["Jobs are run, and schedules heeded, by mrq server or mrq worker on the same store."];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
        [("MRQ_DASHBOARD_HTTPAUTH=admin:secret mrq dashboard --dashboard_ip 0.0.0.0", "For everyone who knows the password.")];

    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Store, OptionGroup.Dashboard, OptionGroup.Tasks, OptionGroup.Jobs, OptionGroup.General];

    public override Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken) =>
        ServerProcess.RunAsync(call.Settings with { Workers = false, Scheduler = false }, new SettingsSource(this, call), call.Managed);
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Mrq.Scheduling;

/// <summary>Brings changed schedules of the configuration into the store while the process runs, as its start does.</summary>
public sealed class ScheduleReload
{
    private readonly ConfiguredSchedules _first;
    private readonly ConfiguredScheduleChecks _checks;
    private readonly ScheduleSync _sync;
    private readonly bool _isEnabled;

    internal ScheduleReload(ConfiguredSchedules first, ConfiguredScheduleChecks checks, ScheduleSync sync, IOptions<SchedulerOptions> options) =>
        (_first, _checks, _sync, _isEnabled) = (first, checks, sync, options.Value.Enabled);

    /// <summary>Takes these schedules, beside those of C#, for all that the configuration has. A process that does not schedule only checks them.</summary>
    /// <param name="section">The list, or an object of names. One that is not there leaves the store as it is; an empty list deletes them all.</param>
    /// <returns>What is wrong, a line each, and then nothing was changed; empty: they hold.</returns>
    public async Task<IReadOnlyList<string>> ApplyAsync(IConfigurationSection section, CancellationToken cancellationToken)
    {
        var schedules = ConfiguredSchedules.Read(_first.InCode, section);
        var errors = _checks.Of(schedules);
        if (errors.Count == 0 && _isEnabled)
        {
            await _sync.RunAsync(schedules, cancellationToken);
        }

        return errors;
    }
}

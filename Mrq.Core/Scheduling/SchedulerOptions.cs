using Microsoft.Extensions.Options;

namespace Mrq.Scheduling;

/// <summary>Whether this process schedules.</summary>
public sealed class SchedulerOptions
{
    /// <summary>
    /// True (default): this process brings the schedules of its configuration into the store, and enqueues what is due whenever it leads. False: it does
    /// neither; people may still look at and change schedules through it.
    /// </summary>
    public bool Enabled { get; set; } = true;
}

/// <summary>Checks the schedules of configuration and C# at start and names every error at once.</summary>
internal sealed class SchedulerOptionsValidator(ConfiguredSchedules configured, ConfiguredScheduleChecks checks) : IValidateOptions<SchedulerOptions>
{
    public ValidateOptionsResult Validate(string? name, SchedulerOptions options) =>
        checks.Of(configured) is { Count: > 0 } errors ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
}

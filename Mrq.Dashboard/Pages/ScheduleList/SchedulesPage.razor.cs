using Microsoft.AspNetCore.Components;
using Mrq.Dashboard.Actions;
using Mrq.Scheduling;
using Mrq.Storage;

namespace Mrq.Dashboard.Pages.ScheduleList;

/// <summary>What runs again and again: when next, when last, from where; added, changed, run by hand, paused.</summary>
public sealed partial class SchedulesPage
{
    private IReadOnlyList<ScheduleOverview> _schedules = [];
    private Edited? _edited;
    private ScheduleEntry? _deleted;

    [Inject] private ScheduleControl Control { get; set; } = null!;

    [Inject] private ScheduleActions Actions { get; set; } = null!;

    protected override Changes Watches => Changes.Schedules;

    protected override TimeSpan? Every => TimeSpan.FromSeconds(10);

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var schedules = await Control.ListAsync(cancellationToken);
        return () => _schedules = schedules;
    }

    private static string NameOf(ScheduleEntry entry) => entry.Schedule.Name ?? entry.Schedule.Path;

    private static string JobsOf(ScheduleEntry entry) => $"jobs?tag=schedule%3A{entry.Id}";

    /// <summary>What the dialog is open for.</summary>
    /// <param name="Entry">Null: a new one.</param>
    private sealed record Edited(ScheduleEntry? Entry);
}

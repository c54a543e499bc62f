using System.Globalization;
using Microsoft.AspNetCore.Components;
using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Tasks;

namespace Mrq.Dashboard.Actions;

/// <summary>The form of a schedule, new or there already, with the times that it means.</summary>
public sealed partial class ScheduleDialog
{
    private const int Previewed = 5;

    private static readonly IReadOnlyList<(string Key, string Text)> Kinds = [("interval", "Every"), ("dailytime", "At a time of day"), ("cron", "Cron")];
    private static readonly DayOfWeek[] Weekdays = [.. Enumerable.Range(0, 7).Select(ScheduleText.DayOf)];
    private static readonly IReadOnlyList<string> Zones = [.. TimeZoneInfo.GetSystemTimeZones().Select(z => z.Id).Where(id => id == "UTC" || id.Contains('/')).Order(StringComparer.Ordinal)];

    // What stands in the fields, by their names on the wire; blank: not given.
    private readonly Dictionary<string, string> _texts = ScheduleReader.Fields.ToDictionary(field => field, _ => "");
    private IReadOnlyList<string> _paths = [];
    private IReadOnlyList<FieldError> _errors = [];
    private IReadOnlyList<DateTimeOffset> _preview = [];
    private string? _hint;
    private string _kind = "interval";
    private bool _busy;

    [Inject] private KnownTasks Known { get; set; } = null!;

    [Inject] private TaskRegistry Registry { get; set; } = null!;

    [Inject] private ScheduleControl Control { get; set; } = null!;

    [Inject] private ScheduleActions Actions { get; set; } = null!;

    /// <summary>The entry to edit; null: an empty form.</summary>
    [Parameter] public ScheduleEntry? Entry { get; set; }

    [Parameter] public EventCallback OnClose { get; set; }

    protected override async Task OnInitializedAsync()
    {
        Fill(Entry?.Schedule ?? new Schedule { Path = "" });
        Preview();
        try
        {
            _paths = await Known.ListAsync(CancellationToken.None);
        }
        catch (Exception)
        {
            // Only the suggestions are missing; the banner tells what is away.
        }
    }

    private void Fill(Schedule schedule)
    {
        _kind = schedule.Cron is not null ? "cron" : schedule.DailyTime is not null ? "dailytime" : "interval";
        _texts["name"] = schedule.Name ?? "";
        _texts["path"] = schedule.Path;
        _texts["params"] = Display.Pretty(schedule.Params);
        _texts["queue"] = schedule.Queue?.Value ?? "";
        _texts["interval"] = schedule.Interval?.TotalSeconds.ToString(CultureInfo.InvariantCulture) ?? "";
        _texts["dailytime"] = schedule.DailyTime is { } time ? ScheduleText.TextOf(time) : "";
        _texts["weekday"] = schedule.Weekday is { } day ? ScheduleText.NameOf(day) : "";
        _texts["monthday"] = schedule.MonthDay?.ToString(CultureInfo.InvariantCulture) ?? "";
        _texts["cron"] = schedule.Cron ?? "";
        _texts["timezone"] = schedule.TimeZone;
        _texts["misfire"] = ScheduleText.NameOf(schedule.Misfire);
        _texts["misfire_limit"] = schedule.MisfireLimit.ToString(CultureInfo.InvariantCulture);
    }

    private string? Invalid(string field) => _errors.Any(e => e.Field == field || e.Field.StartsWith($"{field}.", StringComparison.Ordinal)) ? "true" : null;

    private void Set(string field, ChangeEventArgs change) => Set(field, change.Value as string);

    /// <summary>As it was typed, spaces too: what is shown is never taken out of a person's hand.</summary>
    private void Set(string field, string? text)
    {
        _texts[field] = text ?? "";
        Preview();
    }

    private void SetKind(string kind)
    {
        _kind = kind;
        _errors = [];
        Preview();
    }

    /// <summary>The schedule as the form says it: of the ways to say when only the one that is shown.</summary>
    private Schedule Read(List<FieldError> unread) => ScheduleReader.Read(
        field => field switch
        {
            "interval" or "cron" => _kind == field ? _texts[field].Trim() : null,
            "dailytime" or "weekday" or "monthday" => _kind == "dailytime" ? _texts[field].Trim() : null,
            "misfire_limit" => _texts["misfire"] == "run_all" ? _texts[field].Trim() : null,
            _ => _texts[field].Trim(),
        },
        unread);

    private void Preview()
    {
        var unread = new List<FieldError>();
        var schedule = Read(unread);
        var said = !string.IsNullOrWhiteSpace(_texts[_kind]);
        _preview = said && unread.Count == 0 ? Control.Preview(schedule, Entry is null, Previewed) : [];
        _hint = !said || _preview.Count > 0 ? null
            : unread.Count > 0 ? unread[0].Error
            : Occurrences.TryMake(schedule, out _, out var errors) ? "It never comes." : errors[0].Error;
    }

    private string InZone(DateTimeOffset time)
    {
        var isZone = TimeZoneInfo.TryFindSystemTimeZoneById(_kind == "interval" ? "UTC" : _texts["timezone"] is { Length: > 0 } id ? id : "UTC", out var zone);
        var local = isZone ? TimeZoneInfo.ConvertTime(time, zone!) : time;
        return local.ToString("ddd d MMM yyyy HH:mm:ss 'UTC'zzz", CultureInfo.InvariantCulture).Replace("UTC+00:00", "UTC", StringComparison.Ordinal);
    }

    private async Task SaveAsync()
    {
        var unread = new List<FieldError>();
        var schedule = Read(unread);
        _busy = true;
        try
        {
            _errors = await Actions.CheckAsync(schedule, unread) ?? [];
            if (_errors.Count == 0 && await (Entry is null ? Actions.AddAsync(schedule) : Actions.ChangeAsync(Entry, schedule)))
            {
                await OnClose.InvokeAsync();
            }
        }
        catch (InvalidJobException e)
        {
            _errors = e.Errors;
        }
        finally
        {
            _busy = false;
        }
    }
}

namespace Mrq.Scheduling;

/// <summary>
/// When the clock of a zone shows what an expression asks for. docs/schedules.md says what becomes of times that daylight saving skips or repeats. It asks
/// the zone for its offset at moments of UTC only, and finds the changes itself.
/// </summary>
internal sealed class ZonedTimes(CronExpression expression, TimeZoneInfo zone)
{
    /// <summary>No zone has changed twice in this time.</summary>
    private static readonly TimeSpan Probe = TimeSpan.FromDays(1);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>The first occurrence after a moment; null: none in 40 years.</summary>
    public DateTime? Next(DateTime afterUtc)
    {
        var at = new DateTime(afterUtc.Ticks - afterUtc.Ticks % TimeSpan.TicksPerSecond, DateTimeKind.Utc) + Second;
        var shown = ShownBefore(at);
        while (true)
        {
            var offset = zone.GetUtcOffset(at);
            // What the clock has shown before is past for fixed times.
            var wall = Later(at + offset, expression.FollowsClock ? null : shown);
            if (expression.Next(wall) is not { } match)
            {
                return null;
            }

            var found = DateTime.SpecifyKind(match - offset, DateTimeKind.Utc);
            if (FirstChange(at, found, offset) is not { } change)
            {
                return found;
            }

            // The match lies at or behind the change, by the clock that ends there.
            var next = zone.GetUtcOffset(change);
            if (!expression.FollowsClock && match < change + next)
            {
                return change;
            }

            shown = change + offset;
            at = change;
        }
    }

    /// <summary>What the clock has shown up to a moment, where it was set back shortly before; null: it was not.</summary>
    private DateTime? ShownBefore(DateTime at)
    {
        var offset = zone.GetUtcOffset(at - Probe);
        return FirstChange(at - Probe, at, offset) is { } change ? change + offset : null;
    }

    /// <summary>The first second after one moment and up to another at which the offset is another; null: there is none.</summary>
    private DateTime? FirstChange(DateTime from, DateTime to, TimeSpan offset)
    {
        while (from < to)
        {
            var probe = to - from > Probe ? from + Probe : to;
            if (zone.GetUtcOffset(probe) != offset)
            {
                return Halve(from, probe, offset);
            }

            from = probe;
        }

        return null;
    }

    private DateTime Halve(DateTime same, DateTime other, TimeSpan offset)
    {
        while (other - same > Second)
        {
            var seconds = (other - same).Ticks / TimeSpan.TicksPerSecond / 2;
            var middle = same + Second * seconds;
            (same, other) = zone.GetUtcOffset(middle) == offset ? (middle, other) : (same, middle);
        }

        return other;
    }

    private static DateTime Later(DateTime time, DateTime? other) => other > time ? other.Value : time;
}

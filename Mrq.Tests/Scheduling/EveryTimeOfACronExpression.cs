using FsCheck;
using FsCheck.Fluent;
using Mrq.Scheduling;

namespace Mrq.Tests.Scheduling;

/// <summary>The times of random expressions in random zones are those of a slow enumeration. <c>MRQ_TEST_CASES</c> asks for more of them than the few that there is time for.</summary>
public sealed class EveryTimeOfACronExpression
{
    private static readonly DateTime First = new(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Last = First.AddYears(10);
    private static readonly TimeZoneInfo[] Zones = [.. TimeZoneInfo.GetSystemTimeZones()];

    /// <summary>Those that change their offset in these years: the others have nothing to get wrong.</summary>
    private static readonly TimeZoneInfo[] Changing = [.. Zones.Where(zone => Changes(zone).Any())];

    private static int Cases => int.TryParse(Environment.GetEnvironmentVariable("MRQ_TEST_CASES"), out var cases) ? cases : 8;

    [Fact]
    public void Ten_years_of_five_fields_are_those_of_a_slow_enumeration() => Check(Cases, Gen.Select(Crons(withSeconds: false), cron => (cron, First, Last)));

    [Fact]
    public void The_days_around_a_change_of_the_clock_are_so_to_the_second() => Check(
        Cases * 4,
        from cron in Crons(withSeconds: true)
        from zone in Gen.Elements(Changing)
        from change in Gen.Elements(Changes(zone).ToArray())
        from early in Gen.Choose(0, 2 * 86_400)
        select (cron with { Zone = zone }, change.AddSeconds(-early), change.AddDays(1)));

    private static void Check(int cases, Gen<(RandomCron Cron, DateTime After, DateTime Until)> gen) => Prop
        .ForAll(gen.ToArbitrary(), test =>
        {
            Assert.True(CronExpression.TryParse(test.Cron.Text, out var expression, out var error), error);
            var times = new ZonedTimes(expression, test.Cron.Zone);
            var at = test.After;
            foreach (var expected in test.Cron.Walk(test.After, test.Until))
            {
                var next = times.Next(at);
                if (next != expected)
                {
                    throw new InvalidOperationException($"{test.Cron} after {at:u}: {next:u} instead of {expected:u}.");
                }

                at = expected;
            }

            return times.Next(at) is not { } beyond || beyond > test.Until;
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(cases).WithQuietOnSuccess(true));

    /// <summary>The first seconds of new offsets, looked for hour by hour.</summary>
    private static IEnumerable<DateTime> Changes(TimeZoneInfo zone)
    {
        for (var time = First; time < Last; time = time.AddHours(1))
        {
            if (zone.GetUtcOffset(time) != zone.GetUtcOffset(time.AddHours(1)))
            {
                yield return time.AddHours(1);
            }
        }
    }

    private static Gen<RandomCron> Crons(bool withSeconds) =>
        from seconds in Field(0, 59, sparse: false)
        from minutes in Field(0, 59, sparse: !withSeconds)
        from hours in Field(0, 23, sparse: false)
        from days in Gen.Frequency((3, Gen.Constant(Star(1, 31))), (1, Field(1, 28, sparse: false, most: 31)))
        from months in Gen.Frequency((3, Gen.Constant(Star(1, 12))), (1, Field(1, 12, sparse: false)))
        from weekdays in Gen.Frequency((3, Gen.Constant(Star(0, 6))), (1, Field(0, 6, sparse: false)))
        from zone in Gen.Elements(Zones)
        select new RandomCron(withSeconds ? seconds : null, minutes, hours, withSeconds ? Star(1, 31) : days, withSeconds ? Star(1, 12) : months, weekdays, zone);

    /// <param name="sparse">True: seldom every number, which would be millions of times.</param>
    /// <param name="most">Where a star ends; null: at <paramref name="last"/>.</param>
    private static Gen<RandomField> Field(int first, int last, bool sparse, int? most = null) => Gen.Frequency(
        (sparse ? 1 : 4, from step in Gen.Choose(sparse ? 5 : 1, 20) select Steps("*", first, most ?? last, step)),
        (6, from number in Gen.Choose(first, last) select new RandomField($"{number}", new HashSet<int> { number })),
        (3, from a in Gen.Choose(first, last)
            from b in Gen.Choose(first, last)
            select new RandomField($"{a},{b}", new HashSet<int> { a, b })),
        (3, from a in Gen.Choose(first, last)
            from b in Gen.Choose(a, last)
            from step in Gen.Choose(1, 7)
            select Steps($"{a}-{b}", a, b, step)));

    private static RandomField Star(int first, int last) => Steps("*", first, last, 1);

    private static RandomField Steps(string range, int first, int last, int step) => new(
        step == 1 ? range : $"{range}/{step}", Enumerable.Range(first, last - first + 1).Where(number => (number - first) % step == 0).ToHashSet());
}

using System.Globalization;

namespace Mrq.Benchmarks;

/// <summary>One line of the table.</summary>
internal sealed record Figure(string What, string Value, string Bar = "")
{
    public static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond:N0}/s");

    public static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.00} ms");

    public static T Median<T>(IEnumerable<T> values) => Percentile(values, 50);

    public static T Percentile<T>(IEnumerable<T> values, double percent)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * percent / 100))];
    }
}

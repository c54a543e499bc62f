using System.Text;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Controls;

/// <summary>What the element <c>rate-chart</c> and the spark lines draw: ended attempts over time, in spans of equal length.</summary>
internal static class RateChart
{
    /// <summary>Ranges that a person can choose, with the step that gives each about a hundred bars.</summary>
    public static readonly IReadOnlyList<(string Key, TimeSpan Length, TimeSpan Step)> Ranges =
    [
        ("5m", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(5)),
        ("15m", TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(10)),
        ("1h", TimeSpan.FromHours(1), TimeSpan.FromSeconds(30)),
        ("24h", TimeSpan.FromHours(24), TimeSpan.FromMinutes(15)),
    ];

    /// <summary>The begin of the first of <paramref name="count"/> spans of which the last holds <paramref name="now"/>.</summary>
    public static DateTimeOffset Begin(DateTimeOffset now, TimeSpan step, int count) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)(Math.Floor(now.ToUnixTimeMilliseconds() / step.TotalMilliseconds) * step.TotalMilliseconds) - (long)((count - 1) * step.TotalMilliseconds));

    /// <summary>Sums points into spans.</summary>
    public static long[] Sum(IEnumerable<RatePoint> points, DateTimeOffset from, TimeSpan step, int count, Func<RatePoint, bool> which)
    {
        var sums = new long[count];
        foreach (var point in points)
        {
            var index = (int)Math.Floor((point.From - from) / step);
            if (index >= 0 && index < count && which(point))
            {
                sums[index] += point.Count;
            }
        }

        return sums;
    }

    /// <summary>The element's attribute.</summary>
    public static string Data(IReadOnlyList<RatePoint> points, DateTimeOffset from, TimeSpan step, int count)
    {
        var text = new StringBuilder($"{{\"from\":{from.ToUnixTimeMilliseconds()},\"step\":{step.TotalSeconds},\"series\":[");
        Series("Failed", "bad", p => JobStatuses.Error.Contains(p.Status));
        text.Append(',');
        Series("Retried, aborted", "other", p => p.Status is JobStatus.Retry or JobStatus.Abort or JobStatus.Cancel);
        text.Append(',');
        Series("Succeeded", "ok", p => p.Status == JobStatus.Success);
        return text.Append("]}").ToString();

        void Series(string name, string kind, Func<RatePoint, bool> which) => text
            .Append($"{{\"name\":\"{name}\",\"kind\":\"{kind}\",\"values\":[")
            .AppendJoin(',', Sum(points, from, step, count, which))
            .Append("]}");
    }
}

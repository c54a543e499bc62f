using System.Globalization;
using System.Text.Json;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Api;

/// <summary>Totals by status, and how much ended per span of time.</summary>
internal sealed class StatsApi(IJobQueries queries, TimeProvider time) : IApiResource
{
    private const int Points = 60;
    private static readonly TimeSpan LongestRange = TimeSpan.FromDays(31);
    private static readonly TimeSpan ShortestStep = TimeSpan.FromSeconds(5);

    public void Map(ApiRoutes routes) =>
        routes.Get("/api/stats", new ApiDoc("Stats", "Totals and rates")
        {
            Parameters = [ApiParameter.Query("range", "How far the series goes back: a number and s, m, h or d; at most 31d. Default 15m.", example: "1h")],
            Answer = """{"total":352,"statuses":{"queued":12,"success":340},"range":900,"step":15,"ended":340,"per_second":0.38,"series":[{"from":"2026-01-31T18:00:00+00:00","count":34,"seconds":0.7,"statuses":{"success":34}}]}""",
            Others = [(400, "The range is wrong.")],
        }, ReadAsync);

    private async Task ReadAsync(ApiCall call)
    {
        var range = RangeOf(call.Query("range") ?? "15m");
        var step = TimeSpan.FromSeconds(Math.Ceiling(range.TotalSeconds / Points / ShortestStep.TotalSeconds) * ShortestStep.TotalSeconds);
        var counts = (await queries.CountsAsync(call.Aborted)).GroupBy(c => c.Status).Select(g => (g.Key, Count: g.Sum(c => c.Count))).OrderBy(c => c.Key).ToList();
        var points = (await queries.RatesAsync(time.GetUtcNow() - range, step, call.Aborted)).GroupBy(p => p.From).OrderBy(g => g.Key).ToList();
        var ended = points.Sum(g => g.Sum(p => p.Count));
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("total", counts.Sum(c => c.Count));
            json.WriteStartObject("statuses");
            foreach (var (status, count) in counts)
            {
                json.WriteNumber(JobStatuses.NameOf(status), count);
            }

            json.WriteEndObject();
            json.WriteNumber("range", range.TotalSeconds);
            json.WriteNumber("step", step.TotalSeconds);
            json.WriteNumber("ended", ended);
            json.WriteNumber("per_second", Math.Round(ended / range.TotalSeconds, 3));
            json.WriteStartArray("series");
            foreach (var point in points)
            {
                Write(json, point);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, IGrouping<DateTimeOffset, RatePoint> point)
    {
        json.WriteStartObject();
        json.WriteString("from", point.Key);
        json.WriteNumber("count", point.Sum(p => p.Count));
        json.WriteNumber("seconds", Math.Round(point.Sum(p => p.TotalSeconds), 6));
        json.WriteStartObject("statuses");
        foreach (var status in point.GroupBy(p => p.Status).OrderBy(g => g.Key))
        {
            json.WriteNumber(JobStatuses.NameOf(status.Key), status.Sum(p => p.Count));
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static TimeSpan RangeOf(string text)
    {
        var unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        return unit > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0 && (long)number * unit <= (long)LongestRange.TotalSeconds
            ? TimeSpan.FromSeconds((long)number * unit)
            : throw ApiException.BadParameter("range", $"'{ApiCall.Shown(text)}' must be a number and s, m, h or d, for example 15m; at most {LongestRange.TotalDays:N0}d.");
    }
}

using Mrq.Dashboard.Api;
using Mrq.Server.Configuration;
using Mrq.Server.Output;
using Mrq.Tasks;

namespace Mrq.Server.Commands.Requests;

/// <summary>Spans of time and points in it, as people write them in a call: with a unit, and a point also as so long ago.</summary>
internal static class Spans
{
    /// <summary>What a help says of them behind its own words.</summary>
    public const string Units = "Or with a unit: 30s, 15m, 2h, 7d.";

    /// <summary>Seconds, or a number with a unit: from 0 to the longest that a job's options take.</summary>
    public static readonly OptionValue<TimeSpan> Span = OptionValue.Seconds(0, TaskOptionTable.Longest.TotalSeconds);

    /// <summary>A point in time: ISO 8601, unix seconds, or so long ago.</summary>
    public static readonly OptionValue<string> Point = OptionValue.Checked("TIME", text => JsonFields.TryReadTime(text, out _, out _) || TryReadAgo(text, out _)
        ? null
        : $"'{SafeText.Line(text)}' is not a time: so long ago (15m, 2h, 7d), a date (2026-01-31), ISO 8601 (2026-01-31T18:00:00Z) and unix seconds are.");

    /// <summary>The point as the API takes it.</summary>
    /// <param name="text">As <see cref="Point"/> found it good.</param>
    public static string Resolve(string text, DateTimeOffset now) => TryReadAgo(text, out var ago) ? (now - ago).ToString("o") : text;

    // A bare number is unix seconds.
    private static bool TryReadAgo(string text, out TimeSpan ago)
    {
        ago = default;
        return text.Length > 0 && char.IsAsciiLetter(text[^1]) && Span.TryRead(text, out ago, out _);
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mrq.Tasks;

/// <summary>So many within a span of time, whichever span one looks at. As text: <c>10/s</c>, <c>100/m</c>, <c>5/h</c>, <c>1/d</c>, or of seconds: <c>10/30</c>.</summary>
/// <param name="Count">From 1 to 1,000,000.</param>
/// <param name="Per">From a millisecond to a day.</param>
public readonly record struct RateLimit(int Count, TimeSpan Per)
{
    private const int MostCount = 1_000_000;
    private static readonly (string Unit, double Seconds)[] Units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];

    public static bool TryParse(string text, out RateLimit limit, [NotNullWhen(false)] out string? error)
    {
        limit = default;
        var parts = text.Split('/');
        if (parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MostCount
            && SecondsOf(parts[1]) is >= 0.001 and <= 86_400 and var seconds)
        {
            limit = new RateLimit(count, TimeSpan.FromSeconds(seconds));
            error = null;
            return true;
        }

        error = $"'{text}' is not a rate limit: write how many (1 to {MostCount:N0}), '/', and s, m, h, d or a number of seconds (0.001 to 86,400), for example 10/s or 100/30.";
        return false;
    }

    public override string ToString()
    {
        var seconds = Per.TotalSeconds;
        var unit = Array.Find(Units, u => Math.Abs(u.Seconds - seconds) < 1e-9).Unit ?? seconds.ToString("0.###", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{Count}/{unit}");
    }

    private static double? SecondsOf(string text) =>
        Array.Find(Units, u => u.Unit == text) is { Unit: not null } unit ? unit.Seconds
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) ? seconds
        : null;
}

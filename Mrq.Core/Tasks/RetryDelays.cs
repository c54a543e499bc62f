using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mrq.Tasks;

/// <summary>Delays one by one: of the first retry, the second, and so on; the last counts for all that follow. As text: seconds between commas, <c>1, 10, 60</c>.</summary>
public sealed record RetryDelays
{
    /// <summary>Most delays of a list.</summary>
    public const int Most = 100;

    private readonly ImmutableArray<TimeSpan> _delays;

    /// <param name="delays">1 to 100, each 0 or more and at most 10 years.</param>
    public RetryDelays(params IReadOnlyList<TimeSpan> delays)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delays.Count, 1, nameof(delays));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delays.Count, Most, nameof(delays));
        if (delays.Any(d => d < TimeSpan.Zero || d > TaskOptionTable.Longest))
        {
            throw new ArgumentOutOfRangeException(nameof(delays), "Each delay must be 0 or more and at most 10 years.");
        }

        _delays = [.. delays];
    }

    /// <summary>The delay before a retry.</summary>
    /// <param name="retry">1: the first.</param>
    public TimeSpan Of(int retry) => _delays[Math.Clamp(retry, 1, _delays.Length) - 1];

    public static bool TryParse(string text, [NotNullWhen(true)] out RetryDelays? delays, [NotNullWhen(false)] out string? error)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var spans = parts.Select(TaskOptionTable.ReadSeconds).OfType<TimeSpan>().ToList();
        var isList = spans.Count == parts.Length && spans.Count <= Most;
        delays = isList ? new RetryDelays(spans) : null;
        error = isList ? null : $"'{text}' must be 1 to {Most} numbers of seconds, each 0 or more, for example 1, 10, 60.";
        return isList;
    }

    public bool Equals(RetryDelays? other) => other is not null && _delays.AsSpan().SequenceEqual(other._delays.AsSpan());

    public override int GetHashCode() => HashCode.Combine(_delays.Length, _delays[0]);

    public override string ToString() => string.Join(", ", _delays.Select(d => d.TotalSeconds.ToString(CultureInfo.InvariantCulture)));
}

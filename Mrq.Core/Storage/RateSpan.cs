namespace Mrq.Storage;

/// <summary>Ended attempts are counted by spans of 5 s, which are kept for 48 hours: what the charts show.</summary>
internal static class RateSpan
{
    public const long Milliseconds = 5_000;

    /// <summary>How long the counts are kept.</summary>
    public static readonly TimeSpan Keep = TimeSpan.FromHours(48);

    /// <summary>Begin of the span that a time lies in.</summary>
    public static DateTimeOffset BeginOf(DateTimeOffset time)
    {
        var milliseconds = time.ToUnixTimeMilliseconds();
        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds - (milliseconds % Milliseconds));
    }

    /// <summary>A step in milliseconds, rounded up to whole spans.</summary>
    public static long RoundUp(TimeSpan step) => Math.Max(1, (long)Math.Ceiling(step.TotalMilliseconds / Milliseconds)) * Milliseconds;
}

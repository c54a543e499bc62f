namespace Mrq.Storage;

/// <summary>What a guarded change does that someone else has overtaken: it is made again over what is there now, a bounded number of times.</summary>
internal static class Overtaken
{
    /// <summary>After so many tries a change is given up: whoever overtakes it does nothing else.</summary>
    public const int MostTries = 12;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Waits before the next try: not at all before the second, as a rule nobody comes twice; then for a random time that may be longer each time, so that those who overtake each other drift apart. Less
    /// than two seconds in all.
    /// </summary>
    /// <param name="tries">How many have been made, from 1.</param>
    public static Task PauseAsync(int tries, TimeProvider time, CancellationToken cancellationToken) =>
        tries < 2 ? Task.CompletedTask : Task.Delay(Random.Shared.NextDouble() * LongestAfter(tries), time, cancellationToken);

    private static TimeSpan LongestAfter(int tries) => FirstPause * (1 << Math.Min(tries, 20)) is var pause && pause < LongestPause ? pause : LongestPause;
}

namespace Mrq.Server.Processes;

/// <summary>How long to wait before a process is started again: the longer, the more often it has died soon after its start.</summary>
internal sealed class RestartDelay
{
    /// <summary>After the first early death; it doubles with each that follows.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(0.5);

    /// <summary>However often it dies.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(30);

    /// <summary>One that has lived so long has not died early; the delays begin anew.</summary>
    public static readonly TimeSpan LivedWell = TimeSpan.FromSeconds(30);

    // So that many that died of one cause do not all come back in one moment.
    private const double Jitter = 0.25;

    /// <summary>Early deaths since one lived well.</summary>
    public int EarlyDeaths { get; private set; }

    public TimeSpan After(ChildEnd end)
    {
        if (end is { ExitCode: 0, WasUp: true } || end.IsPlanned)
        {
            return TimeSpan.Zero;
        }

        if (end.Lived >= LivedWell)
        {
            EarlyDeaths = 0;
            return TimeSpan.Zero;
        }

        // As many doublings as there are in the longest delay: more would overflow.
        var delay = Least * Math.Pow(2, Math.Min(EarlyDeaths++, 6));
        return (delay < Most ? delay : Most) * (1 + (Jitter * ((2 * Random.Shared.NextDouble()) - 1)));
    }
}

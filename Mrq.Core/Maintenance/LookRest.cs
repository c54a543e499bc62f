using System.Runtime.InteropServices;
using Mrq.Queues;

namespace Mrq.Maintenance;

/// <summary>
/// How long maintenance lets something alone that it has looked through, page by page: twenty times as long as the look took, so that it has a twentieth of the stores' time, but never longer
/// than 2 s for each page and a minute in all. A store or machine that stood still in the middle of a look would otherwise keep what a dead process left waiting for minutes.
/// </summary>
internal sealed class LookRest(TimeProvider time)
{
    /// <summary>After a look that found nothing to do.</summary>
    public const int Long = 20;

    /// <summary>After one that found something: what it had passed may need it now.</summary>
    public const int Short = 1;

    private static readonly TimeSpan LongestOfPage = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly long _origin = time.GetTimestamp();
    private TimeSpan _began;
    private TimeSpan _until;
    private int _pages;

    public bool IsOver => Now >= _until;

    private TimeSpan Now => time.GetElapsedTime(_origin);

    /// <summary>That of one queue; a queue that was never looked through has none left.</summary>
    public static LookRest Of(QueueName queue, Dictionary<QueueName, LookRest> rests, TimeProvider time)
    {
        ref var rest = ref CollectionsMarshal.GetValueRefOrAddDefault(rests, queue, out _);
        return rest ??= new LookRest(time);
    }

    public void Begin() => (_began, _pages) = (Now, 0);

    /// <summary>One more page was looked at.</summary>
    public void Page() => _pages++;

    /// <param name="factor">How many times as long as the look; 0: no rest.</param>
    public void End(int factor)
    {
        var end = Now;
        _until = end + new[] { (end - _began) * factor, LongestOfPage * _pages, Longest }.Min();
    }
}

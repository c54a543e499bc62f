namespace Mrq.Diagnostics;

/// <summary>What this process's engine does right now, for whoever watches over the process: whether its loops come round, and how many jobs run.</summary>
public sealed class EngineActivity(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<EngineLoop> _loops = [];
    private readonly List<Func<int>> _running = [];

    /// <summary>Jobs that run in slots of this process's workers.</summary>
    public int RunningJobs
    {
        get
        {
            lock (_gate)
            {
                return _running.Sum(count => count());
            }
        }
    }

    /// <summary>The loops that have not come round for as long as they pause and <paramref name="patience"/> more: they hang, or nothing runs them. Empty: none.</summary>
    public IReadOnlyList<string> FindHung(TimeSpan patience)
    {
        lock (_gate)
        {
            return [.. _loops.Where(loop => loop.IsSilentFor(patience)).Select(loop => loop.Name)];
        }
    }

    /// <summary>Watches over a loop until what is returned is disposed.</summary>
    /// <param name="longestPause">Longest time that the loop waits by itself before it comes round.</param>
    internal EngineLoop Watch(string name, TimeSpan longestPause)
    {
        var loop = new EngineLoop(name, longestPause, time, Remove);
        lock (_gate)
        {
            _loops.Add(loop);
        }

        return loop;
    }

    /// <summary>Adds the running jobs of a worker.</summary>
    internal void Count(Func<int> running)
    {
        lock (_gate)
        {
            _running.Add(running);
        }
    }

    private void Remove(EngineLoop loop)
    {
        lock (_gate)
        {
            _loops.Remove(loop);
        }
    }
}

/// <summary>A loop that is watched over.</summary>
internal sealed class EngineLoop(string name, TimeSpan longestPause, TimeProvider time, Action<EngineLoop> ended) : IDisposable
{
    private long _cameRound = time.GetTimestamp();
    private long _longestPause = longestPause.Ticks;

    public string Name => name;

    /// <summary>It has come round.</summary>
    public void Beat() => Interlocked.Exchange(ref _cameRound, time.GetTimestamp());

    /// <summary>It has come round, and from now on waits for so long at most.</summary>
    public void Beat(TimeSpan longestPause)
    {
        Interlocked.Exchange(ref _longestPause, longestPause.Ticks);
        Beat();
    }

    public bool IsSilentFor(TimeSpan patience) => time.GetElapsedTime(Interlocked.Read(ref _cameRound)) > TimeSpan.FromTicks(Interlocked.Read(ref _longestPause)) + patience;

    public void Dispose() => ended(this);
}

namespace Mrq.Workers;

/// <summary>
/// How many jobs to hold beyond those that run: as many as the slots finish in about 50 ms. Fast jobs are then taken a thousand
/// at a time, and one that takes seconds is never held back from a worker that is free.
/// </summary>
internal sealed class PrefetchSize(int? given, int concurrency)
{
    private const double WorkAhead = 0.05;
    private const int Most = 1000;
    private const double Weight = 0.1;

    // Seconds per job, as a moving average; jobs that nobody has seen yet are taken for slow ones.
    private const double Unknown = 1;
    private double _average = Unknown;

    /// <summary>True: it follows what jobs take. False: someone has set it.</summary>
    public bool IsAutomatic => given is null;

    public int Current => given ?? (int)Math.Min(Most, concurrency * WorkAhead / Volatile.Read(ref _average));

    /// <summary>The slots are stuck with slow jobs: nothing more is held ahead until runs are short again.</summary>
    public void SlotsAreStuck() => Volatile.Write(ref _average, Unknown);

    /// <summary>Counts one run in. Runs end in several slots at once; a lost update does not matter.</summary>
    public void Count(TimeSpan took) =>
        Volatile.Write(ref _average, (1 - Weight) * _average + Weight * Math.Max(took.TotalSeconds, 0.000_02));
}

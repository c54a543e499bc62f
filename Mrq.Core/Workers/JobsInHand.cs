using System.Collections.Concurrent;
using System.Threading.Channels;
using Mrq.Diagnostics;
using Mrq.Jobs;

namespace Mrq.Workers;

/// <summary>The jobs that a worker has taken: some wait for a free slot, the others run. A job leaves when its end is recorded.</summary>
/// <param name="changed">Set whenever a slot became free.</param>
internal sealed class JobsInHand(WakeUp changed, TimeProvider time)
{
    private readonly ConcurrentDictionary<JobId, JobRun> _runs = new();
    private readonly Channel<JobRun> _waiting = Channel.CreateUnbounded<JobRun>();
    private int _running;
    private long _begun;
    private long _taken;

    /// <summary>
    /// Taken since the worker's start, but for those that have not begun after all: they were given back, or a limit held them back.
    /// </summary>
    public long Begun => Volatile.Read(ref _begun);

    /// <summary>Taken since the worker's start, whatever became of them.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Taken and not yet recorded.</summary>
    public int Count => _runs.Count;

    /// <summary>Taken and not yet begun.</summary>
    public int Waiting => _waiting.Reader.Count;

    /// <summary>In a slot now.</summary>
    public int Running => Volatile.Read(ref _running);

    public IEnumerable<JobRun> All => _runs.Values;

    /// <summary>Takes jobs into hand; answers how many.</summary>
    public int Take(IReadOnlyList<Job> jobs)
    {
        foreach (var job in jobs)
        {
            Take(new JobRun(job, time));
        }

        return jobs.Count;
    }

    /// <summary>Takes runs into hand; answers how many.</summary>
    public int Take(IReadOnlyList<JobRun> runs)
    {
        foreach (var run in runs)
        {
            Take(run);
        }

        return runs.Count;
    }

    public JobRun? Find(JobId job) => _runs.GetValueOrDefault(job);

    /// <summary>Waits until a job waits for a slot. False: nothing will come any more.</summary>
    public ValueTask<bool> WaitForOneAsync() => _waiting.Reader.WaitToReadAsync(CancellationToken.None);

    /// <summary>Runs the job that waits longest, if others were not quicker.</summary>
    public async Task RunOneAsync(Func<JobRun, Task> execute)
    {
        if (_waiting.Reader.TryRead(out var run))
        {
            Interlocked.Increment(ref _running);
            try
            {
                await execute(run);
            }
            finally
            {
                Interlocked.Decrement(ref _running);
                changed.Set();
            }
        }
    }

    /// <summary>Takes back the runs that have waited for at least <paramref name="age"/>: they have not begun.</summary>
    public List<JobRun> TakeBack(TimeSpan age)
    {
        var back = new List<JobRun>();
        while (_waiting.Reader.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Taken) >= age && _waiting.Reader.TryRead(out var run))
        {
            back.Add(run);
            DidNotBegin();
        }

        return back;
    }

    /// <summary>The jobs that were taken back and could not be given back: they are tried again before any other is taken.</summary>
    public List<JobRun> NotGivenBack { get; } = [];

    /// <summary>A job that was taken has not begun. Said before it leaves, so that whoever finds nothing in hand counts right.</summary>
    public void DidNotBegin() => Interlocked.Decrement(ref _begun);

    public void Remove(JobRun run)
    {
        // Only this run: its job may have been given to others and have come back as a new attempt.
        _runs.TryRemove(KeyValuePair.Create(run.Job.Id, run));
        run.Dispose();
        changed.Set();
    }

    private void Take(JobRun run)
    {
        JobMetrics.Dequeued(run.Job.RawQueue ?? run.Job.Queue);
        Interlocked.Increment(ref _begun);
        Interlocked.Increment(ref _taken);
        _runs[run.Job.Id] = run;
        _waiting.Writer.TryWrite(run);
    }

    /// <summary>No more jobs will be taken: the slots end after what waits.</summary>
    public void Close() => _waiting.Writer.TryComplete();
}

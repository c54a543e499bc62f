using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>
/// Takes entries of raw queues and makes their jobs. It makes their ids before it asks, so that whatever becomes of the answer, it can give
/// back what it took. There is no document yet: <see cref="RawJobStarter"/> stores it when a slot takes the job.
/// </summary>
internal sealed partial class RawDequeuer(
    WorkerId worker, RawQueueRegistry registry, TaskSelection tasks, IRawQueueStore entries, EntriesInFlight inFlight, JobFactory factory,
    ICoordination coordination, MrqOptions options, ILogger<RawDequeuer> logger, TimeProvider time)
{
    /// <summary>So long a queue is let alone that gave an entry of a task that this worker does not run: others must have the time to take it.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private const int LongestError = 1000;

    private readonly List<JobId> _uncertain = [];
    private readonly IReadOnlyList<ServedRawQueue> _served = registry.ServedFor(tasks);
    private readonly Dictionary<QueueName, long> _restSince = [];

    /// <summary>Takes up to <paramref name="count"/> entries as jobs in hand; empty when none is due.</summary>
    public async Task<IReadOnlyList<JobRun>> TakeAsync(IReadOnlyList<QueueName> queues, int count, CancellationToken cancellationToken)
    {
        await SettleUncertainAsync(cancellationToken);
        var ids = new JobId[count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = JobId.New(time);
        }

        _uncertain.AddRange(ids);
        var taken = await entries.DequeueAsync(
            new RawDequeue { Worker = worker, Queues = queues, Served = ServedNow(), Jobs = ids, Now = time.GetUtcNow() }, cancellationToken);
        var runs = taken.Count == 0 ? [] : await MakeAsync(taken);
        _uncertain.Clear();
        return runs;
    }

    /// <summary>Gives back what a lost answer may have held.</summary>
    public async Task SettleUncertainAsync(CancellationToken cancellationToken)
    {
        if (_uncertain.Count > 0)
        {
            var released = await inFlight.ReleaseAsync(_uncertain, cancellationToken);
            _uncertain.Clear();
            if (released > 0)
            {
                LogSettled(released);
            }
        }
    }

    private IReadOnlyList<ServedRawQueue> ServedNow()
    {
        foreach (var (queue, since) in _restSince)
        {
            if (time.GetElapsedTime(since) >= Rest)
            {
                _restSince.Remove(queue);
            }
        }

        return _restSince.Count == 0
            ? _served
            : [.. _restSince.Keys.Select(queue => new ServedRawQueue(queue, HasSubQueues: false, Pushback: null) { IsClosed = true }), .. _served];
    }

    private async Task<IReadOnlyList<JobRun>> MakeAsync(IReadOnlyList<TakenEntry> taken)
    {
        var runs = new List<JobRun>(taken.Count);
        var rejections = new List<Rejection>();
        var notOurs = new List<JobId>();
        foreach (var entry in taken)
        {
            try
            {
                if (await MakeAsync(entry) is { } run)
                {
                    runs.Add(run);
                }
                else
                {
                    notOurs.Add(entry.Job);
                    _restSince[entry.Entry.Queue] = time.GetTimestamp();
                }
            }
            catch (Exception e) when (e is not StorageUnavailableException)
            {
                var error = e is InvalidJobException or FormatException ? e.Message : $"{e.GetType().Name}: {e.Message}";
                rejections.Add(new Rejection(entry.Job, error.Length <= LongestError ? error : $"{error[..LongestError]}…"));
                LogRejected(entry.Entry.Queue, error);
            }
        }

        if (rejections.Count > 0)
        {
            await inFlight.RejectAsync(rejections);
        }

        if (notOurs.Count > 0)
        {
            await inFlight.ReleaseAsync(notOurs, CancellationToken.None);
            // Who looked for them meanwhile found them gone.
            coordination.Publish(Changes.Queues);
        }

        return runs;
    }

    /// <summary>The job of an entry; null: this worker does not run its task.</summary>
    private async ValueTask<JobRun?> MakeAsync(TakenEntry taken)
    {
        var (id, entry) = taken;
        var raw = registry.Find(entry.Queue) ?? throw new InvalidOperationException($"Nobody here makes jobs of the raw queue '{entry.Queue}'.");
        var request = raw.Make(entry.Params);
        if (!tasks.Takes(request.Path))
        {
            return null;
        }

        var job = await factory.MakeAsync(
            request with { Queue = request.Queue ?? raw.Options.RetryQueue ?? new QueueName(options.DefaultQueue) }, CancellationToken.None);
        if (job.Status != JobStatus.Queued)
        {
            throw new FormatException("run_at and delay are not possible here: the job of a raw entry runs when it is taken. Use a timed set.");
        }

        if (job.Batch is not null)
        {
            throw new FormatException("batch is not possible here: the jobs of a batch are counted when they are accepted, and this one is made when it is taken.");
        }

        var isStored = !raw.Options.NoStorage.Contains(JobStatus.Started);
        return new JobRun(
            job with
            {
                Id = id,
                RawQueue = entry.Queue,
                Status = JobStatus.Started,
                Attempt = 1,
                Worker = worker,
                DateStarted = job.DateQueued,
                // A key that holds while queued is free at the start, which this is.
                UniqueKey = isStored && !job.IsUniqueWhileQueued ? job.UniqueKey : null,
                IdempotencyKey = isStored ? job.IdempotencyKey : null,
            },
            time,
            raw.Options);
    }

    [LoggerMessage(2311, LogLevel.Warning, "{Count} raw entries were taken without an answer; they are back in their queues")]
    private partial void LogSettled(int count);

    [LoggerMessage(2312, LogLevel.Warning, "No job could be made of an entry of {Queue}; it is set aside: {Error}")]
    private partial void LogRejected(QueueName queue, string error);
}

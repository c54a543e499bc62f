using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Maintenance;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Scheduling;

/// <summary>Enqueues the jobs of schedules when they are due, on one node at a time. At its start it brings the configured ones into the store.</summary>
internal sealed partial class Scheduler(
    ConfiguredSchedules configured, ScheduleSync sync, DueSchedules due, IScheduleStore store, ICoordination coordination, IOptions<SchedulerOptions> options, IOptions<MrqOptions> engine,
    ILogger<Scheduler> logger, TimeProvider time) : BackgroundService
{
    /// <summary>Entries are read again at most so often: on a shared SQLite file every commit of another process is a signal.</summary>
    private static readonly TimeSpan LeastAge = TimeSpan.FromMilliseconds(250);

    /// <summary>Entries are read again after this time, should a signal be lost.</summary>
    private static readonly TimeSpan MostAge = TimeSpan.FromSeconds(5);

    /// <summary>Wait after a failure of the store.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly LeaderRole _role = new("scheduler", engine.Value.Node, coordination, logger, time);
    private readonly WakeUp _changed = new(time);
    private readonly Dictionary<ScheduleId, Plan> _plans = [];
    private int _isStale = 1;
    private long _read;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Enabled)
        {
            await sync.RunAsync(configured, cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled)
        {
            return;
        }

        using var subscription = coordination.Subscribe(changes =>
        {
            if (changes.HasFlag(Changes.Schedules))
            {
                Forget();
            }
        });
        await _role.RunAsync(LeadAsync, stoppingToken);
    }

    /// <summary>Enqueues what is due until the role is lost.</summary>
    private async Task LeadAsync(CancellationToken stop)
    {
        Forget();
        while (await _role.KeepAsync(stop))
        {
            var wait = await RunAsync(stop);
            await _changed.WaitAsync(wait < _role.UntilRenewal ? wait : _role.UntilRenewal, stop);
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>One round. Answers how long there is nothing to do.</summary>
    private async Task<TimeSpan> RunAsync(CancellationToken stop)
    {
        try
        {
            if (UntilRead() == TimeSpan.Zero)
            {
                await ReadAsync(stop);
            }

            foreach (var plan in _plans.Values.Where(p => p.Next <= time.GetUtcNow()).OrderBy(p => p.Next).ToList())
            {
                if (!await _role.KeepAsync(stop) || !_role.IsOurs)
                {
                    return TimeSpan.Zero;
                }

                await TryRunAsync(plan, stop);
            }

            _role.Worked();
            return UntilNext();
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            _role.Failed();
            LogFailed(Pause, e);
            Forget();
            return Pause;
        }
    }

    private async Task TryRunAsync(Plan plan, CancellationToken stop)
    {
        try
        {
            await RunAsync(plan, stop);
        }
        catch (Exception e) when (e is not (StorageUnavailableException or OperationCanceledException))
        {
            // What is wrong with one must not keep the others, which come after it, from ever running. It comes back with the next read of the entries.
            LogNotRun(plan.Entry.Schedule.Name ?? plan.Entry.Schedule.Path, plan.Entry.Id, e);
            _plans.Remove(plan.Entry.Id);
        }
    }

    private async Task RunAsync(Plan plan, CancellationToken stop)
    {
        if (await due.RunAsync(plan.Entry, plan.Occurrences, _role.Term?.Fence ?? 0, stop) is { } entry)
        {
            _plans[entry.Id] = Plan.Of(entry, plan.Occurrences);
        }
        else
        {
            _plans.Remove(plan.Entry.Id);
            Forget();
        }
    }

    private async Task ReadAsync(CancellationToken stop)
    {
        // Before the read: what changes during it is heard of again.
        Volatile.Write(ref _isStale, 0);
        _read = time.GetTimestamp();
        var entries = await store.ListAsync(stop);
        var known = new Dictionary<ScheduleId, Plan>(_plans);
        _plans.Clear();
        foreach (var entry in entries.Where(e => !e.Paused))
        {
            if (known.TryGetValue(entry.Id, out var plan) && plan.Entry == entry)
            {
                _plans.Add(entry.Id, plan);
            }
            else if (Occurrences.TryMake(entry.Schedule, out var occurrences, out var errors))
            {
                _plans.Add(entry.Id, Plan.Of(entry, occurrences));
            }
            else
            {
                // Written by another program, or of a zone that this machine does not know. The others go on.
                LogUnusable(entry.Schedule.Name ?? entry.Schedule.Path, entry.Id, string.Join(" ", errors.Select(e => $"{e.Field}: {e.Error}")));
            }
        }
    }

    /// <summary>What we know of the entries may be old.</summary>
    private void Forget()
    {
        if (Interlocked.Exchange(ref _isStale, 1) == 0)
        {
            _changed.Set();
        }
    }

    private TimeSpan UntilNext()
    {
        var read = UntilRead();
        var next = _plans.Values.Min(p => p.Next) - time.GetUtcNow();
        return next < read ? NotBelowZero(next.Value) : read;
    }

    private TimeSpan UntilRead() => NotBelowZero((Volatile.Read(ref _isStale) == 1 ? LeastAge : MostAge) - time.GetElapsedTime(_read));

    private static TimeSpan NotBelowZero(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    [LoggerMessage(4221, LogLevel.Warning, "Schedules could not be looked at; it is tried again in {Pause}")]
    private partial void LogFailed(TimeSpan pause, Exception exception);

    [LoggerMessage(4222, LogLevel.Error, "Schedule {Name} ({Id}) cannot be run here: {Errors}")]
    private partial void LogUnusable(string name, ScheduleId id, string errors);

    [LoggerMessage(4223, LogLevel.Error, "Schedule {Name} ({Id}) was due and could not be run; it is tried again within seconds")]
    private partial void LogNotRun(string name, ScheduleId id, Exception exception);

    /// <summary>An entry with its next time.</summary>
    /// <param name="Next">Null: it never comes again.</param>
    private sealed record Plan(ScheduleEntry Entry, Occurrences Occurrences, DateTimeOffset? Next)
    {
        public static Plan Of(ScheduleEntry entry, Occurrences occurrences) => new(entry, occurrences, occurrences.Next(occurrences.StartOf(entry)));
    }
}

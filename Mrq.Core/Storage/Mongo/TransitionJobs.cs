using Mrq.Jobs;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>Guarded changes of many jobs: all are read and judged, then written as far as they are still as they were read; the rest is read anew.</summary>
internal sealed class TransitionJobs(JobWrites writes, JobCounts counts)
{
    public async Task<IReadOnlyList<TransitionedJob>> RunAsync(JobTransition transition)
    {
        var changed = new Dictionary<JobId, TransitionedJob>();
        var changes = new JobCountChanges();
        List<JobId> open = [.. transition.Jobs.Distinct()];
        while (open.Count > 0)
        {
            var sources = Judge(transition, await writes.FindFactsAsync(open));
            if (changed.Count == 0)
            {
                await RefuseTakenKeysAsync(transition.To, sources);
            }

            if (transition.To == JobStatus.Queued)
            {
                await CountComingAsync(transition, sources);
            }

            var (done, missed) = await ApplyAsync(transition, sources);
            Count(transition, sources, done, changes);
            foreach (var source in done)
            {
                changed.Add(source.Id, source.Transitioned(GroupAfter(transition, source.Group).Queue));
            }

            open = missed;
        }

        await counts.AddAsync(changes);
        return [.. transition.Jobs.Distinct().Where(changed.ContainsKey).Select(job => changed[job])];
    }

    private Task CountComingAsync(JobTransition transition, List<JobFacts> sources)
    {
        var coming = new JobCountChanges();
        foreach (var source in sources)
        {
            coming.Enter(GroupAfter(transition, source.Group));
        }

        return counts.AddBeforeAsync(coming);
    }

    private static void Count(JobTransition transition, List<JobFacts> sources, List<JobFacts> done, JobCountChanges changes)
    {
        foreach (var source in done)
        {
            changes.Move(source.Group, GroupAfter(transition, source.Group));
        }

        // What has been counted beforehand.
        foreach (var source in transition.To == JobStatus.Queued ? sources : [])
        {
            changes.Leave(GroupAfter(transition, source.Group));
        }
    }

    /// <summary>The jobs to which the change may happen, in the order asked for.</summary>
    private static List<JobFacts> Judge(JobTransition transition, List<JobFacts> found)
    {
        var allowed = transition.From & JobTransitions.SourcesOf(transition.To);
        return JobFacts.InOrder(transition.Jobs, found.Where(facts =>
            allowed.Contains(facts.Group.Status)
            && !(facts is { Group.Status: JobStatus.Started, IsAbortRequested: true } && transition.To == JobStatus.Queued)
            && (transition.Worker is not { } worker || facts.Worker == worker)));
    }

    private async Task RefuseTakenKeysAsync(JobStatus to, List<JobFacts> sources)
    {
        if (!JobStatuses.Live.Contains(to))
        {
            return;
        }

        var holders = await UniqueKeys.FindHoldersAsync(writes, "unique_live", [.. sources.Select(source => source.UniqueKey).OfType<string>().Distinct()]);
        foreach (var source in sources)
        {
            if (source.UniqueKey is { } key && !holders.TryAdd(key, source.Id) && holders[key] != source.Id)
            {
                throw new UniqueKeyTakenException(key, holders[key]);
            }
        }
    }

    /// <summary>Writes. Returns the jobs that were changed, and those that someone else changed meanwhile.</summary>
    private async Task<(List<JobFacts> Done, List<JobId> Missed)> ApplyAsync(JobTransition transition, List<JobFacts> sources)
    {
        var revision = writes.NewRevision();
        var bulk = new BulkWrites(isOrdered: false);
        var writer = new BsonWriter();
        var update = new FieldUpdate(writer);
        foreach (var source in sources)
        {
            writer.Clear();
            writer.BeginDocument();
            source.WriteGuard(writer);
            writer.End();
            var filter = writer.Written.Length;
            WriteUpdate(update, transition, source, revision);
            bulk.UpdateOne(writer.Written.Span[..filter], writer.Written.Span[filter..]);
        }

        var result = await writes.WriteAsync(bulk);
        if (result.Errors.FirstOrDefault(error => error.Code != MongoWriteError.DuplicateKey) is { } refused)
        {
            throw refused.ToException();
        }

        if (result.Matched == sources.Count)
        {
            return (sources, []);
        }

        // Whose unique key was taken in this very moment is left alone.
        var barred = result.Errors.Select(error => sources[error.Place].Id).ToHashSet();
        var done = await writes.FindChangedAsync(sources.Select(source => source.Id), revision);
        return (
            [.. sources.Where(source => done.Contains(source.Id))],
            [.. sources.Select(source => source.Id).Where(id => !done.Contains(id) && !barred.Contains(id))]);
    }

    private static JobGroupKey GroupAfter(JobTransition transition, JobGroupKey from) => new(
        from.Path, transition.Queue ?? from.Queue, transition.To,
        transition.Reason is { } reason ? reason.Type : transition.Reset ? null : from.ExceptionType);

    private static void WriteUpdate(FieldUpdate update, JobTransition transition, JobFacts source, JobId revision)
    {
        update.Begin();
        update.Set.Status("status"u8, transition.To).Date("dateupdated"u8, transition.At);
        if (transition.Queue is { } queue)
        {
            update.Set.String("queue"u8, queue.Value);
        }

        if (transition.ExpiresAt is { } expires)
        {
            update.Set.Date("expires_at"u8, expires);
        }
        else if (transition.ForgetsExpiry)
        {
            update.Unset("expires_at"u8);
        }

        update.SetOrUnset("dateexpires"u8, source.UniqueUntil > transition.DateExpires ? source.UniqueUntil : transition.DateExpires);
        update.SetOrUnset("unique_live"u8, JobStatuses.Live.Contains(transition.To) ? source.UniqueKey : null);
        update.Unset("dateretry"u8);
        update.Unset("abort_requested"u8);
        if (transition.To == JobStatus.Queued)
        {
            update.Set.Date("datequeued"u8, transition.At);
            update.Unset("run_at"u8);
        }

        WriteReason(update, transition);
        if (transition.Reset)
        {
            update.Set.Int32("retry_count"u8, 0);
            update.Unset("result"u8);
            update.Unset("result_json"u8);
            update.Unset("progress"u8);
            update.Unset("progress_text"u8);
            update.Unset("totaltime"u8);
            update.Unset("time"u8);
            update.Unset("switches"u8);
            update.Unset("allocated"u8);
            update.Unset("memory_diff"u8);
        }

        update.EndFields();
        JobWrites.BeginPush(update.Set, revision).End().End();
    }

    /// <summary>A new reason takes the place of the last exception; a reset forgets it; else it stays.</summary>
    private static void WriteReason(FieldUpdate update, JobTransition transition)
    {
        if (transition.Reason is { } reason)
        {
            update.Set.String("exceptiontype"u8, reason.Type).String("exceptionmessage"u8, reason.Message);
            update.Unset("traceback"u8);
        }
        else if (transition.Reset)
        {
            update.Unset("exceptiontype"u8);
            update.Unset("exceptionmessage"u8);
            update.Unset("traceback"u8);
        }
    }
}

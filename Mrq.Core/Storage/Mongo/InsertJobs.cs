using Mrq.Jobs;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>New documents: first their totals, then one write, and some reads where something of it was there already.</summary>
internal sealed class InsertJobs(JobWrites writes, JobCounts counts, RateCounts rates)
{
    public async Task<IReadOnlyList<InsertedJob>> RunAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        var answers = new InsertedJob[jobs.Count];
        var added = new List<Job>(jobs.Count);
        var coming = new JobCountChanges();
        foreach (var job in jobs)
        {
            coming.Enter(GroupOf(job));
        }

        await counts.AddBeforeAsync(coming);
        await FreeOverdueKeysAsync(jobs);
        var revision = writes.NewRevision();
        List<int> open = [.. Enumerable.Range(0, jobs.Count)];
        while (open.Count > 0)
        {
            var refused = await InsertAsync(jobs, open, revision, cancellationToken);
            foreach (var place in open.Except(refused))
            {
                answers[place] = new InsertedJob(jobs[place].Id, Existing: null);
                added.Add(jobs[place]);
            }

            open = await AnswerAsync(jobs, refused, revision, answers, added);
        }

        await CountAsync(jobs, added);
        return answers;
    }

    private static JobGroupKey GroupOf(Job job) => new(job.Path, job.Queue, job.Status, job.ExceptionType);

    /// <summary>Frees the keys whose time is over.</summary>
    private async Task FreeOverdueKeysAsync(IReadOnlyList<Job> jobs)
    {
        List<Job> timed = [.. jobs.Where(job => job is { UniqueUntil: not null, IdempotencyKey: not null })];
        if (timed.Count > 0)
        {
            await writes.UpdateManyAsync(
                w =>
                {
                    w.BeginDocument("idempotency_key"u8).BeginArray("$in"u8);
                    timed.ForEach(job => w.String(default, job.IdempotencyKey ?? ""));
                    w.End().End().BeginDocument("unique_until"u8).Date("$lte"u8, timed.Min(job => job.DateQueued)).End();
                },
                w => w.BeginDocument("$unset"u8).Int32("idempotency_key"u8, 1).End());
        }
    }

    /// <summary>Takes jobs back out of the totals that were not added, and counts attempts that came with their end.</summary>
    private async Task CountAsync(IReadOnlyList<Job> jobs, List<Job> added)
    {
        var refused = new JobCountChanges();
        foreach (var job in jobs.Count == added.Count ? [] : jobs.Except(added))
        {
            refused.Leave(GroupOf(job));
        }

        var ended = new List<RateCounts.EndedAttempt>();
        foreach (var job in added)
        {
            if (job.TotalTime is { } seconds && job.Status is not (JobStatus.Queued or JobStatus.Scheduled or JobStatus.Deferred or JobStatus.Started))
            {
                ended.Add(new RateCounts.EndedAttempt(job.DateUpdated, job.Queue, job.Status, seconds));
            }
        }

        await Task.WhenAll(counts.AddAsync(refused), rates.AddAsync(ended));
    }

    /// <summary>Inserts what can be. Returns the places of the rest.</summary>
    private async Task<List<int>> InsertAsync(IReadOnlyList<Job> jobs, List<int> places, JobId revision, CancellationToken cancellationToken)
    {
        var writer = new BsonWriter(places.Count * 256);
        foreach (var place in places)
        {
            JobDocument.Write(writer, jobs[place], revision);
        }

        var result = await writes.InsertAsync(writer.Written, cancellationToken);
        if (result.Errors.FirstOrDefault(error => error.Code != MongoWriteError.DuplicateKey) is { } refused)
        {
            throw refused.ToException();
        }

        return [.. result.Errors.Select(error => places[error.Place])];
    }

    /// <summary>Says of refused jobs why. Returns the places of those that can be tried again: who held their key is gone.</summary>
    private async Task<List<int>> AnswerAsync(
        IReadOnlyList<Job> jobs, List<int> refused, JobId revision, InsertedJob[] answers, List<Job> added)
    {
        if (refused.Count == 0)
        {
            return [];
        }

        var there = (await writes.FindFactsAsync(refused.Select(place => jobs[place].Id))).ToDictionary(facts => facts.Id);
        var requests = await FindHoldersAsync("idempotency_key", refused.Select(place => jobs[place].IdempotencyKey));
        var live = await FindHoldersAsync("unique_live", refused.Select(place => jobs[place].UniqueKey));
        List<int> again = [];
        foreach (var place in refused)
        {
            var job = jobs[place];
            if (there.TryGetValue(job.Id, out var same))
            {
                // The same document again: its first insert was carried out, but the answer was lost.
                answers[place] = new InsertedJob(job.Id, Existing: null);
                if (same.Revisions.Contains(revision))
                {
                    added.Add(job);
                }
            }
            else if (job.IdempotencyKey is { } request && requests.TryGetValue(request, out var first))
            {
                answers[place] = new InsertedJob(first, TakenKey.IdempotencyKey);
            }
            else if (job.UniqueKey is { } key && live.TryGetValue(key, out var holder))
            {
                answers[place] = new InsertedJob(holder, TakenKey.UniqueKey);
            }
            else
            {
                again.Add(place);
            }
        }

        return again;
    }

    private async Task<Dictionary<string, JobId>> FindHoldersAsync(string field, IEnumerable<string?> keys) =>
        await UniqueKeys.FindHoldersAsync(writes, field, [.. keys.OfType<string>().Distinct()]);
}

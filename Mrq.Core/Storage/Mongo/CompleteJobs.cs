using Mrq.Jobs;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>started → whatever the attempts ended in: one write, and one read where some of them were refused.</summary>
internal sealed class CompleteJobs(JobWrites writes, JobCounts counts, RateCounts rates)
{
    public async Task<IReadOnlyList<bool>> RunAsync(IReadOnlyList<JobCompletion> completions)
    {
        var revision = writes.NewRevision();
        var bulk = new BulkWrites(isOrdered: false);
        var writer = new BsonWriter();
        var update = new FieldUpdate(writer);
        foreach (var completion in completions)
        {
            writer.Clear();
            WriteGuard(writer, completion);
            var filter = writer.Written.Length;
            WriteUpdate(update, completion, revision);
            bulk.UpdateOne(writer.Written.Span[..filter], writer.Written.Span[filter..]);
        }

        var result = (await writes.WriteAsync(bulk)).OrThrow();
        var answers = new bool[completions.Count];
        var recorded = completions;
        if (result.Matched == completions.Count)
        {
            Array.Fill(answers, true);
        }
        else
        {
            recorded = await AnswerAsync(completions, revision, answers);
        }

        await CountAsync(recorded);
        return answers;
    }

    /// <summary>Says of each completion whether it stands in its document. Returns those that this write has put there.</summary>
    private async Task<List<JobCompletion>> AnswerAsync(IReadOnlyList<JobCompletion> completions, JobId revision, bool[] answers)
    {
        var there = (await writes.FindFactsAsync(completions.Select(completion => completion.Id).Distinct())).ToDictionary(facts => facts.Id);
        var recorded = new List<JobCompletion>();
        for (var i = 0; i < answers.Length; i++)
        {
            var completion = completions[i];
            if (!there.TryGetValue(completion.Id, out var facts))
            {
                continue;
            }

            var isOurs = facts.Attempt == completion.Attempt && facts.Worker == completion.Worker;
            if (isOurs && facts.Revisions.Contains(revision))
            {
                answers[i] = true;
                recorded.Add(completion);
                // The same completion once more in this batch is recorded, but not counted again.
                there[completion.Id] = facts with { Revisions = [] };
            }
            else
            {
                // Recorded by an earlier write whose answer was lost?
                answers[i] = isOurs && facts.Group.Status == completion.Status;
            }
        }

        return recorded;
    }

    private async Task CountAsync(IReadOnlyList<JobCompletion> recorded)
    {
        var changes = new JobCountChanges();
        foreach (var completion in recorded)
        {
            changes.Move(
                new JobGroupKey(completion.Path, completion.Queue, JobStatus.Started, completion.PreviousExceptionType),
                new JobGroupKey(completion.Path, QueueAfter(completion), completion.Status, completion.Failure?.ExceptionType));
        }

        var ended = recorded.Where(completion => !completion.IsPostponed).Select(completion => new RateCounts.EndedAttempt(completion.At, completion.Queue, completion.Status, completion.TotalTime));
        await Task.WhenAll(counts.AddAsync(changes), rates.AddAsync(ended));
    }

    private static Queues.QueueName QueueAfter(JobCompletion completion) =>
        completion is { Status: JobStatus.Retry, RetryQueue: { } queue } ? queue : completion.Queue;

    private static void WriteGuard(BsonWriter writer, JobCompletion completion) => writer.BeginDocument()
        .ObjectId("_id"u8, completion.Id).Status("status"u8, JobStatus.Started).String("worker"u8, completion.Worker.Value)
        .Int32("attempt"u8, completion.Attempt).End();

    private static void WriteUsage(FieldUpdate update, JobCompletion completion)
    {
        if (completion.Usage is null && completion.Attempt == 1)
        {
            // Nor has an earlier attempt left any.
            return;
        }

        update.SetOrUnset("time"u8, completion.Usage?.CpuTime);
        update.SetOrUnset("switches"u8, completion.Usage?.Switches);
        update.SetOrUnset("allocated"u8, completion.Usage?.Allocated);
        update.SetOrUnset("memory_diff"u8, completion.Usage?.MemoryDiff);
    }

    private static void WriteUpdate(FieldUpdate update, JobCompletion completion, JobId revision)
    {
        update.Begin();
        update.Set.Status("status"u8, completion.Status).Date("dateupdated"u8, completion.At)
            .Double("totaltime"u8, completion.TotalTime).Int32("retry_count"u8, completion.RetryCount);
        if (completion is { Status: JobStatus.Retry, RetryQueue: { } queue })
        {
            update.Set.String("queue"u8, queue.Value);
        }

        if (completion.Progress is { } progress)
        {
            update.Set.Double("progress"u8, progress);
        }

        update.SetOrUnset("dateexpires"u8, completion.DateExpires);
        update.SetOrUnset("dateretry"u8, completion.Status == JobStatus.Retry ? completion.DateRetry ?? completion.At : null);
        WriteUsage(update, completion);
        update.SetOrUnset("exceptiontype"u8, completion.Failure?.ExceptionType);
        update.SetOrUnset("exceptionmessage"u8, completion.Failure?.Message);
        update.SetOrUnset("traceback"u8, completion.Failure?.Traceback);
        update.SetOrUnsetJson("result"u8, "result_json"u8, completion.Result);
        update.Unset("abort_requested"u8);
        if (!completion.IsPostponed)
        {
            update.Unset("expires_at"u8);
        }

        if (!JobStatuses.Live.Contains(completion.Status))
        {
            update.Unset("unique_live"u8);
        }

        update.EndFields();
        if (completion.IsPostponed)
        {
            // Only while the guard finds it started: a write that is repeated counts it once.
            update.Set.BeginDocument("$inc"u8).Int32("postponed"u8, 1).End();
        }

        JobWrites.BeginPush(update.Set, revision);
        if (completion is { Failure: { } failure, IsPostponed: false })
        {
            update.Set.BeginDocument("traceback_history"u8).BeginArray("$each"u8);
            JobDocument.WriteFailure(update.Set, failure);
            update.Set.End().Int32("$slice"u8, -TracebackEntry.MostKept).End();
        }

        update.Set.End().End();
    }
}

using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>Changes a job that waits.</summary>
internal sealed class EditJob(JobWrites writes, JobCounts counts)
{
    public async Task<TransitionedJob?> RunAsync(JobEdit edit)
    {
        // As often as someone else changes the job in between.
        while (await writes.FindWithParamsAsync(edit.Job) is var (facts, parameters) && JobStatuses.Waiting.Contains(facts.Group.Status) && edit.Means(facts.Group.Status, parameters))
        {
            var to = facts.Group with { Queue = edit.Queue ?? facts.Group.Queue };
            await counts.AddBeforeAsync(new JobCountChanges().Enter(to));
            var revision = writes.NewRevision();
            var result = await writes.WriteAsync(Write(facts, to.Queue, edit.Params, edit.At, revision));
            var isDone = result.OrThrow().Matched > 0 || (await writes.FindChangedAsync([edit.Job], revision)).Count > 0;
            await counts.AddAsync(new JobCountChanges().Leave(isDone ? facts.Group : to));
            if (isDone)
            {
                return facts.Transitioned(to.Queue);
            }
        }

        return null;
    }

    private static BulkWrites Write(JobFacts facts, QueueName queue, string? parameters, DateTimeOffset now, JobId revision)
    {
        var writer = new BsonWriter();
        writer.BeginDocument();
        facts.WriteGuard(writer);
        writer.End();
        var filter = writer.Written.Length;
        var update = new FieldUpdate(writer);
        update.Begin();
        update.Set.String("queue"u8, queue.Value).Date("dateupdated"u8, now);
        if (parameters is not null)
        {
            update.SetOrUnsetJson("params"u8, "params_json"u8, parameters);
        }

        update.EndFields();
        JobWrites.BeginPush(writer, revision).End().End();
        return new BulkWrites(isOrdered: true).UpdateOne(writer.Written.Span[..filter], writer.Written.Span[filter..]);
    }
}

using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Batches;

/// <summary>Accepts batches.</summary>
public sealed class BatchClient(ChainFactory factory, JobClient client, IJobStore jobs, IBatchStore batches, BatchEnds ends, TimeProvider time)
{
    private const int PortionSize = 1000;
    private const int LongestName = 200;
    private const int LongestKey = 200;
    private const int MostErrors = 100;

    /// <summary>Queues jobs as one batch. When the call returns, all of them are stored; when it fails half way, those that were stored run, and the batch is incomplete.</summary>
    /// <exception cref="InvalidJobException">Something of it cannot be accepted; the first hundred wrong fields are named, and nothing was stored.</exception>
    public async Task<EnqueuedBatch> EnqueueAsync(BatchRequest request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = JobId.New(time);
        var errors = new List<FieldError>();
        Check(request, errors);
        var complete = await MakeWaitingAsync(request.OnComplete, "on_complete.", id, errors, cancellationToken);
        var success = await MakeWaitingAsync(request.OnSuccess, "on_success.", id, errors, cancellationToken);
        var made = await MakeAsync(request.Jobs, id, errors, cancellationToken);
        if (errors.Count > 0)
        {
            throw new InvalidJobException(errors);
        }

        // First what waits for the batch, then the batch, then its jobs: whatever is there finds what it needs. ReleaseDeferred puts an end to what waits for a batch that never came.
        List<Job> waiting = [.. new[] { complete, success }.OfType<MadeJob>().SelectMany(one => one.Followers.Prepend(one.Job))];
        if (waiting.Count > 0)
        {
            await jobs.InsertAsync(waiting, cancellationToken);
        }

        var batch = new Batch { Id = id, Name = request.Name, IdempotencyKey = request.IdempotencyKey, Created = now, Updated = time.GetUtcNow(), OnComplete = complete?.Job.Id, OnSuccess = success?.Job.Id };
        if (await batches.InsertAsync(batch, cancellationToken) is { } older)
        {
            await jobs.DeleteAsync([.. waiting.Select(job => job.Id)], CancellationToken.None);
            return new EnqueuedBatch(await batches.GetAsync([older], cancellationToken) is [var there] ? there : batch with { Id = older }, Existing: true);
        }

        foreach (var portion in made.Chunk(PortionSize))
        {
            await client.StoreAsync(portion, cancellationToken);
        }

        await batches.SetStoredAsync(id, CancellationToken.None);
        await ends.SettleAsync([id], CancellationToken.None);
        return new EnqueuedBatch(batch with { IsStored = true, Total = made.Sum(one => 1 + one.Followers.Count) }, Existing: false);
    }

    private static void Check(BatchRequest request, List<FieldError> errors)
    {
        if (request.Name is { Length: 0 or > LongestName })
        {
            errors.Add(new FieldError("name", $"must have 1 to {LongestName} characters."));
        }

        if (request.IdempotencyKey is { Length: 0 or > LongestKey })
        {
            errors.Add(new FieldError("Idempotency-Key", $"must have 1 to {LongestKey} characters."));
        }

        if (request.Jobs.Count is 0 or > Batch.MostJobs)
        {
            errors.Add(new FieldError("jobs", $"a batch has 1 to {Batch.MostJobs:N0} jobs, not {request.Jobs.Count:N0}."));
        }
    }

    private async Task<MadeJob?> MakeWaitingAsync(JobRequest? request, string prefix, JobId batch, List<FieldError> errors, CancellationToken cancellationToken)
    {
        if (request is null)
        {
            return null;
        }

        try
        {
            var made = await factory.MakeDeferredAsync(request, cancellationToken);
            return made with { Job = made.Job with { After = batch } };
        }
        catch (InvalidJobException e)
        {
            errors.AddRange(e.Errors.Select(error => error with { Field = prefix + error.Field }));
            return null;
        }
    }

    private async Task<List<MadeJob>> MakeAsync(IReadOnlyList<JobRequest> requests, JobId batch, List<FieldError> errors, CancellationToken cancellationToken)
    {
        var made = new List<MadeJob>(requests.Count);
        for (var i = 0; i < requests.Count && errors.Count < MostErrors; i++)
        {
            try
            {
                if (requests[i].Batch is not null)
                {
                    throw new InvalidJobException([new FieldError("batch", "is the one that is made here: leave it out.")]);
                }

                made.Add(await factory.MakeAsync(requests[i] with { Batch = batch }, cancellationToken));
            }
            catch (InvalidJobException e)
            {
                errors.AddRange(e.Errors.Select(error => error with { Field = $"jobs[{i}].{error.Field}" }));
            }
        }

        return made;
    }
}

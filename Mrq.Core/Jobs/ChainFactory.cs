namespace Mrq.Jobs;

/// <summary>Makes the jobs of a chain from the request of its first, or says everything that is wrong with any of them.</summary>
public sealed class ChainFactory(JobFactory factory)
{
    private const string Then = "then.";

    /// <summary>Checks a request and makes its job and those that follow it; nothing is stored.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named; those of jobs that follow begin with <c>then.</c></exception>
    public async ValueTask<MadeJob> MakeAsync(JobRequest request, CancellationToken cancellationToken) => request.Then is null
        ? new MadeJob(await factory.MakeAsync(request, cancellationToken), [])
        : await MakeChainAsync(request, isDeferred: false, cancellationToken);

    /// <summary>The same of a job that waits for something itself.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named.</exception>
    internal ValueTask<MadeJob> MakeDeferredAsync(JobRequest request, CancellationToken cancellationToken) =>
        MakeChainAsync(request, isDeferred: true, cancellationToken);

    private async ValueTask<MadeJob> MakeChainAsync(JobRequest first, bool isDeferred, CancellationToken cancellationToken)
    {
        var made = new List<Job>();
        var errors = new List<FieldError>();
        var isTaskUnknown = false;
        var prefix = "";
        for (var request = first; request is not null; request = request.Then)
        {
            if (prefix.Length == MadeJob.LongestChain * Then.Length)
            {
                errors.Add(new FieldError("then", $"a chain has at most {MadeJob.LongestChain} jobs."));
                break;
            }

            try
            {
                if (request.Batch is not null && (isDeferred || prefix.Length > 0))
                {
                    errors.Add(new FieldError($"{prefix}batch", prefix.Length > 0 ? "is that of the first job of the chain: leave it out." : "is not possible for a job that waits for a batch."));
                }

                var alone = request with { Then = null, Batch = first.Batch };
                made.Add(isDeferred || prefix.Length > 0
                    ? await factory.MakeDeferredAsync(alone, cancellationToken)
                    : await factory.MakeAsync(alone, cancellationToken));
            }
            catch (InvalidJobException e)
            {
                isTaskUnknown |= e.UnknownTask;
                errors.AddRange(e.Errors.Select(error => error with { Field = prefix + error.Field }));
            }

            prefix += Then;
        }

        return errors.Count == 0 ? Link(made) : throw new InvalidJobException(errors, isTaskUnknown);
    }

    private static MadeJob Link(List<Job> jobs)
    {
        for (var i = 0; i < jobs.Count; i++)
        {
            jobs[i] = jobs[i] with
            {
                After = i == 0 ? null : jobs[i - 1].Id,
                Next = i + 1 == jobs.Count ? null : jobs[i + 1].Id,
            };
        }

        return new MadeJob(jobs[0], jobs[1..]);
    }
}

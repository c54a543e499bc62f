using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Tests.Contracts;

/// <summary>The maintained totals agree with the documents, whatever happens to them.</summary>
public abstract class JobCountersContract(StoreFamily family) : StoreContract(family)
{
    [Fact]
    public async Task Totals_follow_a_job_through_its_life()
    {
        Assert.Empty(await Queries.CountsAsync(Token));
        var job = await InsertAsync();
        Assert.Equal([new JobCount("task", Q, JobStatus.Queued, null, 1)], await Queries.CountsAsync(Token));
        var started = await StartAsync(job);
        Assert.Equal([new JobCount("task", Q, JobStatus.Started, null, 1)], await Queries.CountsAsync(Token));
        await CompleteAsync(Failure(started));
        Assert.Equal([new JobCount("task", Q, JobStatus.Failed, "System.Exception", 1)], await Queries.CountsAsync(Token));
        await Jobs.DeleteAsync([job.Id], Token);
        Assert.Empty(await Queries.CountsAsync(Token));
    }

    [Fact]
    public async Task A_refused_change_counts_nothing()
    {
        var holder = await InsertAsync(NewJob() with { UniqueKey = "key" });
        await Jobs.InsertAsync([NewJob() with { UniqueKey = "key" }, holder], Token);
        await CompleteAsync(Completion(holder));
        await TransitionAsync(JobStatus.Success, holder.Id);

        Assert.Equal([new JobCount("task", Q, JobStatus.Queued, null, 1)], await Queries.CountsAsync(Token));
    }

    [Fact]
    public async Task Totals_stay_right_when_another_process_has_emptied_the_store_meanwhile()
    {
        var other = await OpenAsync();
        var first = await InsertAsync();
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (Stores.Coordination.Subscribe(_ => heard.TrySetResult()))
        {
            await other.Jobs.DeleteAsync([first.Id], Token);
            await other.Jobs.DeleteExpiredAsync(Now, 10, Token);
            other.Coordination.Publish(Changes.Jobs);
            Clock.Advance(TimeSpan.FromSeconds(1));
            await heard.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Token);
        }

        await InsertAsync();

        Assert.Equal([new JobCount("task", Q, JobStatus.Queued, null, 1)], await Queries.CountsAsync(Token));
        Assert.Single(await FindAsync(new JobFilter { Path = "task" }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Totals_equal_a_scan_after_a_random_mix_of_operations_of_two_processes(int seed)
    {
        var random = new Random(seed);
        Stores[] processes = [Stores, await OpenAsync()];
        var ids = new List<JobId>();
        for (var round = 0; round < 60; round++)
        {
            // Several at once, so that they share transactions.
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OperateAsync(processes[random.Next(2)], random, ids)));
        }

        foreach (var process in processes)
        {
            await AssertTotalsAsync(process);
        }
    }

    private async Task OperateAsync(Stores process, Random random, List<JobId> ids)
    {
        JobId[] some = [.. Enumerable.Range(0, random.Next(1, 8)).Where(_ => ids.Count > 0).Select(_ => ids[random.Next(ids.Count)])];
        switch (random.Next(9))
        {
            case 0 or 1:
                List<Job> jobs = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => RandomJob(random))];
                ids.AddRange(jobs.Select(job => job.Id));
                await process.Jobs.InsertAsync(jobs, Token);
                break;
            case 2 or 3:
                await process.Jobs.StartAsync(some, random.Next(2) == 0 ? W1 : W2, Now, Token);
                break;
            case 4:
                await process.Jobs.CompleteAsync(await RandomCompletionsAsync(process, random, some), Token);
                break;
            case 5:
                await process.Jobs.EditAsync(new JobEdit { Job = some.FirstOrDefault(), Queue = random.Next(2) == 0 ? Q : Other, At = Now }, Token);
                break;
            case 6:
                await process.Jobs.DeleteAsync(some, Token);
                break;
            case 7:
                await process.Jobs.DeleteExpiredAsync(Now.AddMinutes(random.Next(60)), random.Next(20), Token);
                break;
            default:
                await TransitionAsync(process, random, some);
                break;
        }
    }

    private Job RandomJob(Random random) => NewJob($"task{random.Next(3)}", random.Next(2) == 0 ? Q : Other) with
    {
        Status = random.Next(5) == 0 ? JobStatus.Scheduled : JobStatus.Queued,
        RunAt = Now.AddMinutes(5),
        UniqueKey = random.Next(3) == 0 ? $"key{random.Next(20)}" : null,
        Tags = random.Next(2) == 0 ? [$"tag{random.Next(3)}", "all"] : [],
    };

    private async Task<JobCompletion[]> RandomCompletionsAsync(Stores process, Random random, JobId[] some)
    {
        var running = await process.Queries.GetAsync(some, withPayload: false, Token);
        return
        [
            .. running.Select(job => random.Next(3) switch
            {
                0 => Completion(job) with { DateExpires = Now.AddMinutes(random.Next(60)) },
                1 => Failure(job, JobStatus.Retry, $"E{random.Next(3)}") with { DateRetry = Now, RetryQueue = random.Next(2) == 0 ? Other : null },
                _ => Failure(job, JobStatus.Failed, $"E{random.Next(3)}"),
            }),
        ];
    }

    private async Task TransitionAsync(Stores process, Random random, JobId[] some)
    {
        try
        {
            await process.Jobs.TransitionAsync(
                new JobTransition
                {
                    Jobs = some,
                    From = JobStatuses.All,
                    To = random.Next(3) switch { 0 => JobStatus.Cancel, 1 => JobStatus.Interrupt, _ => JobStatus.Queued },
                    At = Now,
                    Reset = random.Next(2) == 0,
                    Queue = random.Next(3) == 0 ? Other : null,
                    Reason = random.Next(3) == 0 ? ("reason", "text") : null,
                },
                Token);
        }
        catch (UniqueKeyTakenException)
        {
            // The store has to refuse it, and to count nothing.
        }
    }

    private static async Task AssertTotalsAsync(Stores process)
    {
        var jobs = (await process.Queries.FindAsync(new JobFilter(), new JobPageRequest(Limit: 1_000), Token)).Jobs;
        Assert.NotEmpty(jobs);
        Assert.True(jobs.Count < 1_000, "The mix makes more jobs than one page holds.");
        Assert.Equal(
            jobs.GroupBy(job => (job.Path, job.Queue, job.Status, job.ExceptionType))
                .Select(g => new JobCount(g.Key.Path, g.Key.Queue, g.Key.Status, g.Key.ExceptionType, g.Count())).ToHashSet(),
            (await process.Queries.CountsAsync(Token)).ToHashSet());
        foreach (var tag in (string[])["tag0", "tag1", "tag2", "all"])
        {
            foreach (var status in JobStatuses.All)
            {
                Assert.Equal(
                    jobs.Where(job => job.Status == status && job.Tags.Contains(tag, StringComparer.Ordinal)).Select(job => job.Id),
                    await FindInAsync(process, new JobFilter { Tag = tag, Statuses = JobStatuses.Of(status) }));
            }
        }

        foreach (var worker in (WorkerId[])[W1, W2])
        {
            foreach (var status in JobStatuses.All)
            {
                Assert.Equal(
                    jobs.Where(job => job.Status == status && job.Worker == worker).Select(job => job.Id),
                    await FindInAsync(process, new JobFilter { Worker = worker, Statuses = JobStatuses.Of(status) }));
            }
        }
    }

    private static async Task<IEnumerable<JobId>> FindInAsync(Stores process, JobFilter filter) =>
        (await process.Queries.FindAsync(filter, new JobPageRequest(Limit: 1_000), Token)).Jobs.Select(job => job.Id);
}

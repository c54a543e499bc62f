using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Tests.Support;

/// <summary>An MRQ in this process, on stores of its own, with the tasks of one test. Waits are on signals, never on the clock.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IHost _host;
    private readonly IAsyncDisposable? _own;
    private bool _stopped;

    private TestEngine(IHost host, IAsyncDisposable? own) => (_host, _own) = (host, own);

    public JobClient Client => Get<JobClient>();

    public JobControl Control => Get<JobControl>();

    public IJobQueries Queries => Get<IJobQueries>();

    public IQueueStore Queues => Get<IQueueStore>();

    /// <param name="worker">Null: a worker with the defaults, but for a short report interval.</param>
    /// <param name="workers">False: none.</param>
    /// <param name="folder">Where a SQLite file lies, to start again on the same; null: <paramref name="stores"/> say it.</param>
    /// <param name="stores">Which stores, to start again on the same or on the cluster's; null: a SQLite file of its own.</param>
    public static async Task<TestEngine> StartAsync(
        Action<MrqBuilder> configure, Action<WorkerOptions>? worker = null, bool workers = true, TempFolder? folder = null, TestStores? stores = null)
    {
        var own = folder is null && stores is null ? await TestStores.MakeAsync(StorePair.Sqlite) : null;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddMrq(mrq =>
        {
            if ((stores ?? own) is { } chosen)
            {
                chosen.Use(mrq);
            }
            else
            {
                mrq.UseSqlite(folder!.File("mrq.db"));
            }

            mrq.Configure(o => (o.AbortGrace, o.MaintenanceInterval) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(200)));
            configure(mrq);
            if (workers)
            {
                mrq.AddWorkers(w =>
                {
                    w.ReportInterval = TimeSpan.FromMilliseconds(500);
                    w.ShutdownTimeout = TimeSpan.FromSeconds(10);
                    worker?.Invoke(w);
                });
            }
        });
        FaultyStores.DecorateAll(builder.Services);
        var engine = new TestEngine(builder.Build(), own);
        await engine._host.StartAsync(TestContext.Current.CancellationToken);
        return engine;
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public async Task<JobId> EnqueueAsync(string path, string parameters = "{}", Func<JobRequest, JobRequest>? with = null)
    {
        var request = new JobRequest { Path = path, Params = parameters };
        return (await Client.EnqueueAsync(with?.Invoke(request) ?? request, TestContext.Current.CancellationToken)).Id;
    }

    public async Task<Job> FindAsync(JobId id) =>
        (await Queries.GetAsync([id], withPayload: true, TestContext.Current.CancellationToken)) is [var job]
            ? job : throw new InvalidOperationException($"There is no job {id}.");

    /// <summary>Waits until the job is in one of these statuses.</summary>
    public Task<Job> WaitForAsync(JobId id, params JobStatus[] statuses) => WaitForAsync(id, job => statuses.Contains(job.Status));

    /// <summary>Waits until the job ends.</summary>
    public Task<Job> WaitForEndAsync(JobId id) => WaitForAsync(id, job => JobStatuses.Final.Contains(job.Status));

    /// <summary>Waits until the job is as wished.</summary>
    public async Task<Job> WaitForAsync(JobId id, Func<Job, bool> condition)
    {
        Job? last = null;
        try
        {
            await WaitUntilAsync(async () => condition(last = await FindAsync(id)));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Job {id} did not come to the wished state; it is {last?.Status}, {last?.ExceptionMessage}", e);
        }

        return last!;
    }

    /// <summary>Waits until the condition holds, looking again whenever the stores say that something changed.</summary>
    public async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        using var changed = new SemaphoreSlim(0);
        using var subscription = Get<ICoordination>().Subscribe(_ => changed.Release());
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        while (!await condition())
        {
            try
            {
                await changed.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException e) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"The condition did not come true within {Patience}.", e);
            }
        }
    }

    public async Task<long> WaitingAsync(string queue) =>
        (await Queues.ListAsync(TestContext.Current.CancellationToken)).FirstOrDefault(q => q.Queue == new QueueName(queue))?.Size ?? 0;

    /// <summary>The report of the worker that runs the jobs of the test.</summary>
    public async Task<WorkerReport> WorkerAsync() =>
        (await Get<IWorkerStore>().ListAsync(TestContext.Current.CancellationToken)).Single(w => !w.Queues.Contains(QueueName.System));

    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _host.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>Lets go of an engine whose process is taken for dead: it is not stopped in good order.</summary>
    public void Abandon()
    {
        _stopped = true;
        _host.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }

        if (_own is not null)
        {
            await _own.DisposeAsync();
        }
    }
}

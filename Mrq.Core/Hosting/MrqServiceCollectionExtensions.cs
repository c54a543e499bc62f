using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Batches;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Maintenance;
using Mrq.Queues;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Hosting;

/// <summary>Puts MRQ into an application.</summary>
public static class MrqServiceCollectionExtensions
{
    /// <summary>Adds the engine: a store, tasks and, where asked for, workers.</summary>
    /// <exception cref="InvalidOperationException">No store was named, half of a pair, or too many.</exception>
    /// <exception cref="InvalidTaskException">A task cannot be used, or two have the same path.</exception>
    public static IServiceCollection AddMrq(this IServiceCollection services, Action<MrqBuilder> configure)
    {
        var builder = new MrqBuilder(services);
        configure(builder);
        builder.Stores.Register(services);
        builder.AddTask<JobActionTask>();
        if (builder.Pools.Count > 0 && !builder.Pools.Exists(p => p.Queues.Contains(QueueName.System)))
        {
            builder.AddSystemWorker();
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<EngineActivity>();
        services.TryAddSingleton<SupervisedProcess>();
        services.AddSingleton(s => new ReportFile(
            s.GetRequiredService<IOptions<MrqOptions>>().Value.ReportFile, s.GetRequiredService<SupervisedProcess>(), s.GetRequiredService<ILogger<ReportFile>>(), s.GetRequiredService<TimeProvider>()));
        services.AddOptions<MrqOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<MrqOptions>>(new MrqOptionsValidator(builder.Pools));
        services.AddSingleton(s => MakeRegistry(builder, s));
        services.AddSingleton(s => MakeRawQueues(builder, s));
        services.AddSingleton(s => QueueLimits.Read(s.GetService<IConfiguration>()?.GetSection("Mrq:QueueLimits")));
        services.AddSingleton(s => new WorkerShutdown(builder.Pools, s.GetRequiredService<IOptions<MrqOptions>>().Value));

        // First of the hosted services: whatever starts after it finds the store open.
        services.AddHostedService<StorageStart>();
        services.AddSingleton<StorageHealth>();
        services.AddHostedService(s => s.GetRequiredService<StorageHealth>());
        services.AddSingleton(s => new IoTracing(s.GetRequiredService<IOptions<MrqOptions>>().Value, s.GetRequiredService<TimeProvider>()));
        services.AddHostedService(s => s.GetRequiredService<IoTracing>());
        AddServices(services);
        AddMaintenance(services);
        AddScheduler(services, builder);
        services.AddSingleton(s => new WorkerPools(
            builder.Pools, builder.StopsWithWorkers, options => MakePool(options, s), s.GetRequiredService<RawQueueRegistry>(), s.GetRequiredService<WorkerShutdown>(), s.GetRequiredService<IHostApplicationLifetime>(), s.GetRequiredService<ILogger<WorkerPools>>()));
        services.AddHostedService(s => s.GetRequiredService<WorkerPools>());

        return services;
    }

    private static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<KnownTasks>();
        services.AddSingleton<JobFactory>();
        services.AddSingleton<ChainFactory>();
        services.AddSingleton<JobClient>();
        services.AddSingleton<JobChains>();
        services.AddSingleton<BatchEnds>();
        services.AddSingleton<BatchControl>();
        services.AddSingleton<BatchMembers>();
        services.AddSingleton<BatchClient>();
        services.AddSingleton<JobControl>();
        services.AddSingleton(s => new CallTracing(s.GetRequiredService<IOptions<MrqOptions>>().Value, s.GetRequiredService<IoTracing>(), s.GetService<IMemoryWatch>()));
        services.AddSingleton<TaskCall>();
        services.AddSingleton<BulkActions>();
        services.AddSingleton<QueueControl>();
        services.AddSingleton<RawQueueClient>();
        services.AddSingleton<RawQueueControl>();
        services.AddSingleton<WorkerControl>();
        services.AddSingleton<Audit>();
        services.AddSingleton<JobLogWriter>();
        services.AddHostedService(s => s.GetRequiredService<JobLogWriter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, JobLoggerProvider>());
    }

    private static void AddMaintenance(IServiceCollection services)
    {
        services.AddSingleton<RequeueJobs>();
        services.AddSingleton<IMaintenanceTask, RequeueStartedJobs>();
        services.AddSingleton<IMaintenanceTask, RequeueInterruptedJobs>();
        services.AddSingleton<IMaintenanceTask, RequeueLostJobs>();
        services.AddSingleton<IMaintenanceTask, DropIdleIds>();
        services.AddSingleton<IMaintenanceTask, RequeueRetryJobs>();
        services.AddSingleton<IMaintenanceTask, CancelExpiredJobs>();
        services.AddSingleton<IMaintenanceTask, ReturnRawEntries>();
        // Before what they look at is deleted.
        services.AddSingleton<IMaintenanceTask, ReleaseDeferred>();
        services.AddSingleton<IMaintenanceTask, FinishBatches>();
        services.AddSingleton<IMaintenanceTask, DeleteExpired>();
        services.AddHostedService<MaintenanceRunner>();
        services.AddTransient(s => new AbandonedJobs(
            [ActivatorUtilities.CreateInstance<RequeueStartedJobs>(s), ActivatorUtilities.CreateInstance<RequeueInterruptedJobs>(s), ActivatorUtilities.CreateInstance<ReturnRawEntries>(s)]));
    }

    private static void AddScheduler(IServiceCollection services, MrqBuilder builder)
    {
        services.AddOptions<SchedulerOptions>().Configure(o => o.Enabled = builder.HasScheduler).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SchedulerOptions>, SchedulerOptionsValidator>();
        services.AddSingleton(s => ConfiguredSchedules.Read(
            builder.Schedules, builder.ScheduleSection ?? s.GetService<IConfiguration>()?.GetSection("Mrq:Schedules")));
        services.AddSingleton<ConfiguredScheduleChecks>();
        services.AddSingleton<ScheduleSync>();
        services.AddSingleton(s => new ScheduleReload(
            s.GetRequiredService<ConfiguredSchedules>(), s.GetRequiredService<ConfiguredScheduleChecks>(), s.GetRequiredService<ScheduleSync>(),
            s.GetRequiredService<IOptions<SchedulerOptions>>()));
        services.AddSingleton<DueSchedules>();
        services.AddSingleton<ScheduleControl>();
        services.AddHostedService<Scheduler>();
    }

    private static WorkerPool MakePool(WorkerOptions options, IServiceProvider services) => new(
        new WorkerParts(options, services),
        services.GetRequiredService<ICoordination>(), services.GetRequiredService<IJobStore>(), services.GetRequiredService<WorkerShutdown>(),
        services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<IOptions<MrqOptions>>().Value, services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<TimeProvider>());

    private static TaskRegistry MakeRegistry(MrqBuilder builder, IServiceProvider services)
    {
        var configuration = services.GetService<IConfiguration>()?.GetSection("Mrq:Tasks");
        return new TaskRegistry(
            builder.Tasks.Select(t => configuration is null ? t : TaskConfiguration.Apply(t, configuration.GetSection(t.Path))),
            builder.BrokenTasks,
            [.. configuration?.GetChildren().Select(c => c.Key) ?? []]);
    }

    /// <exception cref="InvalidOperationException">Raw queues or their configuration are wrong; each error has a line.</exception>
    private static RawQueueRegistry MakeRawQueues(MrqBuilder builder, IServiceProvider services)
    {
        var errors = new List<string>();
        var queues = builder.RawQueues.ToDictionary(queue => queue.Name);
        var configuration = new RawQueueConfiguration(services.GetRequiredService<TaskRegistry>(), builder.Pools.Count > 0, errors);
        foreach (var section in services.GetService<IConfiguration>()?.GetSection("Mrq:RawQueues").GetChildren() ?? [])
        {
            var coded = builder.RawQueues.Find(queue => queue.Name.Value == section.Key);
            if (configuration.Read(section, coded) is { } queue)
            {
                queues[queue.Name] = queue;
            }
        }

        var registry = new RawQueueRegistry(queues.Values);
        if (errors.Count == 0)
        {
            errors.AddRange(registry.ExplainUnmade(builder.Pools.SelectMany(pool => pool.Queues)));
        }

        return errors.Count == 0 ? registry : throw new InvalidOperationException(string.Join(Environment.NewLine, errors));
    }
}

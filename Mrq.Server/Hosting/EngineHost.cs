using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Samples;
using Mrq.Server.Configuration;
using Mrq.Server.Tracing;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Server.Hosting;

/// <summary>What every process of <c>mrq</c> that runs the engine is made of, with pages or without: configuration, log and engine, as the settings say.</summary>
internal static class EngineHost
{
    private const int LongestLogQueue = 10_000;

    /// <param name="more">Tasks and options beyond the settings; null: none.</param>
    /// <exception cref="ServerStartException">Tasks or schedules are wrong; each is named.</exception>
    public static void Add(IHostApplicationBuilder builder, ServerSettings settings, Action<MrqBuilder>? more = null)
    {
        var files = settings.Files ?? new ConfigurationFiles();
        files.AddTo(builder.Configuration, Path.Combine(Environment.CurrentDirectory, "appsettings.json"));
        if (settings.File is { } file)
        {
            files.AddTo(builder.Configuration, file);
        }

        builder.Configuration.AddInMemoryCollection(settings.Section.Select(p => KeyValuePair.Create($"Mrq:{p.Key}", p.Value)));
        AddLogging(builder, settings.ConsoleLevel);
        if (settings.Profile)
        {
            // First of the hosted services: it begins before the others and ends after them.
            builder.Services.AddHostedService(s => new CpuProfiler(settings.ProfileOutputDir, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<CpuProfiler>>()));
        }

        if (settings is { AdminPort: not null, Workers: true })
        {
            // First of the hosted services: it begins before the workers and ends after them.
            builder.Services.AddSingleton(s => new AdminEndpoint(
                settings, s.GetRequiredService<SupervisedProcess>(), s, s.GetRequiredService<ILoggerFactory>(), s.GetRequiredService<TimeProvider>()));
            builder.Services.AddHostedService(s => s.GetRequiredService<AdminEndpoint>());
        }

        builder.Services.AddSingleton<IMemoryWatch>(new MemoryWatch(settings.TraceMemoryType, settings.TraceMemoryOutputDir));
        builder.Services.AddSingleton<EngineReload>();
        AddEngine(builder.Services, settings, more);
    }

    /// <summary>Builds the host, and reads what the configuration says of tasks and queues.</summary>
    /// <exception cref="ServerStartException">Something of it is wrong: all of it is named.</exception>
    public static THost Build<THost>(Func<THost> build)
        where THost : IHost
    {
        try
        {
            var host = build();
            RequireRight(host.Services);
            return host;
        }
        catch (OptionsValidationException e)
        {
            throw new ServerStartException([.. e.Failures], e);
        }
    }

    private static void RequireRight(IServiceProvider services)
    {
        var errors = new List<string>();
        foreach (var type in new[] { typeof(TaskRegistry), typeof(RawQueueRegistry), typeof(QueueLimits) })
        {
            try
            {
                services.GetRequiredService(type);
            }
            catch (InvalidOperationException e)
            {
                errors.AddRange(e.Message.Split(Environment.NewLine));
            }
        }

        if (errors.Count > 0)
        {
            throw new ServerStartException([.. errors.Distinct()]);
        }
    }

    private static void AddEngine(IServiceCollection services, ServerSettings settings, Action<MrqBuilder>? more)
    {
        try
        {
            services.AddMrq(mrq =>
            {
                UseStores(mrq, settings);
                mrq.Configure(settings.Engine);
                mrq.UseScheduler(settings.Scheduler);
                mrq.UseSchedulesOf(new ConfigurationBuilder().AddInMemoryCollection(settings.Section).Build().GetSection("Schedules"));
                if (settings.Samples)
                {
                    mrq.AddSamples();
                }

                more?.Invoke(mrq);
                mrq.AddTaskFolder(settings.Tasks);
                if (settings.Workers)
                {
                    mrq.AddWorkers(settings.Worker);
                }
            });
        }
        catch (Exception e) when (e is InvalidTaskException or FormatException)
        {
            throw new ServerStartException([e.Message], e);
        }
    }

    private static void UseStores(MrqBuilder mrq, ServerSettings settings)
    {
        if (settings.Redis is null && settings.MongoDb is null)
        {
            mrq.UseSqlite(settings.Sqlite);
        }

        if (settings.Redis is { } redis)
        {
            mrq.UseRedis(redis, o => o with { Prefix = settings.RedisPrefix, AddedLatency = settings.NetworkLatency });
        }

        if (settings.MongoDb is { } mongo)
        {
            mrq.UseMongo(mongo, o => o with
            {
                WriteConcern = settings.MongoDbWriteConcern,
                LogBytes = settings.MongoDbLogsSize ?? o.LogBytes,
                AddedLatency = settings.NetworkLatency,
                PrintCalls = settings.PrintMongoDb,
            });
        }
    }

    /// <summary>The log on the console.</summary>
    public static void AddLogging(IHostApplicationBuilder builder, LogLevel level)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(o =>
        {
            // A reader that stands still, a full pipe, must not let the engine stand still with it. How many lines were dropped is then said.
            o.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            o.MaxQueueLength = LongestLogQueue;
        });
        builder.Logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "HH:mm:ss ";
            o.ColorBehavior = LoggerColorBehavior.Default;
        });
        builder.Services.AddSingleton(new ConsoleLevel(level));
        builder.Services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(s => s.GetRequiredService<ConsoleLevel>());
        builder.Services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(s => s.GetRequiredService<ConsoleLevel>());
    }
}

using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Console;
using Mrq.Dashboard;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Samples;
using Mrq.Server.Configuration;
using Mrq.Tasks;

namespace Mrq.Server.Hosting;

/// <summary>Builds the server: engine, API and dashboard in one web application.</summary>
public static class MrqServerApp
{
    /// <summary>Builds it; nothing is opened, bound or started yet.</summary>
    /// <param name="more">Tasks and options beyond the settings; null: none.</param>
    /// <param name="host">Services and logging beyond the settings; null: none.</param>
    /// <exception cref="ServerStartException">Tasks or their options are wrong; each is named.</exception>
    public static WebApplication Build(ServerSettings settings, Action<MrqBuilder>? more = null, Action<WebApplicationBuilder>? host = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            // Its own settings lie beside the program, wherever it is started from.
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Configuration.AddJsonFile(Path.Combine(Environment.CurrentDirectory, "appsettings.json"), optional: true, reloadOnChange: false);
        builder.Configuration.AddInMemoryCollection(settings.Section.Select(p => KeyValuePair.Create($"Mrq:{p.Key}", p.Value)));
        var started = new StrongBox<bool>();
        AddLogging(builder, settings.LogLevel, started);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(settings.DashboardIp, settings.DashboardPort);
        });
        AddEngine(builder, settings, more);
        builder.Services.AddMrqDashboard();
        host?.Invoke(builder);

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(() => started.Value = true);
        RequireRight(app.Services, typeof(TaskRegistry), typeof(RawQueueRegistry), typeof(QueueLimits));

        if (IPAddress.IsLoopback(settings.DashboardIp) && !settings.AllowAnonymous)
        {
            app.UseMiddleware<LoopbackHost>();
        }

        app.MapMrq();
        return app;
    }

    /// <summary>Reads what the configuration says of tasks and queues.</summary>
    /// <exception cref="ServerStartException">Something of it is wrong: all of it is named.</exception>
    private static void RequireRight(IServiceProvider services, params IEnumerable<Type> read)
    {
        var errors = new List<string>();
        foreach (var type in read)
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

    private static void AddEngine(WebApplicationBuilder builder, ServerSettings settings, Action<MrqBuilder>? more)
    {
        try
        {
            builder.Services.AddMrq(mrq =>
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
            mrq.UseRedis(redis, o => o with { Prefix = settings.RedisPrefix });
        }

        if (settings.MongoDb is { } mongo)
        {
            mrq.UseMongo(mongo, o => o with { WriteConcern = settings.MongoDbWriteConcern, LogBytes = settings.MongoDbLogsSize ?? o.LogBytes });
        }
    }

    // For the console, whose own filter would win over a general one, and for all other providers.
    private static void Quiet(WebApplicationBuilder builder, string category, LogLevel least) =>
        builder.Logging.AddFilter(category, least).AddFilter<ConsoleLoggerProvider>(category, least);

    private static void AddLogging(WebApplicationBuilder builder, LogLevel level, StrongBox<bool> started)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "HH:mm:ss ";
            o.ColorBehavior = LoggerColorBehavior.Default;
        });
        // What a job logs is kept with the job from Information on, whatever the console shows.
        builder.Logging.SetMinimumLevel(level < LogLevel.Information ? level : LogLevel.Information);
        builder.Logging.AddFilter<ConsoleLoggerProvider>(category: null, level);
        // Why the start failed is told by who started it, in a line; the host would add a stack trace.
        var least = level > LogLevel.Warning ? level : LogLevel.Warning;
        builder.Logging.AddFilter<ConsoleLoggerProvider>("Microsoft.Extensions.Hosting.Internal.Host", line => line >= least && (started.Value || line != LogLevel.Error));
        if (level > LogLevel.Debug)
        {
            Quiet(builder, "Microsoft", least);
            // It warns that keys on this machine's own disk are not encrypted.
            Quiet(builder, "Microsoft.AspNetCore.DataProtection", level > LogLevel.Error ? level : LogLevel.Error);
        }
    }
}

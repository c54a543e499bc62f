using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Mrq.Server.Configuration;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Server.Hosting;

/// <summary>What a command needs of the engine.</summary>
/// <param name="MakesStore">True: a SQLite file that is not there is made; false: it is an error, because nothing can be in it.</param>
/// <param name="Tasks">True: the tasks of this program are loaded. Who only looks and acts does without, which is faster.</param>
/// <param name="LogLevel">The least grave line that is told on stderr.</param>
/// <param name="OpensLater">True: the stores are opened only when the command asks for it (<see cref="EngineClient.OpenStoresAsync"/>, <see cref="EngineClient.OpenStoresToReadAsync"/>).</param>
internal readonly record struct ClientNeeds(bool MakesStore = false, bool Tasks = false, LogLevel LogLevel = LogLevel.Warning, bool OpensLater = false);

/// <summary>
/// The engine's services on the stores of the settings, for a process that takes no part in the work: the stores are opened, and nothing else is started. No
/// worker runs, no schedule, no maintenance.
/// </summary>
internal sealed class EngineClient : IAsyncDisposable
{
    private readonly IHost _host;

    private EngineClient(IHost host) => _host = host;

    /// <summary>The engine's services.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Opens the stores, unless that is to be done later.</summary>
    /// <exception cref="ServerStartException">Settings or tasks are wrong, or there is no SQLite file.</exception>
    /// <exception cref="StorageUnavailableException">A store cannot be used.</exception>
    public static async Task<EngineClient> OpenAsync(ServerSettings settings, ClientNeeds needs, CancellationToken cancellationToken)
    {
        if (!needs.MakesStore && !needs.OpensLater)
        {
            RequireFile(settings);
        }

        var client = new EngineClient(Build(settings, needs));
        try
        {
            if (!needs.OpensLater)
            {
                await client.OpenStoresAsync(cancellationToken);
            }

            return client;
        }
        catch (Exception)
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the stores.</summary>
    /// <exception cref="StorageUnavailableException">One cannot be used.</exception>
    public Task OpenStoresAsync(CancellationToken cancellationToken) => Get<IStorage>().OpenAsync(cancellationToken);

    /// <summary>Opens the stores as they are: nothing is made or brought up to date.</summary>
    /// <exception cref="StorageUnavailableException">One cannot be used, is not there, or has another schema.</exception>
    public Task OpenStoresToReadAsync(CancellationToken cancellationToken) => Get<IStorage>().OpenToReadAsync(cancellationToken);

    /// <summary>True: the settings name a SQLite file, and it is not there.</summary>
    public static bool LacksFile(ServerSettings settings) =>
        settings is { Redis: null, MongoDb: null } && IsMissing(settings.Sqlite);

    /// <summary>What to tell of that.</summary>
    public static string NoFile(ServerSettings settings) =>
        $"There is no database {Path.GetFullPath(settings.Sqlite)}. Name the file of your server with --sqlite (or MRQ_SQLITE), or its --redis and --mongodb, or call mrq in its folder.";

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Sends what waits and closes the stores.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }
    }

    private static bool IsMissing(string path)
    {
        try
        {
            File.GetAttributes(path);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody can say whether it is there; who opens it is told what stands in the way.
            return false;
        }
    }

    private static void RequireFile(ServerSettings settings)
    {
        if (LacksFile(settings))
        {
            throw new ServerStartException([NoFile(settings)]);
        }
    }

    private static IHost Build(ServerSettings settings, ClientNeeds needs)
    {
        // What was asked to be printed is printed, also by commands that say little.
        var level = settings.PrintMongoDb && needs.LogLevel > LogLevel.Information ? LogLevel.Information : needs.LogLevel;
        var own = settings with { Workers = false, Scheduler = false, LogLevel = level };
        var host = MrqWorkerApp.Build(needs.Tasks ? own : own with { Samples = false, Tasks = "" }, services =>
        {
            // Stdout is for what the command is asked for.
            services.AddSingleton<ConsoleFormatter, ErrorLineFormatter>();
            services.Configure<ConsoleLoggerOptions>(o => (o.FormatterName, o.LogToStandardErrorThreshold) = (ErrorLineFormatter.FormatterName, LogLevel.Trace));
        });
        host.Services.GetRequiredService<KnownTasks>().Listing = "mrq tasks";
        return host;
    }
}

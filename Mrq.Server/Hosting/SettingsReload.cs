using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mrq.Scheduling;
using Mrq.Server.Configuration;
using Mrq.Workers;

namespace Mrq.Server.Hosting;

/// <summary>
/// Reads the settings again when a file of them has changed, or at SIGHUP: what can change while the process runs holds at once, the rest is named in the log as wanting a
/// restart, and of a file with a mistake nothing holds.
/// </summary>
internal sealed partial class SettingsReload(
    SettingsSource source, ConsoleLevel console, ScheduleReload schedules, WorkerPools workers, ILogger<SettingsReload> logger, TimeProvider time)
    : BackgroundService
{
    /// <summary>Time between two looks at the files. Their content is compared: a file that is swapped by a link, as Kubernetes does, sends no event.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _wake = new(0);

    private ReadSettings _held = source.First;
    private string _seen = "";
    private bool _isAsked;
    private PosixSignalRegistration? _signal;

    public override void Dispose()
    {
        _signal?.Dispose();
        _wake.Dispose();
        base.Dispose();
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _seen = Content();
        // A process in a terminal ends with the terminal, as every other.
        _signal = Console.IsInputRedirected ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, Ask) : null;
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var timer = time.CreateTimer(static r => ((SettingsReload)r!)._wake.Release(), this, Look, Look);
        while (true)
        {
            await _wake.WaitAsync(stoppingToken);
            var isAsked = Interlocked.Exchange(ref _isAsked, false);
            var content = Content();
            if (isAsked || content != _seen)
            {
                _seen = content;
                await ReloadAsync(isAsked, stoppingToken);
            }
        }
    }

    private void Ask(PosixSignalContext context)
    {
        context.Cancel = true;
        Volatile.Write(ref _isAsked, true);
        _wake.Release();
    }

    private async Task ReloadAsync(bool isAsked, CancellationToken stop)
    {
        try
        {
            var read = source.Read();
            if (read.Settings is not { } settings)
            {
                LogWrong(string.Join(Environment.NewLine, read.Errors));
                return;
            }

            var changed = ServerOptions.All.Where(option => EffectiveOption.IsChanged(option, _held, read)).ToList();
            var pools = PoolsOf(settings);
            var errors = workers.Check(pools);
            if (errors.Count == 0)
            {
                errors = await ApplySchedulesAsync(settings, stop);
            }

            if (errors.Count > 0)
            {
                LogWrong(string.Join(Environment.NewLine, errors));
                return;
            }

            if (pools.Count > 0)
            {
                await workers.ReloadAsync(pools, stop);
            }

            console.Level = settings.ConsoleLevel;
            LogChanges(changed, read, isAsked);
            _held = read;
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            LogFailed(e);
            // It is tried again at the next look.
            _seen = "";
        }
    }

    /// <summary>What the settings say of the worker of this process; empty: it has none, whatever they say.</summary>
    private List<WorkerOptions> PoolsOf(ServerSettings settings)
    {
        if (workers.Report().Count == 0)
        {
            return [];
        }

        var options = new WorkerOptions();
        settings.Worker(options);
        return [options];
    }

    /// <summary>Brings changed schedules into the store; answers what is wrong with them.</summary>
    private async Task<IReadOnlyList<string>> ApplySchedulesAsync(ServerSettings settings, CancellationToken stop) =>
        SectionOf(settings, FileSections.Schedules) == SectionOf(_held.Settings, FileSections.Schedules)
            ? []
            : await schedules.ApplyAsync(new ConfigurationBuilder().AddInMemoryCollection(settings.Section).Build().GetSection(FileSections.Schedules), stop);

    private void LogChanges(List<OptionDefinition> changed, ReadSettings read, bool isAsked)
    {
        foreach (var option in changed)
        {
            var (value, source) = (EffectiveOption.Of(option, read).Value, EffectiveOption.Of(option, read).Source);
            if (option.Reloads)
            {
                LogHolds(option.Name, value, source);
            }
            else
            {
                LogNeedsRestart(option.Name, value, source);
            }
        }

        foreach (var section in FileSections.OfSingleThings.Where(section => SectionOf(read.Settings, section) != SectionOf(_held.Settings, section)))
        {
            LogSectionNeedsRestart(section);
        }

        if (isAsked && changed.Count == 0)
        {
            LogNothing();
        }
    }

    private static string SectionOf(ServerSettings? settings, string name) => string.Join('\n', (settings?.Section ?? new Dictionary<string, string?>())
        .Where(entry => FileSections.IsPartOf(entry.Key, name))
        .OrderBy(entry => entry.Key, StringComparer.OrdinalIgnoreCase).Select(entry => $"{entry.Key}={entry.Value}"));

    // A file that cannot be read now, being written perhaps, is as one that is not there: the next look sees it.
    private string Content() => string.Join(' ', _held.Files.Select(file =>
    {
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "-";
        }
    }));

    [LoggerMessage(6001, LogLevel.Information, "{Setting} is {Value} from now on ({Source})")]
    private partial void LogHolds(string setting, string value, string source);

    [LoggerMessage(6002, LogLevel.Warning, "{Setting} was changed to {Value} ({Source}), which holds after a restart")]
    private partial void LogNeedsRestart(string setting, string value, string source);

    [LoggerMessage(6003, LogLevel.Warning, "Section {Section} was changed, which holds after a restart")]
    private partial void LogSectionNeedsRestart(string section);

    [LoggerMessage(6004, LogLevel.Error, "The configuration was changed and is wrong; what held before goes on: {Errors}")]
    private partial void LogWrong(string errors);

    [LoggerMessage(6005, LogLevel.Information, "The configuration was read again; no setting has changed")]
    private partial void LogNothing();

    [LoggerMessage(6006, LogLevel.Warning, "A change of the configuration could not be carried out; it is tried again")]
    private partial void LogFailed(Exception exception);
}

/// <summary>Adds <see cref="SettingsReload"/>.</summary>
internal static class SettingsReloadExtensions
{
    public static void AddSettingsReload(this IServiceCollection services, SettingsSource source)
    {
        services.AddSingleton(source);
        services.AddHostedService<SettingsReload>();
    }
}

using System.Runtime.InteropServices;
using Mrq.Server.Configuration;
using Mrq.Server.Processes;

namespace Mrq.Server.Hosting;

/// <summary>
/// Reads the settings again when a file of them has changed, or at SIGHUP: what can change while the process runs holds at once, the rest is named in the log as wanting a
/// restart, and of a file with a mistake nothing holds.
/// A supervisor tells it for its worker processes, too, which do the same and are silent; only what one of them alone refuses is heard.
/// </summary>
/// <param name="engine">Null: the process has none.</param>
/// <param name="processes">Null: it keeps no worker processes.</param>
internal sealed partial class SettingsReload(
    SettingsSource source, ConsoleLevel console, EngineReload? engine, WorkerProcesses? processes, ILogger<SettingsReload> logger, TimeProvider time) : BackgroundService
{
    /// <summary>Time between two looks at the files. Their content is compared: a file that is swapped by a link, as Kubernetes does, sends no event.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _wake = new(0);
    private readonly LogLevel _told = source.IsSupervised ? LogLevel.Debug : LogLevel.Information;
    private readonly LogLevel _warned = source.IsSupervised ? LogLevel.Debug : LogLevel.Warning;

    private ReadSettings _held = source.First;
    private ConfigurationFiles? _seen = source.First.Content;
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
            var files = _held.Content.Now();
            if (isAsked || !files.Equals(_seen))
            {
                _seen = files;
                await ReloadAsync(files, isAsked, stoppingToken);
            }
        }
    }

    private void Ask(PosixSignalContext context)
    {
        context.Cancel = true;
        processes?.Reload();
        Volatile.Write(ref _isAsked, true);
        _wake.Release();
    }

    private async Task ReloadAsync(ConfigurationFiles files, bool isAsked, CancellationToken stop)
    {
        try
        {
            var read = source.Read(files);
            if (read.Settings is not { } settings)
            {
                // A supervisor has read and said the same.
                Refuse(source.IsSupervised ? LogLevel.Debug : LogLevel.Error, files, read.Errors);
                return;
            }

            if (engine is not null && await engine.ApplyAsync(settings, _held.Settings, stop) is { Count: > 0 } errors)
            {
                Refuse(LogLevel.Error, files, errors);
                return;
            }

            processes?.Accept(files);
            console.Level = settings.ConsoleLevel;
            LogChanges(read, isAsked);
            _held = read;
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            LogFailed(e);
            // It is tried again at the next look.
            _seen = null;
        }
    }

    private void Refuse(LogLevel level, ConfigurationFiles files, IReadOnlyList<string> errors)
    {
        var all = string.Join(Environment.NewLine, errors);
        LogWrong(level, all);
        processes?.Refuse(files);
    }

    private void LogChanges(ReadSettings read, bool isAsked)
    {
        var changed = ServerOptions.All.Where(option => EffectiveOption.IsChanged(option, _held, read)).ToList();
        foreach (var option in changed)
        {
            var (value, from) = (EffectiveOption.Of(option, read).Value, EffectiveOption.Of(option, read).Source);
            if (option.Reloads)
            {
                LogHolds(_told, option.Name, value, from);
            }
            else
            {
                LogNeedsRestart(_warned, option.Name, value, from);
            }
        }

        foreach (var section in FileSections.OfSingleThings.Where(section => EngineReload.SectionOf(read.Settings, section) != EngineReload.SectionOf(_held.Settings, section)))
        {
            LogSectionNeedsRestart(_warned, section);
        }

        if (isAsked && changed.Count == 0)
        {
            LogNothing(_told);
        }
    }

    [LoggerMessage(EventId = 6001, Message = "{Setting} is {Value} from now on ({Source})")]
    private partial void LogHolds(LogLevel level, string setting, string value, string source);

    [LoggerMessage(EventId = 6002, Message = "{Setting} was changed to {Value} ({Source}), which holds after a restart")]
    private partial void LogNeedsRestart(LogLevel level, string setting, string value, string source);

    [LoggerMessage(EventId = 6003, Message = "Section {Section} was changed, which holds after a restart")]
    private partial void LogSectionNeedsRestart(LogLevel level, string section);

    [LoggerMessage(EventId = 6004, Message = "The configuration was changed and is wrong; what held before goes on: {Errors}")]
    private partial void LogWrong(LogLevel level, string errors);

    [LoggerMessage(EventId = 6005, Message = "The configuration was read again; no setting has changed")]
    private partial void LogNothing(LogLevel level);

    [LoggerMessage(6006, LogLevel.Warning, "A change of the configuration could not be carried out; it is tried again")]
    private partial void LogFailed(Exception exception);
}

/// <summary>Adds <see cref="SettingsReload"/>.</summary>
internal static class SettingsReloadExtensions
{
    public static void AddSettingsReload(this IServiceCollection services, SettingsSource source) => services.AddHostedService(s => new SettingsReload(
        source, s.GetRequiredService<ConsoleLevel>(), s.GetService<EngineReload>(), s.GetService<WorkerProcesses>(), s.GetRequiredService<ILogger<SettingsReload>>(),
        s.GetRequiredService<TimeProvider>()));
}

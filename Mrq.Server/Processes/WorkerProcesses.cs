using Mrq.Hosting;
using Mrq.Server.Configuration;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>The supervisor as a part of a host: in the server, or in a process that does nothing else.</summary>
internal sealed class WorkerProcesses : IHostedService, IAsyncDisposable
{
    // Time that a worker process has beyond what its workers may take, and the supervisor beyond what its processes may take.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private readonly Supervisor _supervisor;
    private readonly IReadOnlyList<ChildCommand> _commands;
    private readonly HandedFiles _files;
    private readonly IHostApplicationLifetime _application;
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private bool _isStopping;

    /// <param name="files">Those of the commands.</param>
    public WorkerProcesses(
        SupervisorOptions options, IReadOnlyList<ChildCommand> commands, HandedFiles files, IHostApplicationLifetime application, ILogger<Supervisor> logger, TimeProvider time)
    {
        (_commands, _files, _application) = (commands, files, application);
        _supervisor = new Supervisor(options, Console.Out, Console.Error, logger, time);
    }

    /// <summary>Exit code of the host's process: 0, or why it was not well.</summary>
    public int ExitCode { get; private set; }

    /// <inheritdoc cref="Supervisor.AllUp"/>
    public Task AllUp => _supervisor.AllUp;

    /// <inheritdoc cref="Supervisor.Status"/>
    public string Status => _supervisor.Status;

    /// <summary>Adds the worker processes that the settings ask for: this program again, with the same arguments.</summary>
    public static void Register(IServiceCollection services, ServerSettings settings, SettingsSource source)
    {
        var options = OptionsOf(settings);
        var files = new HandedFiles(source.First.Content);
        services.AddSingleton(s => new WorkerProcesses(
            options, SelfStart.OfThisProcess().Commands(settings.Processes, Environment.GetCommandLineArgs()[1..], source.CommandLine, files), files,
            s.GetRequiredService<IHostApplicationLifetime>(), s.GetRequiredService<ILogger<Supervisor>>(), TimeProvider.System));
        services.AddHostedService(s => s.GetRequiredService<WorkerProcesses>());
        services.PostConfigure<HostOptions>(host => host.ShutdownTimeout = LongestStop(settings));
    }

    /// <summary>Time that the process may need from the first signal to its end.</summary>
    public static TimeSpan LongestStop(ServerSettings settings) => OptionsOf(settings).StopTime + Margin;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _application.ApplicationStopping.Register(StopOnce);
        _running = RunAsync();
        _supervisor.Start(_commands);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        StopOnce();
        return _running;
    }

    /// <summary>Interrupts the jobs of all, as a second signal asks for.</summary>
    public void InterruptNow()
    {
        StopOnce();
        _supervisor.Stop(Posix.Terminate);
    }

    /// <summary>Has those that run read the configuration again.</summary>
    public void Reload() => _supervisor.Signal(Posix.Hangup);

    /// <summary>Those that start from now on begin with these files.</summary>
    public void Accept(ConfigurationFiles files) => _files.Accept(files);

    /// <summary>Those that start while the files are so begin with those that were good before.</summary>
    public void Refuse(ConfigurationFiles files) => _files.Refuse(files);

    public ValueTask DisposeAsync() => _supervisor.DisposeAsync();

    private static SupervisorOptions OptionsOf(ServerSettings settings)
    {
        var (worker, engine) = (new WorkerOptions(), new MrqOptions());
        settings.Worker(worker);
        settings.Engine(engine);
        using var shutdown = new WorkerShutdown([worker], engine);
        return new SupervisorOptions { StopTime = shutdown.LongestStop + Margin, InterruptTime = shutdown.LongestInterrupt + Margin };
    }

    private async Task RunAsync()
    {
        ExitCode = await _supervisor.RunAsync();
        // Not before it has started: a host that is stopped while it starts ends with an error.
        _application.ApplicationStarted.Register(_application.StopApplication);
    }

    private void StopOnce()
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
        }

        _supervisor.Stop(Posix.Terminate);
    }
}

using System.Runtime.InteropServices;
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
    private readonly IHostApplicationLifetime _application;
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private PosixSignalRegistration? _hangup;
    private bool _isStopping;

    public WorkerProcesses(SupervisorOptions options, IReadOnlyList<ChildCommand> commands, IHostApplicationLifetime application, ILogger<Supervisor> logger, TimeProvider time)
    {
        (_commands, _application) = (commands, application);
        _supervisor = new Supervisor(options, Console.Out, Console.Error, logger, time);
    }

    /// <summary>Exit code of the host's process: 0, or why it was not well.</summary>
    public int ExitCode { get; private set; }

    /// <inheritdoc cref="Supervisor.AllUp"/>
    public Task AllUp => _supervisor.AllUp;

    /// <inheritdoc cref="Supervisor.Status"/>
    public string Status => _supervisor.Status;

    /// <summary>Adds the worker processes that the settings ask for: this program again, with the same arguments.</summary>
    public static void Register(IServiceCollection services, ServerSettings settings)
    {
        var options = OptionsOf(settings);
        services.AddSingleton(s => new WorkerProcesses(
            options, SelfStart.OfThisProcess().Commands(settings.Processes, Environment.GetCommandLineArgs()[1..]),
            s.GetRequiredService<IHostApplicationLifetime>(), s.GetRequiredService<ILogger<Supervisor>>(), TimeProvider.System));
        services.AddHostedService(s => s.GetRequiredService<WorkerProcesses>());
        services.PostConfigure<HostOptions>(host => host.ShutdownTimeout = options.StopTime + Margin);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A process in a terminal ends with the terminal, as every other.
        _hangup = Console.IsInputRedirected ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, PassHangup) : null;
        _application.ApplicationStopping.Register(StopOnce);
        _running = RunAsync();
        _supervisor.SetCommands(_commands);
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

    public ValueTask DisposeAsync()
    {
        _hangup?.Dispose();
        return _supervisor.DisposeAsync();
    }

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

    private void PassHangup(PosixSignalContext context)
    {
        context.Cancel = true;
        _supervisor.Signal(Posix.Hangup);
    }
}

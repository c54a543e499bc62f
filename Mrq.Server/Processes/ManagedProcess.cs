using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Server.Configuration;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>This process as its managers see it: systemd or a supervisor, which wants to hear how it is, or nobody.</summary>
internal sealed class ManagedProcess : IDisposable
{
    /// <summary>Nobody manages it.</summary>
    public static readonly ManagedProcess Alone = new(null, null);

    private readonly NotifySocket? _socket;
    private readonly SupervisedChild? _child;

    private ManagedProcess(NotifySocket? socket, SupervisedChild? child) => (_socket, _child) = (socket, child);

    /// <summary>True: a supervisor started it, as one of its worker processes.</summary>
    public bool IsWorkerProcess => _child is not null;

    /// <summary>The configuration files that the process begins with.</summary>
    public ConfigurationFiles Files => _child?.Files ?? new ConfigurationFiles();

    /// <summary>The arguments that a supervisor has handed over, or <paramref name="args"/>.</summary>
    public IReadOnlyList<string> ArgumentsOr(IReadOnlyList<string> args) => _child?.Arguments ?? args;

    /// <summary>Tells a supervisor that this process cannot begin with the settings that it has found.</summary>
    public void TellWrongSettings()
    {
        if (_child is not null)
        {
            _socket?.Send(ChildProcess.WrongSettingsNotice);
        }
    }

    /// <summary>What the environment says of managers, which is taken out of it. To be called first of all.</summary>
    /// <exception cref="NotSupervisedException">The variable of a supervisor is there, and none has set it.</exception>
    public static ManagedProcess Enter()
    {
        var socket = NotifySocket.Take();
        return new ManagedProcess(socket, SupervisedChild.Enter(socket?.Path));
    }

    /// <summary>The settings as they are for this process: a worker process runs jobs itself, and its name ends in its number.</summary>
    public ReadSettings Adapt(ReadSettings read) => _child is null || read.Settings is not { } settings ? read : read with
    {
        Settings = settings.WithWorker(worker => worker.Name = $"{worker.Name ?? NodeOf(settings)}-{_child.Index}") with { Processes = 0, Workers = true },
    };

    /// <summary>Adds what workers report of their supervisor.</summary>
    public void Register(IServiceCollection services)
    {
        if (_child is not null)
        {
            services.AddSingleton(_child.Process);
        }
    }

    /// <summary>Says from when on the process can be interrupted in good order, when its supervisor says so or dies.</summary>
    public void WhenInterrupted(TimeSpan limit, Action interrupt) => _child?.WhenInterrupted(limit, interrupt);

    /// <summary>Tells the manager how this host is, while it runs.</summary>
    /// <param name="run">Runs it, and is given what to call when it is up.</param>
    public async Task TellAsync(IHost host, Func<Action, Task> run)
    {
        if (_socket is null)
        {
            await run(() => { });
            return;
        }

        var services = host.Services;
        var processes = services.GetService<WorkerProcesses>();
        var notices = new ServiceNotices(
            _socket, patience => Look(services.GetService<EngineActivity>(), processes, patience), services.GetRequiredService<ILogger<ServiceNotices>>(), TimeProvider.System);
        using var ended = new CancellationTokenSource();
        using var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(notices.Stopping);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var telling = Task.WhenAll(notices.RunAsync(ended.Token), TellUpAsync(notices, up.Task, processes, ended.Token));
        try
        {
            await run(up.SetResult);
            if (services.GetService<WorkerShutdown>()?.EndReason is { } reason)
            {
                notices.Ends(reason, services.GetRequiredService<WorkerPools>().Report().Sum(worker => worker.DoneJobs));
            }
        }
        finally
        {
            await ended.CancelAsync();
            await telling;
        }
    }

    public void Dispose() => _socket?.Dispose();

    private static string NodeOf(ServerSettings settings)
    {
        var options = new MrqOptions();
        settings.Engine(options);
        return options.Node;
    }

    private static ServiceState Look(EngineActivity? engine, WorkerProcesses? processes, TimeSpan patience)
    {
        var jobs = engine?.RunningJobs ?? 0;
        return new ServiceState(processes?.Status ?? $"{jobs} {(jobs == 1 ? "job" : "jobs")} running", engine?.FindHung(patience) ?? [], jobs);
    }

    private static async Task TellUpAsync(ServiceNotices notices, Task up, WorkerProcesses? processes, CancellationToken ended)
    {
        try
        {
            await up.WaitAsync(ended);
            await (processes?.AllUp ?? Task.CompletedTask).WaitAsync(ended);
            notices.Ready();
        }
        catch (OperationCanceledException)
        {
            // It ends before it was up.
        }
    }
}

using Microsoft.Extensions.Options;
using Mrq.Server.Commands;
using Mrq.Server.Configuration;
using Mrq.Server.Processes;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Server.Hosting;

/// <summary>Runs a host as this process: says that it runs, heeds signals, and tells in lines why it could not start.</summary>
internal static class HostedProcess
{
    /// <summary>Runs until the process is told to stop.</summary>
    /// <returns>The exit code: 0, or why it was not well.</returns>
    /// <param name="explain">What else may keep it from starting, in the words of a line; null answered: it does not know.</param>
    /// <exception cref="ServerStartException">It could not be started; each reason is a line.</exception>
    public static async Task<int> RunAsync(IHost host, ManagedProcess managed, Func<string> welcome, Func<Exception, string?>? explain = null)
    {
        var (workers, processes) = (host.Services.GetService<WorkerShutdown>(), host.Services.GetService<WorkerProcesses>());
        var application = host.Services.GetRequiredService<IHostApplicationLifetime>();
        using var signals = new SecondSignal(application.StopApplication, () =>
        {
            // A worker process heeds its supervisor in this: a signal may come twice, from the supervisor and from systemd, and mean one.
            if (!managed.IsWorkerProcess)
            {
                processes?.InterruptNow();
                workers?.InterruptNow();
            }
        });
        if (workers is not null)
        {
            managed.WhenInterrupted(workers.LongestInterrupt, () =>
            {
                application.StopApplication();
                workers.InterruptNow();
            });
        }

        await managed.TellAsync(host, async up =>
        {
            if (await TryStartAsync(host, explain))
            {
                host.Services.GetRequiredService<ConsoleLevel>().Started();
                await Console.Out.WriteLineAsync(welcome());
                up();
                await host.WaitForShutdownAsync();
            }
        });
        return workers is { HasFailed: true } ? ExitCode.Failed : processes?.ExitCode ?? ExitCode.Done;
    }

    /// <summary>Where jobs are and what it runs, for the first line.</summary>
    public static string Describe(IHost host, ServerSettings settings) =>
        $"{host.Services.GetRequiredService<IStorage>().Description}, {WorkOf(settings)}, {Tasks(host.Services.GetRequiredService<TaskRegistry>().PathsForPeople.Count())}. Ctrl+C stops.";

    /// <summary>Which jobs run by these settings, and how many at once, for the first line.</summary>
    public static string WorkOf(ServerSettings settings)
    {
        if (!settings.Workers)
        {
            return "runs no jobs itself";
        }

        var worker = new WorkerOptions();
        settings.Worker(worker);
        var where = settings.Processes switch { 0 => "", 1 => " in 1 worker process", var many => $" in each of {many} worker processes" };
        return $"runs {(worker.Concurrency == 1 ? "1 job" : $"{worker.Concurrency} jobs")} at once{where} from {string.Join(", ", worker.Queues)}";
    }

    private static string Tasks(int count) => count == 1 ? "1 task" : $"{count} tasks";

    /// <summary>False: it was told to stop before it had started, and has.</summary>
    private static async Task<bool> TryStartAsync(IHost host, Func<Exception, string?>? explain)
    {
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        try
        {
            await host.StartAsync();
            return true;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await StopAsync(host);
            return false;
        }
        catch (StorageUnavailableException e)
        {
            throw new ServerStartException(e.Message.Split(Environment.NewLine), e) { IsOfSettings = false };
        }
        catch (OptionsValidationException e)
        {
            throw new ServerStartException([.. e.Failures], e);
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            throw new ServerStartException([.. e.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures).Distinct()], e);
        }
        catch (Exception e) when (explain?.Invoke(e) is { } error)
        {
            await StopAsync(host);
            throw new ServerStartException([error], e);
        }
    }

    // The workers may run already: they give their jobs back.
    private static async Task StopAsync(IHost host)
    {
        try
        {
            await host.StopAsync();
        }
        catch (Exception)
        {
            // The reason why it could not start is what the person has to know.
        }
    }
}

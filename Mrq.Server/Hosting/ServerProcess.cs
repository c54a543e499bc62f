using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Mrq.Server.Configuration;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Server.Hosting;

/// <summary>The program: reads the settings, starts the server, and ends with an exit code.</summary>
internal static class ServerProcess
{
    private const int Wrong = 2;

    /// <summary>Runs until the process is told to stop. 0: it stopped; 2: it could not be started, and each reason is a line on stderr.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        switch (CommandLine.Parse(args))
        {
            case CommandLineResult.Print print:
                await Console.Out.WriteLineAsync(print.Text);
                return 0;
            case CommandLineResult.Start start:
                return await RunAsync(new SettingsReader(Environment.CurrentDirectory, Environment.GetEnvironmentVariables()).Read(start));
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static async Task<int> RunAsync(ReadSettings read)
    {
        foreach (var warning in read.Warnings)
        {
            await Console.Error.WriteLineAsync($"mrq: warning: {warning}");
        }

        try
        {
            await RunAsync(read.Settings ?? throw new ServerStartException(read.Errors));
            return 0;
        }
        catch (ServerStartException e)
        {
            foreach (var error in e.Errors)
            {
                await Console.Error.WriteLineAsync($"mrq: {error}");
            }

            return Wrong;
        }
    }

    private static async Task RunAsync(ServerSettings settings)
    {
        await using var app = MrqServerApp.Build(settings);
        var interrupt = app.Services.GetRequiredService<WorkerShutdown>();
        using var signals = new SecondSignal(interrupt.InterruptNow);
        if (await TryStartAsync(app, settings))
        {
            await Console.Out.WriteLineAsync(Welcome(app, settings));
            await app.WaitForShutdownAsync();
        }
    }

    /// <summary>False: it was told to stop before it had started, and has.</summary>
    private static async Task<bool> TryStartAsync(WebApplication app, ServerSettings settings)
    {
        var address = new IPEndPoint(settings.DashboardIp, settings.DashboardPort);
        try
        {
            // Before anything else: a second server started by mistake must not touch the jobs of the first.
            TryBind(address);
            await app.StartAsync();
            return true;
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await StopAsync(app);
            return false;
        }
        catch (StorageUnavailableException e)
        {
            throw new ServerStartException(e.Message.Split(Environment.NewLine), e);
        }
        catch (OptionsValidationException e)
        {
            throw new ServerStartException([.. e.Failures], e);
        }
        catch (AggregateException e) when (e.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            throw new ServerStartException([.. e.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures).Distinct()], e);
        }
        catch (Exception e) when (SocketErrorOf(e) is { } error)
        {
            await StopAsync(app);
            throw new ServerStartException([Explain(address, error)], e);
        }
    }

    private static void TryBind(IPEndPoint address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(address);
        socket.Listen();
    }

    private static SocketError? SocketErrorOf(Exception exception) => exception switch
    {
        SocketException e => e.SocketErrorCode,
        AddressInUseException => SocketError.AddressAlreadyInUse,
        { InnerException: { } inner } => SocketErrorOf(inner),
        _ => null,
    };

    private static string Explain(IPEndPoint address, SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => $"Port {address.Port} on {address.Address} is taken by another process. Stop that one, or choose another with --dashboard_port.",
        SocketError.AddressNotAvailable => $"{address.Address} is not an address of this machine. Choose one with --dashboard_ip, for example 127.0.0.1.",
        SocketError.AccessDenied => $"Port {address.Port} may not be opened by this user. Choose one above 1023 with --dashboard_port.",
        _ => $"{address} cannot be listened on: {error}.",
    };

    // The workers may run already: they give their jobs back.
    private static async Task StopAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync();
        }
        catch (Exception)
        {
            // The reason why it could not start is what the person has to know.
        }
    }

    private static string Welcome(WebApplication app, ServerSettings settings)
    {
        var worker = new WorkerOptions();
        settings.Worker(worker);
        var runs = settings.Workers ? $"runs {worker.Concurrency} jobs at once from {string.Join(", ", worker.Queues)}" : "runs no jobs itself";
        var tasks = app.Services.GetRequiredService<TaskRegistry>().Paths.Count;
        return $"MRQ {CommandLine.Version}: dashboard {app.Urls.First()} (API {app.Urls.First()}/docs), {app.Services.GetRequiredService<IStorage>().Description}, {runs}, {tasks} tasks. Ctrl+C stops.";
    }
}

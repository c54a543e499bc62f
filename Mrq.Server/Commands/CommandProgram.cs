using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Output;
using Mrq.Server.Processes;

namespace Mrq.Server.Commands;

/// <summary>The program: finds the command, tells everything that is wrong with the call at once, and carries it out.</summary>
internal static class CommandProgram
{
    /// <summary>Answers the exit code (<see cref="ExitCode"/>).</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, ManagedProcess managed)
    {
        switch (CommandLine.Parse(args))
        {
            case CommandLineResult.Print print:
                await Console.Out.WriteLineAsync(print.Text);
                return ExitCode.Done;
            case CommandLineResult.Call parsed:
                return await RunAsync(parsed, managed);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static async Task<int> RunAsync(CommandLineResult.Call parsed, ManagedProcess managed)
    {
        var read = managed.Adapt(SettingsSource.Read(parsed.Command.Groups, parsed.Options, managed.Files));
        var call = new CommandCall(parsed.Arguments, parsed.Own, parsed.Options, read) { Managed = managed };
        string[] errors = [.. parsed.Errors, .. read.Errors, .. parsed.Command.Check(call)];
        // Those of a worker process are its supervisor's, which has said them.
        foreach (var warning in managed.IsWorkerProcess ? [] : parsed.Warnings.Concat(read.Warnings))
        {
            await Console.Error.WriteLineAsync($"mrq: warning: {warning}");
        }

        foreach (var error in parsed.Command.TellsErrors && parsed.Errors.Count == 0 ? [] : errors)
        {
            await Console.Error.WriteLineAsync($"mrq: {error}");
        }

        if (errors.Length > 0 && (!parsed.Command.BearsErrors || parsed.Errors.Count > 0))
        {
            managed.TellWrongSettings();
            return ExitCode.Wrong;
        }

        try
        {
            return await parsed.Command.RunAsync(call, CancellationToken.None);
        }
        catch (OutputClosedException)
        {
            // mrq check | head: whoever read has all that he wants.
            return ExitCode.Done;
        }
        catch (ServerStartException e)
        {
            foreach (var error in e.Errors)
            {
                await Console.Error.WriteLineAsync($"mrq: {error}");
            }

            if (e.IsOfSettings)
            {
                managed.TellWrongSettings();
            }

            return ExitCode.Wrong;
        }
    }
}

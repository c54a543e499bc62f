using Microsoft.Extensions.Options;
using Mrq.Dashboard.Api;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Output;
using Mrq.Storage;

namespace Mrq.Server.Commands;

/// <summary>One call of a command that has the stores open.</summary>
internal sealed record ClientCall(CommandCall Call, EngineClient Engine, CommandOutput Output)
{
    /// <summary>Whom the audit log names: the user of the system.</summary>
    public static string Who => Environment.UserName is { Length: > 0 } name ? name : Diagnostics.Audit.Anonymous;

    public bool AsJson => Call.IsOn(CommonOptions.Json);

    public T Get<T>()
        where T : notnull => Engine.Get<T>();
}

/// <summary>
/// A command that opens the stores itself, does one thing with them and ends; no server need run. Ctrl+C ends it with 130, SIGTERM with 143. When the reader of its
/// output goes away (<c>mrq jobs | head</c>) it ends as if it were done.
/// </summary>
internal abstract class ClientCommand : CliCommand
{
    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Store, OptionGroup.General];

    /// <summary>What it needs of the engine.</summary>
    protected virtual ClientNeeds NeedsOf(CommandCall call) => default;

    /// <summary>How long it may go on after Ctrl+C; then the process ends without it.</summary>
    protected virtual TimeSpan GraceOf(CommandCall call) => TimeSpan.FromSeconds(1);

    /// <summary>True: Ctrl+C is a usual way to leave it, and no failure.</summary>
    protected virtual bool IsLeftBySignal => false;

    /// <summary>The grace of a command that runs a task itself: what a worker gives one.</summary>
    protected static TimeSpan AbortGraceOf(CommandCall call)
    {
        var engine = new MrqOptions();
        call.Settings.Engine(engine);
        return engine.AbortGrace;
    }

    /// <summary>Carries it out and answers the exit code.</summary>
    protected abstract Task<int> RunAsync(ClientCall call, CancellationToken cancellationToken);

    public sealed override Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken) =>
        Interruption.RunAsync(token => GuardAsync(call, token), GraceOf(call), IsLeftBySignal);

    private async Task<int> GuardAsync(CommandCall call, CancellationToken cancellationToken)
    {
        try
        {
            using var output = new CommandOutput();
            var needs = NeedsOf(call);
            needs = IsLevelGiven(call) ? needs with { LogLevel = call.Settings.ConsoleLevel } : needs;
            await using var engine = await EngineClient.OpenAsync(call.Settings, needs, cancellationToken);
            var code = await RunAsync(new ClientCall(call, engine, output), cancellationToken);
            output.Flush();
            return code;
        }
        catch (OutputClosedException)
        {
            return ExitCode.Done;
        }
        catch (IOException e)
        {
            await Console.Error.WriteLineAsync($"mrq: {e.Message}");
            return ExitCode.Failed;
        }
        catch (StorageUnavailableException e)
        {
            throw new ServerStartException(e.Message.Split(Environment.NewLine), e);
        }
        catch (OptionsValidationException e)
        {
            throw new ServerStartException([.. e.Failures], e);
        }
        catch (InvalidJobException e)
        {
            throw new ServerStartException([.. e.Errors.Select(error => SafeText.Line($"{error.Field}: {error.Error}"))], e);
        }
        catch (ApiException e)
        {
            throw new ServerStartException([SafeText.Line(e.Message)], e);
        }
    }

    private static bool IsLevelGiven(CommandCall call) => call.Read.Given.Any(given => given.Option.Name is "log_level" or "quiet");
}

using Mrq.Server.Commands.Checking;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Output;
using Mrq.Storage;

namespace Mrq.Server.Commands;

/// <summary><c>mrq check</c>: what a start would check, and what goes on in the stores; nothing is started, made or changed.</summary>
internal sealed class CheckCommand : CliCommand
{
    private static readonly IReadOnlyList<TextColumn> Columns = [new(""), new("check", Fit: ColumnFit.Wrapped), new("found", Fit: ColumnFit.Wrapped), new("what to do", Fit: ColumnFit.Wrapped)];

    public override string Name => "check";

    public override string Summary => "Check settings, tasks, schedules, stores, workers and queues, and start nothing.";

    public override IReadOnlyList<string> Notes =>
    [
        "It takes all settings of mrq server: give it the options that you mean to start with. Exit code 0: all is well; 1: it would start, but something does not run as it is meant to; 2: it would not start, or a store is away.",
    ];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq check --config prod.json", "Before a deployment."),
        ("mrq check --json | jq '.checks[] | select(.status != \"good\")'", "What is not well, for scripts."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => OptionGroup.All;

    public override IReadOnlyList<CallOption> Options => [CommonOptions.Json];

    public override bool BearsErrors => true;

    public override bool TellsErrors => true;

    public override Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken) => Interruption.RunAsync(
        async token =>
        {
            using var output = new CommandOutput();
            var findings = await FindAsync(call.Read, token);
            Write(output, findings, call.IsOn(CommonOptions.Json));
            var worst = findings.Max(finding => finding.Level);
            return worst == FindingLevel.Fatal ? ExitCode.Wrong : worst == FindingLevel.Bad ? ExitCode.Failed : ExitCode.Done;
        },
        TimeSpan.FromSeconds(1));

    private static async Task<List<Finding>> FindAsync(ReadSettings read, CancellationToken cancellationToken)
    {
        if (read.Settings is not { } settings)
        {
            return [.. read.Errors.Select(error => new Finding(FindingLevel.Fatal, "settings", error))];
        }

        var warnings = new CollectedWarnings();
        IHost host;
        try
        {
            host = MrqWorkerApp.Build(settings with { LogLevel = LogLevel.None }, services => services.AddSingleton<ILoggerProvider>(warnings));
        }
        catch (ServerStartException e)
        {
            return [.. e.Errors.Select(error => new Finding(FindingLevel.Fatal, "settings", error))];
        }

        await using var _ = (IAsyncDisposable)host;
        var findings = SetupChecks.Of(host.Services, settings).ToList();
        if (EngineClient.LacksFile(settings))
        {
            findings.Add(new Finding(FindingLevel.Notice, "store", $"there is no database {Path.GetFullPath(settings.Sqlite)} yet: a start makes it"));
            return findings;
        }

        findings.AddRange(await LookIntoStoresAsync(host.Services, cancellationToken));
        findings.AddRange(warnings.Messages.Select(message => new Finding(FindingLevel.Notice, "log", message)));
        return findings;
    }

    private static async Task<List<Finding>> LookIntoStoresAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var (storage, time) = (services.GetRequiredService<IStorage>(), services.GetRequiredService<TimeProvider>());
        try
        {
            await storage.OpenAsync(cancellationToken);
            var begun = time.GetTimestamp();
            if (await storage.CheckAsync(cancellationToken) is [_, ..] problems)
            {
                return [.. problems.Select(problem => new Finding(FindingLevel.Fatal, "store", problem.Reason))];
            }

            var answered = Finding.Good("store", $"{storage.Description} answers in {Dashboard.Display.Duration(time.GetElapsedTime(begun))}");
            return [answered, .. await ActivatorUtilities.CreateInstance<WorkChecks>(services).RunAsync(cancellationToken)];
        }
        catch (StorageUnavailableException e)
        {
            return [.. e.Message.Split(Environment.NewLine).Select(error => new Finding(FindingLevel.Fatal, "store", error))];
        }
    }

    private static void Write(CommandOutput output, List<Finding> findings, bool asJson)
    {
        if (!asJson)
        {
            output.Table(new TextTable(Columns, [.. findings.Select(Row)]));
            output.Flush();
            return;
        }

        output.Json(json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("ok", findings.TrueForAll(finding => finding.Level < FindingLevel.Bad));
            json.WriteStartArray("checks");
            foreach (var finding in findings)
            {
                json.WriteStartObject();
                json.WriteString("status", NameOf(finding.Level));
                json.WriteString("about", finding.About);
                json.WriteString("found", finding.Says);
                json.WriteString("todo", finding.Do);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        output.Flush();
    }

    private static IReadOnlyList<TextCell> Row(Finding finding) =>
    [
        finding.Level switch
        {
            FindingLevel.Good => new("✓", TextStyle.Good, NameOf(finding.Level)),
            FindingLevel.Notice => new("!", TextStyle.Warning, NameOf(finding.Level)),
            _ => new("✗", TextStyle.Bad, NameOf(finding.Level)),
        },
        finding.About,
        finding.Says,
        finding.Do ?? "",
    ];

    private static string NameOf(FindingLevel level) => level.ToString().ToLowerInvariant();
}

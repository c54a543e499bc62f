using Mrq.Server.Commands.Top;

namespace Mrq.Server.Commands;

/// <summary>All commands, in the order of the help.</summary>
internal static class CommandTable
{
    /// <summary>What runs when no command is named.</summary>
    public static readonly CliCommand Server = new ServerCommand();

    /// <summary>What tells of one task.</summary>
    public static readonly CliCommand Tasks = new TasksCommand();

    public static readonly IReadOnlyList<CliCommand> All =
    [
        Server,
        new WorkerCommand(),
        new DashboardCommand(),
        new RunCommand(),
        new EnqueueCommand(),
        Tasks,
        new JobsCommand(),
        new QueuesCommand(),
        new TopCommand(),
        new CheckCommand(),
        new ConfigCommand(),
        new CompletionCommand(),
        new CompleteCommand(),
    ];

    public static IEnumerable<CliCommand> Shown => All.Where(command => !command.IsHidden);

    public static CliCommand? Find(string name) => All.FirstOrDefault(command => command.Name == name);
}

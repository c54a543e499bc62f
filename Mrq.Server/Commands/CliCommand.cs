using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary>One command of <c>mrq</c>: what it is called, what it heeds, and what it does.</summary>
internal abstract class CliCommand
{
    public abstract string Name { get; }

    /// <summary>What it does, in a line that begins with a verb.</summary>
    public abstract string Summary { get; }

    /// <summary>What follows its name, besides options, for the help: <c>TASK [JSON | KEY VALUE …]</c>; empty: nothing may.</summary>
    public virtual string Arguments => "";

    /// <summary>True: the first of its arguments is the path of a task.</summary>
    public bool BeginsWithTask => Arguments.TrimStart('[').StartsWith("TASK", StringComparison.Ordinal);

    /// <summary>True: the params of that task follow it.</summary>
    public bool TakesParams => BeginsWithTask && Arguments.Contains("KEY VALUE", StringComparison.Ordinal);

    /// <summary>What its arguments are names of, where they are not those of a task.</summary>
    public Named ArgumentsName => ArgumentsAreOption?.Of ?? (Arguments.StartsWith("[QUEUE", StringComparison.Ordinal) ? Named.Queue : Named.Nothing);

    /// <summary>More to know: lines of the help below the usage; empty: nothing.</summary>
    public virtual IReadOnlyList<string> Notes => [];

    /// <summary>Whole calls with what they do, for the help.</summary>
    public virtual IReadOnlyList<(string Call, string Does)> Examples => [];

    /// <summary>The settings that it heeds; those of other groups are refused on its command line, and left alone in files and in the environment.</summary>
    public abstract IReadOnlyList<OptionGroup> Groups { get; }

    /// <summary>Its own options, which say what one call does.</summary>
    public virtual IReadOnlyList<CallOption> Options => [];

    /// <summary>True: it is not in the help, being there for programs.</summary>
    public virtual bool IsHidden => false;

    /// <summary>True: it is called even when settings are wrong, to say so itself.</summary>
    public virtual bool BearsErrors => false;

    /// <summary>True: what it prints has the errors of the settings in it, or is to have none; else they are told on stderr before.</summary>
    public virtual bool TellsErrors => false;

    /// <summary>The setting that its arguments stand for, as queues in <c>mrq worker high low</c>; null: they are its own.</summary>
    public virtual OptionDefinition? ArgumentsAreOption => null;

    /// <summary>What is wrong with its arguments and the way its options are joined, a sentence each; empty: nothing.</summary>
    public virtual IEnumerable<string> Check(CommandCall call) => [];

    /// <summary>Carries it out and answers the exit code (<see cref="ExitCode"/>). What is wrong with settings, arguments and options has been told before.</summary>
    /// <exception cref="Hosting.ServerStartException">It cannot be carried out as it is set up; ends the process with <see cref="ExitCode.Wrong"/>.</exception>
    public abstract Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken);
}

/// <summary>Exit codes that all commands share.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>It was carried out, and what it is about failed or was not found.</summary>
    public const int Failed = 1;

    /// <summary>It could not be carried out: wrong options or settings, or a store that is not there. Each reason is a line on stderr.</summary>
    public const int Wrong = 2;

    /// <summary>What was waited for has not ended in the time that was given; it goes on.</summary>
    public const int Waiting = 3;
}

using System.Globalization;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">As a shell has it: 128 and the signal's number when a signal ended it. Null: it could not be started.</param>
/// <param name="Lived">From its start to its end.</param>
/// <param name="WasUp">It had said that it was up.</param>
/// <param name="Reason">Why its supervisor killed it, or why it could not be started; null: neither.</param>
internal sealed record ChildEnd(int? ExitCode, TimeSpan Lived, bool WasUp, string? Reason)
{
    private const int FirstOfSignals = 128;
    private const int LastOfSignals = FirstOfSignals + 64;

    /// <summary>Why its workers ended it, as it said; null: they did not.</summary>
    public EndReason? EndReason { get; init; }

    /// <summary>Attempts that had ended in it, when <see cref="EndReason"/> is said.</summary>
    public long DoneJobs { get; init; }

    /// <summary>It could not begin with the settings that it found.</summary>
    public bool HasRefusedSettings { get; init; }

    /// <summary>It came to its end as its settings say, or as a person did.</summary>
    public bool IsPlanned => ExitCode == 0 && EndReason is not null;

    /// <summary>In words, for example <c>killed by SIGKILL after 12.3 s</c>, <c>exit code 0 after 12.3 s and 1,000 jobs (max_jobs)</c>.</summary>
    public override string ToString()
    {
        var how = ExitCode switch
        {
            null => "could not be started",
            > FirstOfSignals and <= LastOfSignals and int code => $"killed by {Posix.NameOf(code - FirstOfSignals)}",
            var code => $"exit code {code}",
        };
        var after = string.Create(CultureInfo.InvariantCulture, $"{how} after {Lived.TotalSeconds:0.0} s");
        return (ExitCode, Reason, EndReason) switch
        {
            (null, _, _) => $"{how}: {Reason}",
            (_, { } killed, _) => $"{after}: {killed}",
            (_, _, { } planned) => string.Create(CultureInfo.InvariantCulture, $"{after} and {DoneJobs:N0} {(DoneJobs == 1 ? "job" : "jobs")} ({EndReasons.NameOf(planned)})"),
            _ => after,
        };
    }
}

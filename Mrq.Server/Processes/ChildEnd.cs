using System.Globalization;

namespace Mrq.Server.Processes;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">As a shell has it: 128 and the signal's number when a signal ended it. Null: it could not be started.</param>
/// <param name="Lived">From its start to its end.</param>
/// <param name="WasUp">It had said that it was up.</param>
/// <param name="HasWorkedOff">It ended because nothing is left for it to do.</param>
/// <param name="Reason">Why its supervisor killed it, or why it could not be started; null: neither.</param>
internal sealed record ChildEnd(int? ExitCode, TimeSpan Lived, bool WasUp, bool HasWorkedOff, string? Reason)
{
    private const int FirstOfSignals = 128;
    private const int LastOfSignals = FirstOfSignals + 64;

    /// <summary>In words, for example <c>killed by SIGKILL after 12.3 s</c>.</summary>
    public override string ToString()
    {
        var how = ExitCode switch
        {
            null => "could not be started",
            > FirstOfSignals and <= LastOfSignals and int code => $"killed by {Posix.NameOf(code - FirstOfSignals)}",
            var code => $"exit code {code}",
        };
        var after = string.Create(CultureInfo.InvariantCulture, $"{how} after {Lived.TotalSeconds:0.0} s");
        return (ExitCode, Reason) switch
        {
            (null, _) => $"{how}: {Reason}",
            (_, null) => after,
            _ => $"{after}: {Reason}",
        };
    }
}

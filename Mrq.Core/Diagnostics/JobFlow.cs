namespace Mrq.Diagnostics;

/// <summary>What belongs to the attempt whose code is running, wherever this code goes: its tasks, the libraries that it calls.</summary>
/// <param name="Log">Takes what is logged; null: a call, whose lines go to the loggers of the process alone.</param>
/// <param name="Io">Takes what is waited for; null: I/O is not traced.</param>
internal sealed record JobFlow(JobLogSink? Log, JobIo? Io)
{
    private static readonly AsyncLocal<JobFlow?> Flow = new();

    /// <summary>That of the running code; null outside of tasks.</summary>
    public static JobFlow? Current
    {
        get => Flow.Value;
        set => Flow.Value = value;
    }
}

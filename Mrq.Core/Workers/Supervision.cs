namespace Mrq.Workers;

/// <summary>Which of the processes that a supervisor keeps running a worker's process is, and what became of those before it.</summary>
public sealed record Supervision
{
    /// <summary>Process id of the supervisor.</summary>
    public required int Supervisor { get; init; }

    /// <summary>Which of its processes: 1 to <see cref="Count"/>.</summary>
    public required int Index { get; init; }

    /// <summary>How many it keeps running.</summary>
    public required int Count { get; init; }

    /// <summary>How often it started this one again since its own start.</summary>
    public int Restarts { get; init; }

    /// <summary>How the one before ended, for people: <c>killed by SIGKILL after 12.3 s</c>. Null: this is the first.</summary>
    public string? LastEnd { get; init; }

    /// <summary>Processes of the same supervisor that do not stay up, and so may never report themselves; empty: none.</summary>
    public IReadOnlyList<FailingProcess> Failing { get; init; } = [];
}

/// <summary>A process that dies again and again.</summary>
/// <param name="Index">Which of the supervisor's processes.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="LastEnd">How it ended last, for people.</param>
public sealed record FailingProcess(int Index, int Restarts, string LastEnd);

/// <summary>What the supervisor of this process says; workers report it.</summary>
public sealed class SupervisedProcess
{
    private volatile Supervision? _supervision;

    /// <summary>Null (default): nobody supervises it.</summary>
    public Supervision? Supervision
    {
        get => _supervision;
        set => _supervision = value;
    }
}

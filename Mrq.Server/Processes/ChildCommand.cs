namespace Mrq.Server.Processes;

/// <summary>What a supervisor keeps running.</summary>
/// <param name="Name">Stands before each line it writes, for example <c>2/4</c>.</param>
/// <param name="Arguments">As everyone can see them who lists processes.</param>
internal sealed record ChildCommand(string Name, string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>What makes it a worker process; null: it is any program, which knows nothing of its supervisor.</summary>
    public WorkerProcessRole? Worker { get; init; }

    /// <summary>True (default): it says when it is up, and that it still is. False: it is any program, up when it has started.</summary>
    public bool Notifies { get; init; } = true;
}

/// <summary>What a worker process is told at each of its starts.</summary>
/// <param name="Index">1 to <paramref name="Count"/>.</param>
/// <param name="Arguments">Its real arguments, passwords and all.</param>
/// <param name="Files">The configuration files that it begins with.</param>
internal sealed record WorkerProcessRole(int Index, int Count, IReadOnlyList<string> Arguments, HandedFiles Files);

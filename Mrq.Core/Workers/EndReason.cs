namespace Mrq.Workers;

/// <summary>Why a worker ends. Names on the wire are lower case, with underscores.</summary>
public enum EndReason
{
    /// <summary>Its process was told to stop.</summary>
    Process,

    /// <summary>A person told it to.</summary>
    Told,

    /// <summary>The options of its running process no longer have it.</summary>
    Removed,

    /// <summary>Its queues had nothing to give (<see cref="DequeueStrategy.Burst"/>).</summary>
    WorkedOff,

    /// <summary><see cref="WorkerOptions.MaxJobs"/> has come.</summary>
    MaxJobs,

    /// <summary><see cref="WorkerOptions.MaxTime"/> has come.</summary>
    MaxTime,

    /// <summary><see cref="WorkerOptions.MaxMemory"/> is passed.</summary>
    MaxMemory,
}

/// <summary>What the reasons mean, and how they are written.</summary>
public static class EndReasons
{
    /// <summary>As it is on the wire, for example <c>max_jobs</c>.</summary>
    public static string NameOf(EndReason reason) => reason switch
    {
        EndReason.WorkedOff => "worked_off",
        EndReason.MaxJobs => "max_jobs",
        EndReason.MaxTime => "max_time",
        EndReason.MaxMemory => "max_memory",
        _ => reason.ToString().ToLowerInvariant(),
    };

    /// <summary>The reason of this name; null: there is none.</summary>
    public static EndReason? Find(string name) => Enum.GetValues<EndReason>().Cast<EndReason?>().FirstOrDefault(reason => NameOf(reason!.Value) == name);

    /// <summary>For people: what stands after "it ends: ".</summary>
    public static string InWords(EndReason reason) => reason switch
    {
        EndReason.Process => "its process was told to stop",
        EndReason.Told => "it was told to",
        EndReason.Removed => "the options of its process no longer have it",
        EndReason.WorkedOff => "its queues have nothing to give",
        EndReason.MaxJobs => "its process has begun as many jobs as max_jobs says",
        EndReason.MaxTime => "its process has lived as long as max_time says",
        EndReason.MaxMemory => "its process uses more memory than max_memory says",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    /// <summary>True: a limit of the process. All its workers end with the one that has come to it.</summary>
    internal static bool IsLimit(EndReason reason) => reason is EndReason.MaxJobs or EndReason.MaxTime or EndReason.MaxMemory;

    /// <summary>True: nobody asked for it. A process whose last worker ends so has no more to do, and ends.</summary>
    internal static bool IsByItself(EndReason reason) => reason == EndReason.WorkedOff || IsLimit(reason);
}

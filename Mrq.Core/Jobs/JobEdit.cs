using Mrq.Queues;

namespace Mrq.Jobs;

/// <summary>A change of params or queue of one job that waits.</summary>
public sealed record JobEdit
{
    public required JobId Job { get; init; }

    /// <summary>A JSON object; null: those that it has.</summary>
    public string? Params { get; init; }

    /// <summary>Null: the one that it is in.</summary>
    public QueueName? Queue { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The job as it was when the change was made up: it is carried out only as long as status and params are the same still. Null: whatever they are.</summary>
    public Job? AsRead { get; init; }

    /// <summary>Whether a job that is like this now is the one that was meant.</summary>
    internal bool Means(JobStatus status, string parameters) => AsRead is null || (AsRead.Status == status && AsRead.Params == parameters);
}

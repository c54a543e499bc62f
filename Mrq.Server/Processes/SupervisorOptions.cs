namespace Mrq.Server.Processes;

/// <summary>How patient a supervisor is with its processes.</summary>
internal sealed record SupervisorOptions
{
    /// <summary>Time without a word after which a process that was up is killed and replaced. Default 30 s. Too short kills busy ones.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time that a process has until it is up. Default 5 min: the start may bring a large store up to date.</summary>
    public TimeSpan StartTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Time that a process has to end after the first signal; then it is killed.</summary>
    public required TimeSpan StopTime { get; init; }

    /// <summary>Time that a process has to end after the second signal; then it is killed.</summary>
    public required TimeSpan InterruptTime { get; init; }
}

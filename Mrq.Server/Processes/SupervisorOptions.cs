namespace Mrq.Server.Processes;

/// <summary>How patient a supervisor is with its processes.</summary>
internal sealed record SupervisorOptions
{
    /// <summary>
    /// Time without <c>WATCHDOG=1</c> after which a process that was up is killed and replaced; and the time that one of its loops may take before it says so no more. Default 90 s: a call of a store
    /// that is away may take 30 s, and be repeated. Too short kills busy ones.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Time that a process has until it is up. Default 5 min: the start may bring a large store up to date.</summary>
    public TimeSpan StartTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Time that a process has to end after the first signal; then it is killed.</summary>
    public required TimeSpan StopTime { get; init; }

    /// <summary>Time that a process has to end after the second signal; then it is killed.</summary>
    public required TimeSpan InterruptTime { get; init; }
}

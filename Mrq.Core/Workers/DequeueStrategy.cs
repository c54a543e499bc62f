namespace Mrq.Workers;

/// <summary>How a worker goes through its queues. Names on the wire are lower case.</summary>
public enum DequeueStrategy
{
    /// <summary>The first queue until it has nothing left, then the second, and so on. The least work for the store.</summary>
    Sequential,

    /// <summary>All queues by turns: each gets an equal share of the slots, what one does not use goes to the others.</summary>
    Parallel,

    /// <summary>As <see cref="Parallel"/>, in shares of <see cref="WorkerOptions.Weights"/>. However small its weight, no queue waits for ever.</summary>
    Weighted,

    /// <summary>
    /// As <see cref="Sequential"/>, until nothing is there to take and nothing in hand: then the worker ends. When all workers of the process
    /// have ended so, but for the one of bulk actions, the application stops.
    /// </summary>
    Burst,
}

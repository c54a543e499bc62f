namespace Mrq.Jobs;

/// <summary>A job that is made and not yet stored.</summary>
/// <param name="Followers">The jobs behind it in its chain, in their order; each waits for the one before.</param>
public readonly record struct MadeJob(Job Job, IReadOnlyList<Job> Followers)
{
    /// <summary>The most jobs of a chain.</summary>
    public const int LongestChain = 100;
}

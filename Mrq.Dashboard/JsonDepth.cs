using Mrq.Jobs;

namespace Mrq.Dashboard;

/// <summary>How deep arrays and objects may lie in each other.</summary>
internal static class JsonDepth
{
    /// <summary>In whatever is no chain.</summary>
    public const int Usual = 64;

    /// <summary>In jobs, which may lie in each other as those of a chain do.</summary>
    public const int OfJobs = Usual + MadeJob.LongestChain;
}

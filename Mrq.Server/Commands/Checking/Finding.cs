namespace Mrq.Server.Commands.Checking;

/// <summary>How grave a finding is.</summary>
internal enum FindingLevel
{
    Good,

    /// <summary>To be known; a start, and the jobs, go on.</summary>
    Notice,

    /// <summary>Something does not run as it is meant to.</summary>
    Bad,

    /// <summary>A start would fail.</summary>
    Fatal,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="About">What, in a word.</param>
/// <param name="Says">What was found, a sentence or a phrase.</param>
/// <param name="Do">What to do about it; null: nothing.</param>
internal sealed record Finding(FindingLevel Level, string About, string Says, string? Do = null)
{
    public static Finding Good(string about, string says) => new(FindingLevel.Good, about, says);
}

namespace Mrq.Server.Processes;

/// <summary>What a supervisor keeps running. Two that say the same are the same: a new list leaves the process of such a one alone.</summary>
/// <param name="Name">Stands before each line it writes, for example <c>2/4</c>.</param>
/// <param name="Environment">Variables beside those of the supervisor; a value of null takes one away.</param>
internal sealed record ChildCommand(string Name, string FileName, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Environment)
{
    /// <summary>Says what the process should know of its place and its forerunners, at each of its starts; null: nothing.</summary>
    public ChildPlace? Place { get; init; }

    /// <summary>True (default): it says when it is up, and that it still is. False: it is any program, up when it has started.</summary>
    public bool Notifies { get; init; } = true;

    public bool Equals(ChildCommand? other) =>
        other is not null && Name == other.Name && FileName == other.FileName && Place == other.Place && Notifies == other.Notifies
        && Arguments.SequenceEqual(other.Arguments, StringComparer.Ordinal)
        && Environment.Count == other.Environment.Count && !Environment.Except(other.Environment).Any();

    public override int GetHashCode() => HashCode.Combine(Name, FileName, Arguments.Count, Environment.Count);
}

/// <summary>The place of a worker process.</summary>
/// <param name="Index">1 to <paramref name="Count"/>.</param>
internal sealed record ChildPlace(int Index, int Count);

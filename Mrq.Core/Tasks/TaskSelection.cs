namespace Mrq.Tasks;

/// <summary>Which tasks a worker runs. Names that no task has are nothing to it: tasks may live elsewhere.</summary>
/// <param name="whitelist">The only paths that it runs; empty: all.</param>
/// <param name="blacklist">Paths that it does not run.</param>
public sealed class TaskSelection(IEnumerable<string> whitelist, IEnumerable<string> blacklist)
{
    private readonly HashSet<string> _only = [.. whitelist];
    private readonly HashSet<string> _not = [.. blacklist];

    /// <summary>True: it runs every task.</summary>
    public bool IsAll => _only.Count == 0 && _not.Count == 0;

    /// <summary>True: it runs the task of this path.</summary>
    public bool Takes(string path) => (_only.Count == 0 || _only.Contains(path)) && !_not.Contains(path);
}

namespace Mrq.Workers;

/// <summary>The id of a worker: one pool of one process, for as long as that process lives.</summary>
public readonly record struct WorkerId(string Value)
{
    public override string ToString() => Value;
}

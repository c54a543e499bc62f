using System.Text.Json.Serialization;

namespace Mrq.Workers;

/// <summary>A call that a running job waits for.</summary>
/// <param name="Type">Its kind, for example <c>http.get</c>, <c>postgresql.select</c>, <c>mongodb.find</c>.</param>
/// <param name="Data">Of what, in some 200 characters: an address without user, password and query, a collection, a statement. May be empty.</param>
/// <param name="Since">When it began.</param>
public sealed record OpenIo(string Type, string Data, DateTimeOffset Since);

/// <summary>What the jobs of a worker have waited for since its start, each call counted at its end. Calls at the same time count each in full.</summary>
/// <param name="ByType">The longest first.</param>
/// <param name="ByTask">By path, the longest first.</param>
public sealed record WorkerIo(IReadOnlyList<IoTime> ByType, IReadOnlyList<IoTime> ByTask)
{
    /// <summary>All of it.</summary>
    [JsonIgnore]
    public double Seconds => ByType.Sum(time => time.Seconds);
}

/// <param name="Name">A type of I/O or the path of a task; <c>(other)</c> stands for those beyond the first 50.</param>
/// <param name="Calls">How many have ended.</param>
/// <param name="Seconds">How long they took, together.</param>
public sealed record IoTime(string Name, long Calls, double Seconds);

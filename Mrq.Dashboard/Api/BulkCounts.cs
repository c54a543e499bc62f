using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>What became of the lines of a bulk, in numbers: each line counts in exactly one of them.</summary>
internal sealed class BulkCounts
{
    /// <summary>Lines that are a new job now.</summary>
    public long Accepted { get; private set; }

    /// <summary>Lines whose job was there before, by its key: nothing was queued for them.</summary>
    public long Existing { get; private set; }

    /// <summary>Lines that are no job.</summary>
    public long Rejected { get; private set; }

    /// <summary>Number of the last line that is settled: up to here all is stored or refused.</summary>
    public long Lines { get; private set; }

    public void Refused(long line) => (Rejected, Lines) = (Rejected + 1, Math.Max(Lines, line));

    public void Stored(IReadOnlyList<EnqueuedJob> answers, long lastLine)
    {
        var existing = answers.Count(answer => answer.Existing);
        (Accepted, Existing, Lines) = (Accepted + answers.Count - existing, Existing + existing, Math.Max(Lines, lastLine));
    }

    /// <summary>How many jobs of which task were queued, of those that one store made; those that were there before were not.</summary>
    public static IEnumerable<KeyValuePair<string, int>> Queued(IReadOnlyList<MadeJob> made, IReadOnlyList<EnqueuedJob> answers) =>
        made.Where((_, i) => !answers[i].Existing).CountBy(one => one.Job.Path);

    /// <summary>Writes the numbers as fields of an object; before that of rejected lines what else there is to say of the others.</summary>
    public void Write(Utf8JsonWriter json, Action<Utf8JsonWriter>? others = null)
    {
        json.WriteNumber("accepted", Accepted);
        json.WriteNumber("existing", Existing);
        others?.Invoke(json);
        json.WriteNumber("rejected_count", Rejected);
    }
}

using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>What became of the jobs of a bulk, in numbers.</summary>
internal sealed class BulkCounts
{
    /// <summary>Jobs that are stored, those among them that were there before.</summary>
    public long Accepted { get; private set; }

    /// <summary>Accepted ones that were there before, by their keys.</summary>
    public long Existing { get; private set; }

    /// <summary>Lines that are no job.</summary>
    public long Rejected { get; private set; }

    /// <summary>Number of the last line that is settled: up to here all is stored or refused.</summary>
    public long Lines { get; private set; }

    public void Refused(long line) => (Rejected, Lines) = (Rejected + 1, Math.Max(Lines, line));

    public void Stored(IReadOnlyList<EnqueuedJob> answers, long lastLine) =>
        (Accepted, Existing, Lines) = (Accepted + answers.Count, Existing + answers.Count(answer => answer.Existing), Math.Max(Lines, lastLine));

    /// <summary>How many jobs of which task were queued, of those that one store made; those that were there before were not.</summary>
    public static IEnumerable<KeyValuePair<string, int>> Queued(IReadOnlyList<MadeJob> made, IReadOnlyList<EnqueuedJob> answers) =>
        made.Where((_, i) => !answers[i].Existing).CountBy(one => one.Job.Path);

    /// <summary>Writes the numbers as fields of an object; between those of accepted and of rejected jobs what else there is to say of accepted ones.</summary>
    public void Write(Utf8JsonWriter json, Action<Utf8JsonWriter>? accepted = null)
    {
        json.WriteNumber("accepted", Accepted);
        json.WriteNumber("existing", Existing);
        accepted?.Invoke(json);
        json.WriteNumber("rejected_count", Rejected);
    }
}

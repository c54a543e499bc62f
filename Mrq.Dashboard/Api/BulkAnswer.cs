using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>What the answer to a bulk says: how many were accepted or there before, under which ids, and which lines were refused.</summary>
/// <param name="who">Whom the audit log names.</param>
internal sealed class BulkAnswer(BulkCounts counts, EnqueueAudit enqueued, ImportAudit import, string who, bool keepsIds) : IBulkListener
{
    private const int MostRejectedNamed = 1000;

    private readonly List<JobId> _ids = [];
    private readonly List<(long Line, string Error)> _rejected = [];

    // What fits into one chunk is noted within a second of its end, with what others queued: an entry for each of many small bulks would cost more than it tells.
    public Task StoringAsync(bool isWholeChunk) => isWholeChunk ? import.BeginAsync() : Task.CompletedTask;

    public void Stored(IReadOnlyList<MadeJob> made, IReadOnlyList<EnqueuedJob> answers)
    {
        if (keepsIds)
        {
            _ids.AddRange(answers.Select(answer => answer.Id));
        }

        foreach (var (path, count) in BulkCounts.Queued(made, answers))
        {
            enqueued.Note(who, path, count);
        }
    }

    public void Refused(long line, string error)
    {
        if (_rejected.Count < MostRejectedNamed)
        {
            _rejected.Add((line, error));
        }
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        counts.Write(json, WriteIds);
        json.WriteStartArray("rejected");
        foreach (var (line, error) in _rejected)
        {
            json.WriteStartObject();
            json.WriteNumber("line", line);
            json.WriteString("error", error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteIds(Utf8JsonWriter json)
    {
        if (!keepsIds)
        {
            return;
        }

        json.WriteStartArray("ids");
        foreach (var id in _ids)
        {
            json.WriteStringValue(id.ToString());
        }

        json.WriteEndArray();
    }
}

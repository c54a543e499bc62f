using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>What the answer to a bulk says: how many were accepted, under which ids, and which lines were not.</summary>
/// <param name="who">Whom the audit log names.</param>
internal sealed class BulkAnswer(EnqueueAudit enqueued, string who, bool keepsIds) : IBulkListener
{
    private const int MostRejectedNamed = 1000;

    private readonly List<JobId> _ids = [];
    private readonly List<(long Line, string Error)> _rejected = [];
    private long _rejectedCount;
    private long _accepted;
    private long _existing;

    public void Refused(long line, string error)
    {
        lock (_rejected)
        {
            _rejectedCount++;
            if (_rejected.Count < MostRejectedNamed)
            {
                _rejected.Add((line, error));
            }
        }
    }

    public void Stored(IReadOnlyList<MadeJob> made, IReadOnlyList<EnqueuedJob> answers)
    {
        _accepted += answers.Count;
        _existing += answers.Count(answer => answer.Existing);
        if (keepsIds)
        {
            _ids.AddRange(answers.Select(answer => answer.Id));
        }

        foreach (var path in made.Where((_, i) => !answers[i].Existing).CountBy(one => one.Job.Path))
        {
            enqueued.Note(who, path.Key, path.Value);
        }
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("accepted", _accepted);
        json.WriteNumber("existing", _existing);
        if (keepsIds)
        {
            json.WriteStartArray("ids");
            foreach (var id in _ids)
            {
                json.WriteStringValue(id.ToString());
            }

            json.WriteEndArray();
        }

        json.WriteNumber("rejected_count", _rejectedCount);
        json.WriteStartArray("rejected");
        foreach (var (line, error) in _rejected.OrderBy(r => r.Line))
        {
            json.WriteStartObject();
            json.WriteNumber("line", line);
            json.WriteString("error", error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}

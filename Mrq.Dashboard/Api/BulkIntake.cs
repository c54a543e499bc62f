using System.Buffers;
using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>The jobs of one request on their way into the store.</summary>
internal sealed class BulkIntake(ChainFactory factory, JobClient client, EnqueueAudit enqueued, string who, bool keepsIds, CancellationToken aborted)
{
    private const int ChunkSize = 1000;
    private const int MostRejectedNamed = 1000;

    private readonly List<JobId> _ids = [];
    private readonly List<(long Line, string Error)> _rejected = [];
    private List<(long Line, JobRequest Request)> _chunk = new(ChunkSize);
    private long _rejectedCount;
    private long _existing;

    public long Accepted { get; private set; }

    public long Lines { get; private set; }

    public bool IsFull => _chunk.Count >= ChunkSize;

    public void Take(long line, ReadOnlySequence<byte> utf8)
    {
        var errors = new List<FieldError>();
        try
        {
            if (JsonBody.Parse(utf8, json => JobRequestJson.Read(json, errors), JsonBody.DepthOfJobs) is { } request)
            {
                if (request.Batch is null)
                {
                    _chunk.Add((line, request));
                }
                else
                {
                    // Whether the batch takes it is known only when the whole chunk is stored.
                    Refuse(line, "batch: is not possible in a bulk. Make the batch with all its jobs (POST /api/batches), or add one by one (POST /api/jobs).");
                }

                return;
            }

            Refuse(line, string.Join(" ", errors.Select(e => $"{e.Field}: {e.Error}")));
        }
        catch (ApiException e)
        {
            Refuse(line, e.Message);
        }
    }

    public void Refuse(long line, string error)
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

    /// <summary>Stores what was taken so far. The next may be taken meanwhile.</summary>
    public async Task StoreAsync()
    {
        var chunk = _chunk;
        _chunk = new List<(long, JobRequest)>(ChunkSize);
        // The rest of this on another thread: the reader goes on with the next chunk.
        await Task.Yield();
        var made = new List<MadeJob>(chunk.Count);
        foreach (var (line, request) in chunk)
        {
            try
            {
                made.Add(await factory.MakeAsync(request, aborted));
            }
            catch (InvalidJobException e)
            {
                Refuse(line, e.Message);
            }
        }

        if (made.Count > 0)
        {
            Note(made, await client.StoreAsync(made, aborted));
        }

        Lines = chunk.Count > 0 ? chunk[^1].Line : Lines;
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("accepted", Accepted);
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

    private void Note(List<MadeJob> made, IReadOnlyList<EnqueuedJob> answers)
    {
        for (var i = 0; i < answers.Count; i++)
        {
            if (keepsIds)
            {
                _ids.Add(answers[i].Id);
            }

            if (answers[i].Existing)
            {
                _existing++;
            }
        }

        Accepted += answers.Count;
        foreach (var path in made.Where((_, i) => !answers[i].Existing).CountBy(one => one.Job.Path))
        {
            enqueued.Note(who, path.Key, path.Value);
        }
    }
}

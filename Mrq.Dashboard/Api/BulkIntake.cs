using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>Who hears what became of the jobs of a bulk.</summary>
internal interface IBulkListener
{
    /// <summary>A line is no job, and why. On any thread.</summary>
    void Refused(long line, string error);

    /// <summary>Jobs were stored. One call at a time.</summary>
    void Stored(IReadOnlyList<MadeJob> made, IReadOnlyList<EnqueuedJob> answers);
}

/// <summary>Many jobs on their way into the store: read as they come, stored in chunks, while the next chunk is read.</summary>
/// <param name="read">Makes the request of a line's JSON; null: the list says what is wrong.</param>
/// <param name="longestItem">Bytes that one job may have.</param>
internal sealed class BulkIntake(
    ChainFactory factory, JobClient client, IBulkListener listener, Func<long, JsonElement, List<FieldError>, JobRequest?> read, int longestItem, CancellationToken aborted)
{
    private const int ChunkSize = 1000;

    private List<(long Line, JobRequest Request)> _chunk = new(ChunkSize);

    /// <summary>Jobs that are stored, those among them that were there before.</summary>
    public long Accepted { get; private set; }

    /// <summary>Number of the last line that is settled: up to here all is stored or refused.</summary>
    public long Lines { get; private set; }

    private bool IsFull => _chunk.Count >= ChunkSize;

    /// <summary>Reads to the end. What was stored before something fails stays.</summary>
    public async Task ReadAsync(PipeReader reader)
    {
        var body = new BulkBody(longestItem);
        var storing = Task.CompletedTask;
        try
        {
            while (!body.Ended)
            {
                var got = await reader.ReadAsync(aborted);
                var (consumed, needsMore) = body.Take(got.Buffer, got.IsCompleted, Take, Refuse, () => IsFull);
                reader.AdvanceTo(consumed, needsMore ? got.Buffer.End : consumed);
                if (IsFull || body.Ended)
                {
                    await storing;
                    storing = StoreAsync();
                }
            }
        }
        finally
        {
            await storing;
        }
    }

    private void Take(long line, ReadOnlySequence<byte> utf8)
    {
        var errors = new List<FieldError>();
        try
        {
            if (JsonBody.Parse(utf8, json => read(line, json, errors), JsonBody.DepthOfJobs) is { } request)
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

    private void Refuse(long line, string error) => listener.Refused(line, error);

    /// <summary>Stores what was taken so far. The next may be taken meanwhile.</summary>
    private async Task StoreAsync()
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
            var answers = await client.StoreAsync(made, aborted);
            Accepted += answers.Count;
            listener.Stored(made, answers);
        }

        Lines = chunk.Count > 0 ? chunk[^1].Line : Lines;
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>Who hears what became of the jobs of a bulk: in the order of their lines, one call at a time.</summary>
internal interface IBulkListener
{
    /// <summary>Jobs are stored next.</summary>
    /// <param name="isWholeChunk">True: it is a full chunk, so that more may come.</param>
    Task StoringAsync(bool isWholeChunk);

    /// <summary>Jobs were stored.</summary>
    void Stored(IReadOnlyList<MadeJob> made, IReadOnlyList<EnqueuedJob> answers);

    /// <summary>A line is no job, and why.</summary>
    void Refused(long line, string error);
}

/// <summary>Many jobs on their way into the store: read as they come, stored in chunks, while the next chunk is read.</summary>
/// <param name="counts">Gets the numbers, before the listener hears of them.</param>
/// <param name="read">Makes the request of a line's JSON; null: the list says what is wrong.</param>
/// <param name="longestItem">Bytes that one job may have.</param>
internal sealed class BulkIntake(
    ChainFactory factory, JobClient client, IBulkListener listener, BulkCounts counts, Func<long, JsonElement, List<FieldError>, JobRequest?> read, int longestItem, CancellationToken aborted)
{
    private const int ChunkSize = 1000;

    private Chunk _chunk = new();

    private bool IsFull => _chunk.Jobs.Count + _chunk.Refused.Count >= ChunkSize;

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
            if (JsonBody.Parse(utf8, json => read(line, json, errors), JsonDepth.OfJobs) is { } request)
            {
                if (request.Batch is null)
                {
                    _chunk.Jobs.Add((line, request));
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

    private void Refuse(long line, string error) => _chunk.Refused.Add((line, error));

    /// <summary>Stores what was taken so far and tells of its lines. The next may be taken meanwhile.</summary>
    private async Task StoreAsync()
    {
        var chunk = _chunk;
        _chunk = new Chunk();
        // The rest of this on another thread: the reader goes on with the next chunk.
        await Task.Yield();
        var made = new List<MadeJob>(chunk.Jobs.Count);
        foreach (var (line, request) in chunk.Jobs)
        {
            try
            {
                made.Add(await factory.MakeAsync(request, aborted));
            }
            catch (InvalidJobException e)
            {
                chunk.Refused.Add((line, e.Message));
            }
        }

        if (made.Count > 0)
        {
            await listener.StoringAsync(isWholeChunk: chunk.Jobs.Count + chunk.Refused.Count >= ChunkSize);
            var answers = await client.StoreAsync(made, aborted);
            counts.Stored(answers, chunk.Jobs[^1].Line);
            listener.Stored(made, answers);
        }

        // Those that are no JSON were seen before those that are no job.
        foreach (var (line, error) in chunk.Refused.OrderBy(refused => refused.Line))
        {
            counts.Refused(line);
            listener.Refused(line, error);
        }
    }

    /// <summary>Lines that are settled together.</summary>
    private sealed class Chunk
    {
        public List<(long Line, JobRequest Request)> Jobs { get; } = new(ChunkSize);

        public List<(long Line, string Error)> Refused { get; } = [];
    }
}

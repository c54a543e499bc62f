using Mrq.Dashboard;
using Mrq.Dashboard.Api;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Server.Output;

namespace Mrq.Server.Commands.Requests;

/// <summary>Tells what becomes of the lines of a file: how far it is, which were refused, how many are queued.</summary>
/// <param name="part">How much of the input was read, 0 to 1; null: nobody knows how long it is.</param>
/// <param name="errors">Gets each refused line; null: nobody asked for them.</param>
internal sealed class BulkReport(
    BulkCounts counts, CommandOutput output, ProgressLine progress, TimeProvider time, ImportAudit import, bool printsIds, ErrorLines? errors, Func<double>? part) : IBulkListener
{
    private const int MostTold = 20;

    private readonly Dictionary<string, long> _queued = new(StringComparer.Ordinal);
    private readonly long _begun = time.GetTimestamp();
    private bool _hasReader = true;

    public Task StoringAsync(bool isWholeChunk) => import.BeginAsync();

    public void Stored(IReadOnlyList<MadeJob> made, IReadOnlyList<EnqueuedJob> answers)
    {
        foreach (var (path, count) in BulkCounts.Queued(made, answers))
        {
            _queued[path] = _queued.GetValueOrDefault(path) + count;
        }

        if (printsIds && _hasReader)
        {
            PrintIds(answers);
        }

        progress.Show(Shown);
    }

    public void Refused(long line, string error)
    {
        if (counts.Rejected <= MostTold)
        {
            Console.Error.WriteLine($"{ProgressLine.Clear}mrq: line {line:N0}: {SafeText.Line(error)}");
        }

        errors?.Write(line, error);
    }

    /// <summary>Notes in the audit log who queued how many jobs of which task, and that the import has ended.</summary>
    public async Task RecordAsync(Audit audit)
    {
        foreach (var (path, count) in _queued)
        {
            await audit.RecordAsync(ClientCall.Who, AuditActions.Enqueue, path, count, CancellationToken.None);
        }

        await import.EndAsync(counts.Accepted);
    }

    /// <summary>The last word, when all is read.</summary>
    public void Tell(bool asJson)
    {
        if (counts.Rejected > MostTold)
        {
            Console.Error.WriteLine($"mrq: {counts.Rejected - MostTold:N0} more lines were refused{(errors is null ? "; --errors FILE writes all of them" : "")}.");
        }

        if (errors?.Failure is { } failure)
        {
            Console.Error.WriteLine($"mrq: --errors: {failure}");
        }

        if (asJson)
        {
            output.Json(json =>
            {
                json.WriteStartObject();
                counts.Write(json);
                json.WriteEndObject();
            });
        }
        else if (!printsIds)
        {
            output.Line($"{counts.Accepted:N0} accepted{(counts.Existing > 0 ? $", {counts.Existing:N0} were there before" : "")}, {counts.Rejected:N0} rejected");
        }
    }

    private void PrintIds(IReadOnlyList<EnqueuedJob> answers)
    {
        try
        {
            foreach (var answer in answers)
            {
                output.Line(answer.Id.ToString());
            }

            output.Flush();
        }
        catch (OutputClosedException)
        {
            // Who read the ids has gone; the jobs are meant all the same.
            _hasReader = false;
        }
    }

    private string Shown()
    {
        var seconds = Math.Max(0.001, time.GetElapsedTime(_begun).TotalSeconds);
        var rest = part?.Invoke() is { } read and > 0 ? $"  {read:0%}, {Display.Duration(seconds * (1 - read) / read)} left" : "";
        return $"{counts.Accepted:N0} accepted, {counts.Accepted / seconds:N0}/s, {counts.Rejected:N0} rejected{rest}";
    }
}

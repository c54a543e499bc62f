using System.Text.Json;
using Mrq.Dashboard;
using Mrq.Dashboard.Api;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Server.Output;

namespace Mrq.Server.Commands.Requests;

/// <summary>Tells what becomes of the lines of a file: how far it is, which were refused, how many are queued.</summary>
/// <param name="part">How much of the input was read, 0 to 1; null: nobody knows how long it is.</param>
/// <param name="errors">Gets each refused line as JSON; null: nobody asked for them.</param>
internal sealed class BulkReport(CommandOutput output, ProgressLine progress, TimeProvider time, bool printsIds, Stream? errors, Func<double>? part) : IBulkListener, IDisposable
{
    private const int MostTold = 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _queued = new(StringComparer.Ordinal);
    private readonly Utf8JsonWriter? _errorLines = errors is null ? null : new Utf8JsonWriter(errors, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    private readonly long _begun = time.GetTimestamp();
    private bool _hasReader = true;
    private long _accepted;
    private long _existing;

    public long Rejected { get; private set; }

    public void Refused(long line, string error)
    {
        lock (_gate)
        {
            if (++Rejected <= MostTold)
            {
                Console.Error.WriteLine($"{ProgressLine.Clear}mrq: line {line:N0}: {SafeText.Line(error)}");
            }

            if (_errorLines is not null)
            {
                WriteLine(_errorLines, line, error);
            }
        }
    }

    public void Stored(IReadOnlyList<MadeJob> made, IReadOnlyList<EnqueuedJob> answers)
    {
        _accepted += answers.Count;
        _existing += answers.Count(answer => answer.Existing);
        foreach (var (path, count) in made.Where((_, i) => !answers[i].Existing).CountBy(one => one.Job.Path))
        {
            _queued[path] = _queued.GetValueOrDefault(path) + count;
        }

        if (printsIds && _hasReader)
        {
            PrintIds(answers);
        }

        progress.Show(Shown);
    }

    /// <summary>Notes in the audit log who queued how many jobs of which task.</summary>
    public async Task RecordAsync(Audit audit)
    {
        foreach (var (path, count) in _queued)
        {
            await audit.RecordAsync(ClientCall.Who, AuditActions.Enqueue, path, count, CancellationToken.None);
        }
    }

    /// <summary>The last word, when all is read.</summary>
    public void Tell(bool asJson)
    {
        if (Rejected > MostTold)
        {
            Console.Error.WriteLine($"mrq: {Rejected - MostTold:N0} more lines were refused{(errors is null ? "; --errors FILE writes all of them" : "")}.");
        }

        if (asJson)
        {
            output.Json(json =>
            {
                json.WriteStartObject();
                json.WriteNumber("accepted", _accepted);
                json.WriteNumber("existing", _existing);
                json.WriteNumber("rejected_count", Rejected);
                json.WriteEndObject();
            });
        }
        else if (!printsIds)
        {
            output.Line($"{_accepted:N0} accepted{(_existing > 0 ? $" ({_existing:N0} of them were there before)" : "")}, {Rejected:N0} rejected");
        }
    }

    public void Dispose() => _errorLines?.Dispose();

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
        return $"{_accepted:N0} accepted, {_accepted / seconds:N0}/s, {Rejected:N0} rejected{rest}";
    }

    private void WriteLine(Utf8JsonWriter json, long line, string error)
    {
        json.WriteStartObject();
        json.WriteNumber("line", line);
        json.WriteString("error", error);
        json.WriteEndObject();
        json.Flush();
        json.Reset();
        errors!.Write("\n"u8);
    }
}

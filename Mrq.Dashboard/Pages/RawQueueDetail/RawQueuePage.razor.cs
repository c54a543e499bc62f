using System.Globalization;
using Microsoft.AspNetCore.Components;
using Mrq.Dashboard.Actions;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Dashboard.Pages.RawQueueDetail;

/// <summary>One raw queue: what waits in it, by score where it has some, and what was rejected; added, removed, put back.</summary>
public sealed partial class RawQueuePage
{
    private const int PageSize = 50;
    private const int Slices = 40;
    private const int TimedSpan = 3600;

    private QueueName _queue;
    private RawQueueSize _size = new(QueueName.Default, 0, 0, false, 0);
    private IReadOnlyList<RawEntry> _entries = [];
    private IReadOnlyList<RejectedEntry> _rejected = [];
    private IReadOnlyList<Bar> _bars = [];
    private IReadOnlyList<FieldError> _errors = [];
    private IReadOnlyList<WorkerReport> _listening = [];
    private RawQueue? _factory;
    private bool _isUnmade;
    private (RawEntry Entry, string? Error, bool IsAsked)? _shown;
    private bool _adding;
    private bool _purging;
    private string _texts = "";
    private double _score;

    [Inject] private RawQueueControl Control { get; set; } = null!;

    [Inject] private IRawQueueContents Contents { get; set; } = null!;

    [Inject] private QueueControl Queues { get; set; } = null!;

    [Inject] private WorkerControl Workers { get; set; } = null!;

    [Inject] private RawQueueRegistry Registry { get; set; } = null!;

    [Inject] private UserActions Actions { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <summary>Name of the raw queue.</summary>
    [Parameter] public string Name { get; set; } = "";

    /// <summary>How many entries to pass over; null: none.</summary>
    [SupplyParameterFromQuery(Name = "from")] public long? Offset { get; set; }

    protected override Changes Watches => Changes.Queues | Changes.Jobs | Changes.Workers;

    protected override TimeSpan? Every => TimeSpan.FromSeconds(5);

    private long From => Math.Max(0, Offset ?? 0);

    private bool HasScores => _queue.RawKind is { HasScores: true };

    private bool IsTimed => _queue.RawKind == RawQueueKind.TimedSet;

    private string? NotRaw => QueueName.TryParse(Name, out _queue, out var error) ? RawQueueClient.NotRaw(_queue) : error;

    private IReadOnlyList<JobId> Shown => [.. _rejected.Select(r => r.Job)];

    private string Example =>
        $"curl {Navigation.BaseUri}api/queues/{Uri.EscapeDataString(Name)}/raw -H 'Content-Type: application/json' -d '{(_queue.RawKind == RawQueueKind.SortedSet ? """{"scores":{"text":1}}""" : """{"params":["text"]}""")}'";

    /// <summary>The page of a raw queue.</summary>
    public static string LinkTo(QueueName queue) => $"queues/{string.Join('/', queue.Value.Split('/').Select(Uri.EscapeDataString))}";

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        if (NotRaw is not null)
        {
            return () => { };
        }

        var now = Time.GetUtcNow();
        var size = (await Queues.FindAsync(_queue, cancellationToken))?.Raw ?? new RawQueueSize(_queue, 0, 0, false, 0);
        var entries = await Control.PeekAsync(_queue, From, PageSize, cancellationToken);
        var rejected = size.Rejected == 0 ? [] : await Control.ListRejectedAsync(_queue, 0, PageSize, cancellationToken);
        var bars = HasScores && size.Size > 0 ? await ReadBarsAsync(size, now, cancellationToken) : [];
        var listening = (await Workers.ListAsync(cancellationToken)).Where(worker => !Unserved.Is(_queue, [worker], now)).ToList();
        var factory = Registry.Find(_queue);
        return () =>
        {
            (_size, _entries, _rejected, _bars) = (size, entries, rejected, bars);
            (_listening, _factory, _isUnmade) = (listening, factory, factory is null && listening.Count == 0);
        };
    }

    // Timed sets: the next hour, with what is due before it and after it. Others: from the lowest score to the highest.
    private async Task<IReadOnlyList<Bar>> ReadBarsAsync(RawQueueSize size, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ScoreSlices slices;
        if (IsTimed)
        {
            slices = new ScoreSlices(now.ToUnixTimeSeconds(), now.ToUnixTimeSeconds() + TimedSpan, Slices);
        }
        else
        {
            var (first, last) = (await Contents.PeekAsync(_queue, 0, 1, cancellationToken), await Contents.PeekAsync(_queue, size.Size - 1, 1, cancellationToken));
            if (first is not [{ Score: { } lowest }] || last is not [{ Score: { } highest }])
            {
                return [];
            }

            // The highest belongs into the last slice, not behind it.
            slices = new ScoreSlices(lowest, Math.BitIncrement(highest > lowest ? highest : lowest + 1), Slices);
        }

        var counts = await Control.CountByScoreAsync(_queue, slices, cancellationToken);
        var bounds = slices.Bounds().ToList();
        var most = Math.Max(1, counts.Max());
        var shown = IsTimed ? Enumerable.Range(0, counts.Count) : Enumerable.Range(1, counts.Count - 2);
        return [.. shown.Select(i => new Bar(
            Label(bounds[i], now), counts[i], counts[i] == 0 ? 0 : Math.Max(2, (int)(100 * counts[i] / most)),
            i == 0 ? "due" : i == counts.Count - 1 ? "far" : ""))];
    }

    private string Label((double From, double Below) span, DateTimeOffset now) =>
        !IsTimed ? span.From.ToString("G6", CultureInfo.InvariantCulture)
        : double.IsNegativeInfinity(span.From) ? "due now"
        : double.IsPositiveInfinity(span.Below) ? "in over an hour"
        : $"in {Display.Duration(Math.Max(0, span.From - now.ToUnixTimeSeconds()))}";

    private static string? Due(RawEntry entry) =>
        entry.Score is { } score and > -6e10 and < 2.5e11 ? Display.Iso(DateTimeOffset.UnixEpoch.AddSeconds(score)) : null;

    private string Link(long from) => $"{LinkTo(_queue)}{(from > 0 ? $"?from={from}" : "")}";

    /// <param name="error">Why it was rejected; null: it waits.</param>
    /// <param name="isAsked">True: it is shown to ask whether to remove it.</param>
    private void Show(RawEntry entry, string? error, bool isAsked) => _shown = (entry, error, isAsked);

    private async Task AddAsync()
    {
        _errors = [];
        try
        {
            double? score = IsTimed ? (Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0) + _score : HasScores ? _score : null;
            var texts = _texts.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0);
            if (await Actions.AddRawAsync([.. texts.Select(text => new RawEntry(_queue, text, score))]))
            {
                (_adding, _texts) = (false, "");
            }
        }
        catch (InvalidJobException e)
        {
            _errors = e.Errors;
        }
    }

    private sealed record Bar(string Label, long Count, int Percent, string Kind);
}

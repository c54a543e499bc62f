using Microsoft.AspNetCore.Components;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;

namespace Mrq.Dashboard.Actions;

/// <summary>The form of a new job, empty or as a copy of another.</summary>
public sealed partial class EnqueueDialog
{
    private IReadOnlyList<string> _paths = [];
    private IReadOnlyList<FieldError> _errors = [];
    private TaskDefinition? _definition;
    private string _path = "";
    private string _params = "{}";
    private string? _queue;
    private string? _tags;
    private string? _uniqueKey;
    private double? _delay;
    private double? _timeout;
    private int? _maxRetries;
    private int? _priority;
    private double? _expiresIn;
    private bool _busy;

    [Inject] private KnownTasks Known { get; set; } = null!;

    [Inject] private TaskRegistry Registry { get; set; } = null!;

    [Inject] private UserActions Actions { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <summary>The job to copy; null: an empty form.</summary>
    [Parameter] public Job? From { get; set; }

    /// <summary>The task that an empty form begins with; null: none.</summary>
    [Parameter] public string? Path { get; set; }

    [Parameter] public EventCallback OnClose { get; set; }

    protected override async Task OnInitializedAsync()
    {
        if (From is { } from)
        {
            (_path, _params, _queue, _tags) = (from.Path, Display.Pretty(from.Params), from.Queue.Value, string.Join(", ", from.OwnTags));
            (_timeout, _maxRetries, _priority) = (from.Timeout?.TotalSeconds, from.MaxRetries, from.Priority);
            _expiresIn = (from.ExpiresAt - from.DateQueued)?.TotalSeconds;
            _definition = Registry.Find(_path);
        }
        else if (Path is not null)
        {
            SetPath(Path);
            _params = ParamsHint.Blank(_definition);
        }

        try
        {
            _paths = await Known.ListAsync(CancellationToken.None);
        }
        catch (Exception)
        {
            // Only the suggestions are missing; the banner tells what is away.
        }
    }

    private string? Invalid(string field) => _errors.Any(e => e.Field == field || e.Field.StartsWith($"{field}.", StringComparison.Ordinal)) ? "true" : null;

    private void SetPath(string? path)
    {
        _path = path?.Trim() ?? "";
        _definition = Registry.Find(_path);
    }

    private async Task SubmitAsync()
    {
        QueueName? queue = null;
        if (!string.IsNullOrWhiteSpace(_queue))
        {
            if (!QueueName.TryParse(_queue.Trim(), out var name, out var error))
            {
                _errors = [new FieldError("queue", error)];
                return;
            }

            queue = name;
        }

        _busy = true;
        try
        {
            _errors = [];
            if (await Actions.EnqueueAsync(Request(queue)) is { } id)
            {
                await OnClose.InvokeAsync();
                if (From is not null)
                {
                    Navigation.NavigateTo($"jobs/{id}");
                }
            }
        }
        catch (InvalidJobException e)
        {
            _errors = e.Errors;
        }
        finally
        {
            _busy = false;
        }
    }

    private JobRequest Request(QueueName? queue) => new()
    {
        Path = _path,
        Params = _params,
        Queue = queue,
        Delay = Seconds(_delay),
        Timeout = Seconds(_timeout),
        MaxRetries = _maxRetries,
        Options = (From?.Options ?? new TaskOptions()) with { Priority = _priority, ExpiresIn = Seconds(_expiresIn) },
        UniqueKey = string.IsNullOrWhiteSpace(_uniqueKey) ? null : _uniqueKey.Trim(),
        Tags = _tags?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
    };

    private static TimeSpan? Seconds(double? seconds) =>
        seconds is not { } given ? null : TimeSpan.FromSeconds(Math.Clamp(given, -1, 1e11));
}

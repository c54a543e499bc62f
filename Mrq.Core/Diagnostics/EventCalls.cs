using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;

namespace Mrq.Diagnostics;

/// <summary>
/// Writes down calls that libraries tell as a pair of events: <c>HttpClient</c>, until the head of the answer has come, and <c>SqlClient</c>. These events make no <see cref="Activity"/>: with
/// one <c>HttpClient</c> would begin to send <c>traceparent</c>.
/// </summary>
internal sealed class EventCalls : IObserver<DiagnosticListener>, IDisposable
{
    private static readonly IReadOnlyList<EventPair> Known =
    [
        new("HttpHandlerDiagnosticListener", "System.Net.Http.Request", ["System.Net.Http.Response"], "LoggingRequestId", "Request", HttpNameOf),
        SqlClient("Microsoft.Data.SqlClient"),
        SqlClient("System.Data.SqlClient"),
    ];

    private readonly IoTracing _tracing;
    private readonly IDisposable _allListeners;
    private readonly ConcurrentBag<IDisposable> _listeners = [];

    public EventCalls(IoTracing tracing)
    {
        _tracing = tracing;
        _allListeners = DiagnosticListener.AllListeners.Subscribe(this);
    }

    public void OnNext(DiagnosticListener value)
    {
        foreach (var pair in Known.Where(pair => pair.Listener == value.Name))
        {
            _listeners.Add(value.Subscribe(new Observer(_tracing, pair), pair.Has));
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose()
    {
        _allListeners.Dispose();
        foreach (var listener in _listeners)
        {
            listener.Dispose();
        }
    }

    private static EventPair SqlClient(string library) => new(
        "SqlClientDiagnosticListener", $"{library}.WriteCommandBefore", [$"{library}.WriteCommandAfter", $"{library}.WriteCommandError"], "OperationId", "Command", SqlNameOf);

    private static Func<IoName>? HttpNameOf(object? call) => call is not HttpRequestMessage request ? null : () =>
    {
        var method = request.Method.Method;
        // What comes before @ and behind ? is where keys and passwords are.
        var address = request.RequestUri is { IsAbsoluteUri: true } uri
            ? $"{uri.GetComponents(UriComponents.Scheme | UriComponents.Host | UriComponents.Port | UriComponents.Path, UriFormat.UriEscaped)}{(uri.Query.Length > 0 ? "?…" : "")}" : "";
        return new IoName($"http.{method.ToLowerInvariant()}", $"{method} {address}");
    };

    private static Func<IoName>? SqlNameOf(object? call)
    {
        if (call is not DbCommand { CommandText: { } text })
        {
            return null;
        }

        var word = string.Concat(text.TrimStart().TakeWhile(char.IsAsciiLetter)).ToLowerInvariant();
        return () => new IoName(word.Length == 0 ? "mssql" : $"mssql.{word}", text);
    }

    /// <summary>How a library tells its calls.</summary>
    /// <param name="Begins">The event when a call begins; its payload has <paramref name="Id"/> and <paramref name="Call"/>.</param>
    /// <param name="Ends">The events when it has ended, well or not; their payload has <paramref name="Id"/>.</param>
    /// <param name="Id">Member of the payload: a Guid, the same in both.</param>
    /// <param name="Call">Member of the payload: what <paramref name="NameOf"/> knows to name; null when it does not.</param>
    private sealed record EventPair(string Listener, string Begins, IReadOnlyList<string> Ends, string Id, string Call, Func<object?, Func<IoName>?> NameOf)
    {
        public bool Has(string name) => name == Begins || Ends.Contains(name);
    }

    private sealed class Observer(IoTracing tracing, EventPair pair) : IObserver<KeyValuePair<string, object?>>
    {
        private readonly ConcurrentDictionary<Guid, IoCall> _open = new();

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (Member(value.Value, pair.Id) is not Guid id)
            {
                return;
            }

            if (value.Key != pair.Begins)
            {
                _open.TryRemove(id, out var ended);
                ended?.Dispose();
            }
            else if (tracing.OwnJob() is { } job && !ActivityCalls.IsInside(Activity.Current) && pair.NameOf(Member(value.Value, pair.Call)) is { } name)
            {
                _open[id] = job.Begin(name);
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        // The payloads have types that their libraries do not show, or that are not referenced here; their members are kept for whoever reads them so.
        private static object? Member(object? of, string name) => of?.GetType().GetProperty(name)?.GetValue(of);
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;

namespace Mrq.Diagnostics;

/// <summary>
/// Writes down calls of <c>HttpClient</c>, until the head of the answer has come. Heard of through those events of .NET that make no <see cref="Activity"/>: with an
/// activity <c>HttpClient</c> would begin to send <c>traceparent</c>.
/// </summary>
internal sealed class HttpCalls : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string Listener = "HttpHandlerDiagnosticListener";
    private const string Begins = "System.Net.Http.Request";
    private const string Ends = "System.Net.Http.Response";

    private readonly IoTracing _tracing;
    private readonly ConcurrentDictionary<Guid, IoCall> _open = new();
    private readonly IDisposable _allListeners;
    private IDisposable? _events;

    public HttpCalls(IoTracing tracing)
    {
        _tracing = tracing;
        _allListeners = DiagnosticListener.AllListeners.Subscribe(this);
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == Listener)
        {
            _events = value.Subscribe(this, static name => name is Begins or Ends);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is not { } call || Field<Guid>(call, "LoggingRequestId") is not { } id)
        {
            return;
        }

        if (value.Key == Ends)
        {
            _open.TryRemove(id, out var ended);
            ended?.Dispose();
        }
        else if (_tracing.OwnJob() is { } job && !ActivityCalls.IsInside(Activity.Current) && FieldOf(call, "Request") is HttpRequestMessage request)
        {
            _open[id] = job.Begin(() => NameOf(request));
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
        _events?.Dispose();
    }

    internal static IoName NameOf(HttpRequestMessage request)
    {
        var method = request.Method.Method;
        // What comes before @ and behind ? is where keys and passwords are.
        var address = request.RequestUri is { IsAbsoluteUri: true } uri
            ? $"{uri.GetComponents(UriComponents.Scheme | UriComponents.Host | UriComponents.Port | UriComponents.Path, UriFormat.UriEscaped)}{(uri.Query.Length > 0 ? "?…" : "")}" : "";
        return new IoName($"http.{method.ToLowerInvariant()}", $"{method} {address}");
    }

    // The events have types that .NET does not show; it keeps their members for whoever reads them so.
    private static object? FieldOf(object of, string name) => of.GetType().GetProperty(name)?.GetValue(of);

    private static T? Field<T>(object of, string name)
        where T : struct => FieldOf(of, name) is T value ? value : null;
}

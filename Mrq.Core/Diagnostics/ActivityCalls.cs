using System.Diagnostics;

namespace Mrq.Diagnostics;

/// <summary>
/// Writes down calls that libraries tell as activities of kind client or producer, in the words of OpenTelemetry. Whatever somebody else listens to is seen; activities begin because of this listener
/// in jobs only, and only of sources that were named for it.
/// </summary>
internal sealed class ActivityCalls : IDisposable
{
    private const string Key = "mrq.io";

    private readonly IoTracing _tracing;
    private readonly HashSet<string> _begun;
    private readonly ActivityListener _listener;

    /// <param name="begun">The sources whose activities are begun for it.</param>
    public ActivityCalls(IoTracing tracing, IEnumerable<string> begun)
    {
        (_tracing, _begun) = (tracing, new HashSet<string>(begun, StringComparer.Ordinal));
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => !IsHeardElsewhere(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => Wish(options.Source, options.Kind),
            SampleUsingParentId = (ref ActivityCreationOptions<string> options) => Wish(options.Source, options.Kind),
            ActivityStarted = OnStarted,
            ActivityStopped = static activity => (activity.GetCustomProperty(Key) as IoCall)?.Dispose(),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>True: a call that is written down goes on, and what happens inside it is a part of it.</summary>
    public static bool IsInside(Activity? activity)
    {
        for (; activity is not null; activity = activity.Parent)
        {
            if (activity.GetCustomProperty(Key) is IoCall)
            {
                return !activity.IsStopped;
            }
        }

        return false;
    }

    public void Dispose() => _listener.Dispose();

    internal static IoName NameOf(Activity activity)
    {
        if (Tag(activity, "db.system.name", "db.system") is { } database)
        {
            var operation = Tag(activity, "db.operation.name", "db.operation");
            return new IoName(
                (operation is null ? database : $"{database}.{operation}").ToLowerInvariant(),
                Tag(activity, "db.query.summary", "db.query.text", "db.statement", "db.collection.name") ?? activity.DisplayName);
        }

        if (Tag(activity, "messaging.system") is { } broker)
        {
            return new IoName($"{broker}.{Tag(activity, "messaging.operation.name", "messaging.operation") ?? "send"}".ToLowerInvariant(), Tag(activity, "messaging.destination.name") ?? activity.DisplayName);
        }

        return new IoName(Tag(activity, "rpc.system") ?? activity.Source.Name, activity.DisplayName);
    }

    private static string? Tag(Activity activity, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (activity.GetTagItem(name) is string { Length: > 0 } text)
            {
                return text;
            }
        }

        return null;
    }

    // All data: drivers name operation and statement only then.
    private ActivitySamplingResult Wish(ActivitySource source, ActivityKind kind) =>
        IsCall(kind) && _begun.Contains(source.Name) && _tracing.OwnJob() is not null ? ActivitySamplingResult.AllData : ActivitySamplingResult.None;

    private void OnStarted(Activity activity)
    {
        if (IsCall(activity.Kind) && _tracing.OwnJob() is { } job && !IsInside(activity.Parent))
        {
            activity.SetCustomProperty(Key, job.Begin(() => NameOf(activity)));
        }
    }

    // HTTP, with names and sockets under it, and SqlClient are EventCalls' own.
    private static bool IsHeardElsewhere(string source) =>
        source.StartsWith("System.Net.", StringComparison.Ordinal) || source.StartsWith("Experimental.System.Net.", StringComparison.Ordinal) || source == "OpenTelemetry.Instrumentation.SqlClient";

    private static bool IsCall(ActivityKind kind) => kind is ActivityKind.Client or ActivityKind.Producer;
}

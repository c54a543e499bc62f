using System.Diagnostics.Tracing;
using System.Text.RegularExpressions;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing.Etlx;
using Microsoft.Diagnostics.Tracing.EventPipe;
using Microsoft.Diagnostics.Tracing.Parsers;

namespace Mrq.Server.Tracing;

/// <summary>Looks at all threads of this process about a thousand times a second, and notes what those do that run managed code.</summary>
internal static partial class CpuSamples
{
    private const string Sampler = "Microsoft-DotNETCore-SampleProfiler";
    private const int BufferMegabytes = 256;

    /// <summary>Looks for as long as it is said, and adds what it saw to the tree.</summary>
    /// <param name="begun">Called when it has begun to look.</param>
    /// <param name="stop">Ends it early; what was seen until then is added.</param>
    /// <exception cref="InvalidOperationException">The runtime does not tell.</exception>
    public static async Task TakeAsync(CallTree into, TimeSpan turn, TimeProvider time, Action begun, CancellationToken stop)
    {
        // The trace is whole only when it has ended: it takes the way over a file.
        var folder = Directory.CreateTempSubdirectory("mrq-profile-");
        try
        {
            var trace = Path.Combine(folder.FullName, "cpu.nettrace");
            await RecordAsync(trace, turn, time, begun, stop);
            var indexed = TraceLog.CreateFromEventPipeDataFile(trace, Path.ChangeExtension(trace, ".etlx"), new TraceLogOptions { ConversionLog = TextWriter.Null });
            using var log = new TraceLog(indexed);
            Read(log, into);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task RecordAsync(string file, TimeSpan turn, TimeProvider time, Action begun, CancellationToken stop)
    {
        EventPipeProvider[] providers =
        [
            new(Sampler, EventLevel.Informational),
            // For the names of methods.
            new(ClrTraceEventParser.ProviderName, EventLevel.Informational, (long)(ClrTraceEventParser.Keywords.Jit | ClrTraceEventParser.Keywords.Loader | ClrTraceEventParser.Keywords.NGen)),
        ];
        using var session = Runtime.Listen(providers, withRundown: true, BufferMegabytes);
        begun();
        await using var stream = File.Create(file);
        var copying = session.EventStream.CopyToAsync(stream, CancellationToken.None);
        await Task.Delay(turn, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Runtime.End(session);
        await copying;
    }

    private static void Read(TraceLog log, CallTree into)
    {
        var samples = log.Events.ByEventType<ClrThreadSampleTraceData>();
        // All threads are looked at together: the one that was seen most often tells how often that was.
        var looks = samples.GroupBy(sample => sample.ThreadID).Select(thread => thread.Count()).DefaultIfEmpty(0).Max();
        var seconds = looks == 0 ? 0 : log.SessionDuration.TotalSeconds / looks;
        var stack = new List<string>();
        foreach (var sample in samples)
        {
            // The others wait, or are in code that is not managed, and no one can say which.
            if (sample.Type != ClrThreadSampleType.Managed)
            {
                continue;
            }

            stack.Clear();
            for (var call = sample.CallStack(); call is not null; call = call.Caller)
            {
                stack.Add(Readable(call.CodeAddress.FullMethodName));
            }

            // Where the runtime stops a thread to look at it is the sampler's doing, not the method's.
            stack.RemoveAll(method => method.StartsWith("System.Threading.Thread.<PollGC>", StringComparison.Ordinal) || method.StartsWith("System.Threading.Thread.PollGC", StringComparison.Ordinal));
            if (stack.Count > 0 && !stack.Exists(method => method.StartsWith(typeof(CpuSamples).Namespace!, StringComparison.Ordinal)))
            {
                into.Add(stack, seconds);
            }
        }
    }

    /// <summary><c>Type.Method(class System.String)</c> without its parameters; <c>Type+&lt;Method&gt;d__3.MoveNext()</c>, which the compiler made, as <c>Type.Method (async)</c>.</summary>
    private static string Readable(string method) => method.Length == 0 ? "(unknown)" : StateMachine().Replace(Parameters().Replace(method, ""), ".${method} (async)");

    [GeneratedRegex(@"\(.*$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameters();

    [GeneratedRegex(@"\+<(?<method>\w+)>d(?:__\d+)?(?:`\d+)?(?:\[[^\]]*\])?\.MoveNext$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StateMachine();
}

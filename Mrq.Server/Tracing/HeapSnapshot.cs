using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Runtime.InteropServices;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace Mrq.Server.Tracing;

/// <summary>Live objects of one type.</summary>
/// <param name="Bytes">Their own size, without what they point to.</param>
internal readonly record struct HeapCount(long Objects, long Bytes);

/// <summary>
/// The objects that are alive in this process: the runtime collects all garbage and tells of each object it comes by. Everything in the process stands still for that
/// long, about a second per 3 million objects.
/// </summary>
internal sealed class HeapSnapshot
{
    private const int BufferMegabytes = 1024;
    private static readonly TimeSpan MostTime = TimeSpan.FromMinutes(2);

    // Of the process, as its runtime is: while two listen, each is told of the other's collection, too, and counts all objects twice.
    private static readonly Lock OneAtATime = new();

    // The runtime names each type once, to the first who asks.
    private static readonly ConcurrentDictionary<ulong, string> Names = new();

    private readonly Dictionary<ulong, HeapCount> _counts = [];
    private readonly bool _withGraph;

    private HeapSnapshot(bool withGraph) => _withGraph = withGraph;

    /// <summary>How they hang together; empty unless asked for.</summary>
    public HeapGraph Graph { get; } = new();

    /// <summary>True: the runtime had to leave some out, so that all counts are too low.</summary>
    public bool IsCut { get; private set; }

    /// <summary>By name of the type.</summary>
    /// <param name="counts">Is emptied and filled: who compares two heaps does not want to find his own lists in the second.</param>
    public void CountInto(Dictionary<string, HeapCount> counts)
    {
        counts.Clear();
        foreach (var (type, count) in _counts)
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, NameOf(type), out _);
            sum = new(sum.Objects + count.Objects, sum.Bytes + count.Bytes);
        }
    }

    public static string NameOf(ulong type) => Names.GetValueOrDefault(type, "(unknown)");

    /// <summary>Looks at them; one look in the process at a time, the next waits for it.</summary>
    /// <param name="withGraph">Keeps what points to what, some 40 bytes an object.</param>
    /// <exception cref="InvalidOperationException">The runtime does not tell: its diagnostics are switched off, or their folder cannot be written.</exception>
    public static HeapSnapshot Take(bool withGraph = false)
    {
        // On a thread of its own: the buffers that a reader leaves in the pool of its thread go with that.
        var taking = Task.Factory.StartNew(() => TakeHere(withGraph), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return taking.GetAwaiter().GetResult();
    }

    private static HeapSnapshot TakeHere(bool withGraph)
    {
        using var only = OneAtATime.EnterScope();
        var snapshot = new HeapSnapshot(withGraph);
        var collections = GC.CollectionCount(GC.MaxGeneration);
        using var session = Runtime.Listen(
            [new EventPipeProvider(ClrTraceEventParser.ProviderName, EventLevel.Verbose, (long)ClrTraceEventParser.Keywords.GCHeapSnapshot)], withRundown: false, BufferMegabytes);
        // Nobody reads before that collection is over: a reader's buffers would be among the objects, some more and some fewer each time.
        SpinWait.SpinUntil(() => GC.CollectionCount(GC.MaxGeneration) > collections, MostTime);
        using var source = new EventPipeEventSource(session.EventStream);
        // A runtime that never gets to its collection must not hold the job for ever.
        using var giveUp = new Timer(_ => Runtime.End(session), null, MostTime, Timeout.InfiniteTimeSpan);
        // Not in the handler: the session ends when its events have been read.
        snapshot.Listen(source.Clr, () => ThreadPool.UnsafeQueueUserWorkItem(Runtime.End, session, preferLocal: false));
        source.Process();
        snapshot.IsCut = source.EventsLost > 0;
        return snapshot;
    }

    private void Listen(ClrTraceEventParser runtime, Action end)
    {
        int? collection = null;
        runtime.GCStart += gc => collection ??= gc is { Depth: 2, Reason: GCReason.Induced } ? gc.Count : null;
        runtime.GCStop += gc =>
        {
            if (gc.Count == collection)
            {
                end();
            }
        };
        runtime.TypeBulkType += types =>
        {
            for (var i = 0; i < types.Count; i++)
            {
                var type = types.Values(i);
                Names[type.TypeID] = TypeNames.Readable(type.TypeName);
            }
        };
        runtime.GCBulkNode += Take;
        if (_withGraph)
        {
            Graph.Listen(runtime);
        }
    }

    private void Take(GCBulkNodeTraceData nodes)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes.Values(i);
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, node.TypeID, out _);
            count = new(count.Objects + 1, count.Bytes + (long)node.Size);
            if (_withGraph)
            {
                Graph.Add(node.Address, node.TypeID, (int)node.EdgeCount);
            }
        }
    }
}

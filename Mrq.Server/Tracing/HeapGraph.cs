using System.Runtime.InteropServices;
using Microsoft.Diagnostics.Tracing.Parsers;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace Mrq.Server.Tracing;

/// <summary>What points to what among the objects of one <see cref="HeapSnapshot"/>.</summary>
internal sealed class HeapGraph
{
    private const int None = -1;

    private readonly List<ulong> _addresses = [];
    private readonly List<ulong> _types = [];

    /// <summary>By object: where its edges begin in <see cref="_edges"/>. They come in the order of the objects.</summary>
    private readonly List<int> _firstEdge = [];
    private readonly List<ulong> _edges = [];
    private readonly List<(ulong Address, RootRank Rank, string Root)> _roots = [];
    private int _edgeCount;

    /// <summary>Hears of edges and roots; objects are added by <see cref="Add"/>.</summary>
    public void Listen(ClrTraceEventParser runtime)
    {
        runtime.GCBulkEdge += edges =>
        {
            for (var i = 0; i < edges.Count; i++)
            {
                _edges.Add(edges.Values(i).Target);
            }
        };
        runtime.GCBulkRootStaticVar += roots =>
        {
            for (var i = 0; i < roots.Count; i++)
            {
                var root = roots.Values(i);
                _roots.Add((root.ObjectID, RootRank.Static, $"static field {FieldName(root.FieldName)}"));
            }
        };
        runtime.GCBulkRootEdge += roots =>
        {
            for (var i = 0; i < roots.Count; i++)
            {
                var root = roots.Values(i);
                // What is only looked at through a weak handle is not kept alive by it.
                if (!root.GCRootFlag.HasFlag(GCRootFlags.WeakRef))
                {
                    _roots.Add((root.RootedNodeAddress, root.GCRootKind == GCRootKind.Stack ? RootRank.Local : RootRank.Other, NameOf(root.GCRootKind)));
                }
            }
        };
    }

    public void Add(ulong address, ulong type, int edges)
    {
        _addresses.Add(address);
        _types.Add(type);
        _firstEdge.Add(_edgeCount);
        _edgeCount += edges;
    }

    /// <summary>How much a root says: the first that leads to an object is told.</summary>
    private enum RootRank
    {
        /// <summary>A static field: a person knows it by its name.</summary>
        Static,

        /// <summary>The table that holds the values of static fields is one, handles of timers another.</summary>
        Other,

        /// <summary>What runs holds much that others hold as well, the engine's services above all.</summary>
        Local,
    }

    /// <summary>The shortest way from a root to one object of a type, chosen at random: where many were left behind, it is most likely one of these.</summary>
    /// <returns>The root, then the type of each object on the way; null: no object of this type is alive, or nothing holds it any more.</returns>
    public IReadOnlyList<string>? PathTo(string type)
    {
        var wanted = Enumerable.Range(0, _types.Count).Where(i => HeapSnapshot.NameOf(_types[i]) == type).ToList();
        if (wanted.Count == 0)
        {
            return null;
        }

        var target = wanted[Random.Shared.Next(wanted.Count)];
        var (cameFrom, rootOf) = Walk(target);
        if (cameFrom[target] == None && !rootOf.ContainsKey(target))
        {
            return null;
        }

        var path = new List<string>();
        var at = target;
        for (; !rootOf.ContainsKey(at); at = cameFrom[at])
        {
            path.Add(HeapSnapshot.NameOf(_types[at]));
        }

        path.Add(HeapSnapshot.NameOf(_types[at]));
        path.Add(rootOf[at]);
        path.Reverse();
        return path;
    }

    /// <summary>Goes from the roots of each rank in turn, breadth first, until it comes by the target.</summary>
    private (int[] CameFrom, Dictionary<int, string> RootOf) Walk(int target)
    {
        var places = new Dictionary<ulong, int>(_addresses.Count);
        for (var i = 0; i < _addresses.Count; i++)
        {
            places[_addresses[i]] = i;
        }

        var cameFrom = new int[_addresses.Count];
        Array.Fill(cameFrom, None);
        var rootOf = new Dictionary<int, string>();
        foreach (var rank in _roots.GroupBy(root => root.Rank).OrderBy(rank => rank.Key))
        {
            var next = new Queue<int>();
            foreach (var (address, _, root) in rank)
            {
                if (places.TryGetValue(address, out var place) && !IsReached(place) && rootOf.TryAdd(place, root))
                {
                    next.Enqueue(place);
                }
            }

            while (next.TryDequeue(out var from) && !IsReached(target))
            {
                foreach (var address in EdgesOf(from))
                {
                    if (places.TryGetValue(address, out var to) && !IsReached(to))
                    {
                        cameFrom[to] = from;
                        next.Enqueue(to);
                    }
                }
            }
        }

        return (cameFrom, rootOf);

        bool IsReached(int place) => cameFrom[place] != None || rootOf.ContainsKey(place);
    }

    private ReadOnlySpan<ulong> EdgesOf(int place)
    {
        // The runtime may have left the last edges out.
        var end = Math.Min(place + 1 < _firstEdge.Count ? _firstEdge[place + 1] : _edges.Count, _edges.Count);
        var begin = Math.Min(_firstEdge[place], end);
        return CollectionsMarshal.AsSpan(_edges)[begin..end];
    }

    /// <summary><c>&lt;Instances&gt;k__BackingField</c>, which the compiler made, becomes <c>Instances</c>.</summary>
    private static string FieldName(string field) => field.StartsWith('<') && field.IndexOf('>', StringComparison.Ordinal) is > 0 and var end ? field[1..end] : field;

    private static string NameOf(GCRootKind kind) => kind switch
    {
        GCRootKind.Stack => "a local variable of a running method",
        GCRootKind.Finalizer => "the queue of finalizers",
        GCRootKind.Handle => "a handle of the runtime",
        GCRootKind.Older => "an older generation",
        _ => "the runtime",
    };
}

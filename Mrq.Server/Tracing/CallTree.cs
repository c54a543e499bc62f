namespace Mrq.Server.Tracing;

/// <summary>Where CPU time was spent: each node is a method called by the one above it.</summary>
internal sealed class CallTree
{
    private readonly Dictionary<string, CallTree> _calls = new(StringComparer.Ordinal);

    private CallTree(string method) => Method = method;

    public CallTree()
        : this("")
    {
    }

    /// <summary>Empty: the root.</summary>
    public string Method { get; }

    /// <summary>Seconds in the method itself.</summary>
    public double Self { get; private set; }

    public IEnumerable<CallTree> Calls => _calls.Values;

    /// <summary>Seconds in it and all that it called.</summary>
    public double Total => Self + _calls.Values.Sum(call => call.Total);

    /// <param name="stack">The method that ran last: its caller is behind it.</param>
    /// <param name="seconds">How long it was seen there.</param>
    public void Add(IReadOnlyList<string> stack, double seconds)
    {
        var at = this;
        for (var i = stack.Count - 1; i >= 0; i--)
        {
            if (!at._calls.TryGetValue(stack[i], out var call))
            {
                at._calls[stack[i]] = call = new CallTree(stack[i]);
            }

            at = call;
        }

        at.Self += seconds;
    }

    /// <summary>By method: seconds in it, and seconds in it and all that it called. One that calls itself counts once.</summary>
    public IReadOnlyDictionary<string, (double Self, double Total)> ByMethod()
    {
        var methods = new Dictionary<string, (double Self, double Total)>(StringComparer.Ordinal);
        Sum(this, []);
        return methods;

        void Sum(CallTree node, HashSet<string> above)
        {
            foreach (var call in node.Calls)
            {
                var isOutermost = above.Add(call.Method);
                var (self, total) = methods.GetValueOrDefault(call.Method);
                methods[call.Method] = (self + call.Self, isOutermost ? total + call.Total : total);
                Sum(call, above);
                if (isOutermost)
                {
                    above.Remove(call.Method);
                }
            }
        }
    }
}

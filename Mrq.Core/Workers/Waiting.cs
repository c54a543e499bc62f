namespace Mrq.Workers;

/// <summary>Those who asked a loop for something and wait until it is done. The loop looks when it comes round; who waits no longer is forgotten.</summary>
internal sealed class Waiting<T>
{
    private readonly Lock _gate = new();
    private readonly List<One> _all = [];
    private bool _closed;

    /// <summary>One who waits.</summary>
    public sealed class One(T what)
    {
        public T What => what;

        internal TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Those who wait now, in the order in which they came.</summary>
    public IReadOnlyList<One> All
    {
        get
        {
            lock (_gate)
            {
                return _all.Count == 0 ? [] : [.. _all];
            }
        }
    }

    /// <summary>Asks, and waits until it is done or the loop has ended.</summary>
    public async Task AddAsync(T what, CancellationToken cancellationToken)
    {
        var one = new One(what);
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _all.Add(one);
        }

        try
        {
            await one.Done.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _all.Remove(one);
            }
        }
    }

    /// <summary>What these asked for is done.</summary>
    public void Complete(IReadOnlyList<One> these)
    {
        lock (_gate)
        {
            _all.RemoveAll(these.Contains);
        }

        foreach (var one in these)
        {
            one.Done.TrySetResult();
        }
    }

    /// <summary>The loop has ended: nobody need wait for it, now or later.</summary>
    public void Close()
    {
        IReadOnlyList<One> left;
        lock (_gate)
        {
            _closed = true;
            left = [.. _all];
        }

        Complete(left);
    }
}

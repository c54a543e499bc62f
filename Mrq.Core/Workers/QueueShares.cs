namespace Mrq.Workers;

/// <summary>
/// Deals slots to queues by their weights, as evenly in time as can be (smooth weighted round robin): of 5 and 1 the second gets every
/// sixth slot, not six after thirty. Where one deal ends the next goes on.
/// </summary>
/// <param name="weights">Weight of each queue, above 0.</param>
internal sealed class QueueShares(IReadOnlyList<int> weights)
{
    // What each queue is owed. Over all queues it is 0, and none is ever owed more than one round of all, so that none starves.
    private readonly long[] _owed = new long[weights.Count];

    /// <summary>How many of <paramref name="count"/> slots each queue gets; those that are not <paramref name="open"/> get none.</summary>
    public int[] Deal(int count, bool[] open)
    {
        var dealt = new int[weights.Count];
        var round = 0L;
        for (var i = 0; i < dealt.Length; i++)
        {
            round += open[i] ? weights[i] : 0;
        }

        if (round == 0)
        {
            return dealt;
        }

        // After whole rounds everyone is owed what it was before.
        for (var i = 0; i < dealt.Length; i++)
        {
            dealt[i] = open[i] ? (int)(count / round * weights[i]) : 0;
        }

        for (var left = count % round; left > 0; left--)
        {
            dealt[DealOne(round, open)]++;
        }

        return dealt;
    }

    private int DealOne(long round, bool[] open)
    {
        var next = -1;
        for (var i = 0; i < _owed.Length; i++)
        {
            if (open[i])
            {
                _owed[i] += weights[i];
                next = next < 0 || _owed[i] > _owed[next] ? i : next;
            }
        }

        _owed[next] -= round;
        return next;
    }
}

namespace Mrq.Storage.Sqlite;

/// <summary>
/// The places of entries in a queue: one number, whose upper bits are the priority. A band of numbers for each priority, the highest in the lowest band, so
/// that growing numbers are the order of running. A band is counted in both directions from its middle and holds 2^56 places.
/// </summary>
internal static class PlacesInQueue
{
    private const int BandBits = 56;
    private const long HalfBand = 1L << (BandBits - 1);

    /// <summary>The middle of a priority's band: where an empty one begins.</summary>
    public static long MiddleOf(int priority) => -((long)priority << BandBits);

    /// <summary>The lowest place of a priority.</summary>
    public static long FirstOf(int priority) => MiddleOf(priority) - HalfBand;

    /// <summary>The highest place of a priority.</summary>
    public static long LastOf(int priority) => MiddleOf(priority) + HalfBand - 1;

    /// <summary>The priority that a place belongs to.</summary>
    public static int PriorityOf(long place) => (int)-((place + HalfBand) >> BandBits);
}

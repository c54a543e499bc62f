using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Mrq.Jobs;

/// <summary>
/// The id of a job: 12 bytes, written as 24 hexadecimal digits, ordered by the time it was made. Every value is a valid
/// MongoDB ObjectId (the first four bytes are unix seconds), so that jobs of the original MRQ sort among ours.
/// </summary>
/// <remarks>Layout: 32 bits seconds, 10 bits milliseconds, 14 bits counter, 40 random bits drawn once per process.</remarks>
public readonly record struct JobId : IComparable<JobId>
{
    /// <summary>Length of an id in bytes.</summary>
    public const int Size = 12;

    private const int CounterBits = 14;

    private static readonly ulong ProcessBits = RandomNumberGenerator.GetBytes(5).Aggregate(0UL, (bits, b) => (bits << 8) | b);
    private static long _lastTick;

    private readonly ulong _high;
    private readonly uint _low;

    private JobId(ulong high, uint low) => (_high, _low) = (high, low);

    /// <summary>Makes an id of now. Ids of one process grow strictly, also when its clock steps back.</summary>
    public static JobId New(TimeProvider time)
    {
        var milliseconds = time.GetUtcNow().ToUnixTimeMilliseconds();
        // Seconds and milliseconds side by side leave gaps (a millisecond field counts to 1,023, time only to 999), never disorder.
        var now = ((milliseconds / 1000) << 10 | (milliseconds % 1000)) << CounterBits;
        long previous, next;
        do
        {
            previous = Volatile.Read(ref _lastTick);
            next = Math.Max(now, previous + 1);
        }
        while (Interlocked.CompareExchange(ref _lastTick, next, previous) != previous);
        return new JobId((ulong)next << 8 | ProcessBits >> 32, (uint)ProcessBits);
    }

    /// <summary>The smallest id that a job made at this time can have: a bound for queries by time.</summary>
    public static JobId FirstOf(DateTimeOffset time)
    {
        var milliseconds = Math.Max(0, time.ToUnixTimeMilliseconds());
        return new JobId((ulong)((milliseconds / 1000) << 10 | (milliseconds % 1000)) << (CounterBits + 8), 0);
    }

    /// <summary>When the id was made, to the second.</summary>
    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeSeconds((long)(_high >> 32));

    /// <summary>Reads an id from its 12 bytes.</summary>
    public static JobId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));

    /// <summary>The 12 bytes, whose order is the order of the ids.</summary>
    public byte[] ToByteArray()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    /// <summary>Writes the 12 bytes to the begin of a span.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], _low);
    }

    /// <summary>Reads 24 hexadecimal digits; false when the text is anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out JobId id)
    {
        id = default;
        Span<byte> bytes = stackalloc byte[Size];
        if (text is not { Length: Size * 2 } ||
            Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        id = Read(bytes);
        return true;
    }

    /// <summary>Reads 24 hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static JobId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a job id: 24 hexadecimal digits are.");

    /// <inheritdoc/>
    public int CompareTo(JobId other) => _high != other._high ? _high.CompareTo(other._high) : _low.CompareTo(other._low);

    public static bool operator <(JobId left, JobId right) => left.CompareTo(right) < 0;

    public static bool operator >(JobId left, JobId right) => left.CompareTo(right) > 0;

    public static bool operator <=(JobId left, JobId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(JobId left, JobId right) => left.CompareTo(right) >= 0;

    /// <summary>24 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToByteArray());
}

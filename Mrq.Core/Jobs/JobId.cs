using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Mrq.Jobs;

/// <summary>
/// The id of a job: 12 bytes, written as 24 hexadecimal digits, ordered by the time it was made. Every value is a valid
/// MongoDB ObjectId (the first four bytes are unix seconds), so that jobs of the original MRQ sort among ours.
/// </summary>
/// <remarks>Layout: 32 bits seconds, 10 bits milliseconds, 14 bits counter, 40 random bits drawn once per process and clock.</remarks>
public readonly record struct JobId : IComparable<JobId>
{
    /// <summary>Length of an id in bytes.</summary>
    public const int Size = 12;

    private const int CounterBits = 14;

    private static readonly Source SystemSource = new();
    private static readonly ConditionalWeakTable<TimeProvider, Source> OtherSources = [];

    private readonly ulong _high;
    private readonly uint _low;

    private JobId(ulong high, uint low) => (_high, _low) = (high, low);

    /// <summary>
    /// Makes an id of now. Ids that one process makes by one clock grow strictly, also when the clock steps back by up to 10 s. A clock that steps back farther was ahead of the
    /// others': ids go back with it, or they would be in the future for good, where actions on all jobs until now do not see them.
    /// </summary>
    public static JobId New(TimeProvider time) =>
        (time == TimeProvider.System ? SystemSource : OtherSources.GetValue(time, static _ => new Source())).Next(TicksOf(time.GetUtcNow().ToUnixTimeMilliseconds()));

    /// <summary>The smallest id that a job made at this time can have: a bound for queries by time.</summary>
    public static JobId FirstOf(DateTimeOffset time)
    {
        var milliseconds = Math.Max(0, time.ToUnixTimeMilliseconds());
        return new JobId((ulong)TicksOf(milliseconds) << 8, 0);
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

    // Seconds and milliseconds side by side leave gaps (a millisecond field counts to 1,023, time only to 999), never disorder.
    private static long TicksOf(long milliseconds) => ((milliseconds / 1000) << 10 | (milliseconds % 1000)) << CounterBits;

    /// <summary>Makes the ids of one clock.</summary>
    private sealed class Source
    {
        private static readonly long FarthestBack = TicksOf(10_000);

        private readonly Lock _gate = new();
        private ulong _bits = Draw();
        private long _last;

        public JobId Next(long now)
        {
            lock (_gate)
            {
                if (_last - now > FarthestBack)
                {
                    // These times may have been used with the old bits.
                    (_bits, _last) = (Draw(), now);
                }

                _last = Math.Max(now, _last + 1);
                return new JobId((ulong)_last << 8 | _bits >> 32, (uint)_bits);
            }
        }

        private static ulong Draw() => RandomNumberGenerator.GetBytes(5).Aggregate(0UL, (bits, b) => (bits << 8) | b);
    }
}

using System.Buffers.Binary;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>Decimal128, which MRQ never writes but may meet in a document of someone else.</summary>
internal static class BsonDecimal
{
    private const int ExponentBias = 6176;

    /// <summary>The nearest double.</summary>
    public static double ToDouble(ReadOnlySpan<byte> bytes)
    {
        var low = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var high = BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]);
        var sign = (high >> 63) == 0 ? 1.0 : -1.0;
        var combination = (high >> 58) & 0b11111;
        if (combination >= 0b11110)
        {
            return combination == 0b11110 ? sign * double.PositiveInfinity : double.NaN;
        }

        if (combination >= 0b11000)
        {
            // The coefficient would have more than 34 digits: by its standard that is zero.
            return sign * 0.0;
        }

        var exponent = (int)((high >> 49) & 0x3FFF) - ExponentBias;
        var coefficient = ((UInt128)(high & 0x1_FFFF_FFFF_FFFF) << 64) | low;
        return sign * double.Parse($"{coefficient}E{exponent}", System.Globalization.CultureInfo.InvariantCulture);
    }
}

using Mrq.Jobs;

namespace Mrq.Storage.Sqlite;

/// <summary>A range of ids as SQLite compares blobs: from the first on, up to but without the second.</summary>
internal readonly record struct JobIdRange(byte[] From, byte[] To)
{
    public static readonly JobIdRange All = new([0], [.. Enumerable.Repeat(byte.MaxValue, JobId.Size + 1)]);

    /// <summary>Only ids of this one or later.</summary>
    public JobIdRange AtLeast(JobId? id) => id is { } bound ? this with { From = Max(From, bound.ToByteArray()) } : this;

    /// <summary>Only ids later than this one.</summary>
    public JobIdRange After(JobId? id) => id is { } bound ? this with { From = Max(From, Behind(bound)) } : this;

    /// <summary>Only ids earlier than this one.</summary>
    public JobIdRange Below(JobId? id) => id is { } bound ? this with { To = Min(To, bound.ToByteArray()) } : this;

    /// <summary>Only ids of this one or earlier.</summary>
    public JobIdRange UpTo(JobId? id) => id is { } bound ? this with { To = Min(To, Behind(bound)) } : this;

    public bool Contains(JobId id)
    {
        ReadOnlySpan<byte> bytes = id.ToByteArray();
        return bytes.SequenceCompareTo(From) >= 0 && bytes.SequenceCompareTo(To) < 0;
    }

    /// <summary>The blob that follows directly: the id and one more byte.</summary>
    private static byte[] Behind(JobId id) => [.. id.ToByteArray(), 0];

    private static byte[] Max(byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b) >= 0 ? a : b;

    private static byte[] Min(byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b) <= 0 ? a : b;
}

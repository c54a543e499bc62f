using Mrq.Jobs;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>Ids side by side in one string, 12 bytes each: scripts get and give them so, which costs a fifth of one argument per id.</summary>
internal static class PackedIds
{
    public static byte[] Pack(IReadOnlyList<JobId> ids)
    {
        var packed = new byte[ids.Count * JobId.Size];
        for (var i = 0; i < ids.Count; i++)
        {
            ids[i].Write(packed.AsSpan(i * JobId.Size));
        }

        return packed;
    }

    public static JobId[] Unpack(byte[]? packed)
    {
        var ids = new JobId[(packed?.Length ?? 0) / JobId.Size];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = JobId.Read(packed.AsSpan(i * JobId.Size, JobId.Size));
        }

        return ids;
    }

    /// <summary>Entries of a list. What is not an id was not put there by MRQ and is passed over.</summary>
    public static IEnumerable<JobId> Read(IEnumerable<RedisValue> entries) =>
        entries.Select(entry => (byte[]?)entry).Where(bytes => bytes?.Length == JobId.Size).Select(bytes => JobId.Read(bytes));
}

using System.Text;
using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>Who holds a key that only one job may have.</summary>
internal static class UniqueKeys
{
    /// <summary>The holders of keys, by key.</summary>
    /// <param name="field"><c>unique_live</c> or <c>idempotency_key</c>.</param>
    public static async Task<Dictionary<string, JobId>> FindHoldersAsync(JobWrites jobs, string field, IReadOnlyCollection<string> keys)
    {
        if (keys.Count == 0)
        {
            return [];
        }

        var name = Encoding.UTF8.GetBytes(field);
        var options = BsonWriter.Document(w => w.BeginDocument("projection"u8).Int32(name, 1).End());
        var holders = await jobs.FindAsync(
            w =>
            {
                w.BeginDocument(name).BeginArray("$in"u8);
                foreach (var key in keys)
                {
                    w.String(default, key);
                }

                w.End().End();
            },
            options,
            document => (Key: TextIn(document, name), Job: BsonReader.TryFind(document, "_id"u8, out var id) ? id.GetObjectId() : default));
        return holders.ToDictionary(holder => holder.Key, holder => holder.Job, StringComparer.Ordinal);
    }

    private static string TextIn(ReadOnlySpan<byte> document, ReadOnlySpan<byte> name) =>
        BsonReader.TryFind(document, name, out var field) ? field.GetString() : "";
}

using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Storage.Sqlite;

/// <summary>The column <c>traceback_history</c>: a JSON array, oldest first.</summary>
internal static class SqliteTracebacks
{
    public static IReadOnlyList<TracebackEntry> Read(SqliteStatement row, int column) =>
        row.IsNull(column) ? [] : JsonSerializer.Deserialize(row.Utf8(column), SqliteJson.Default.TracebackEntryArray) ?? [];

    public static string Write(IReadOnlyList<TracebackEntry> history) =>
        JsonSerializer.Serialize([.. history], SqliteJson.Default.TracebackEntryArray);

    /// <summary>The history with one more failure, without the oldest where there are too many.</summary>
    public static string Append(IReadOnlyList<TracebackEntry> history, TracebackEntry failure) =>
        Write([.. history.Skip(history.Count + 1 - TracebackEntry.MostKept), failure]);
}

namespace Mrq.Storage;

/// <summary>One action of a person or a program through the dashboard or the API.</summary>
/// <param name="Number">Counts upward; given by the store.</param>
/// <param name="Who">User or API key; <see cref="Diagnostics.Audit.Anonymous"/> where no login is set up; a bulk action's task at its end.</param>
/// <param name="Action">One of <see cref="Diagnostics.AuditActions"/>.</param>
/// <param name="Target">Job id, queue, worker or filter that it was asked of.</param>
/// <param name="Count">How many jobs it changed; null where that means nothing.</param>
public sealed record AuditEntry(long Number, DateTimeOffset Date, string Who, string Action, string Target, long? Count);

/// <summary>Who did what.</summary>
public interface IAuditStore
{
    /// <summary>Appends one entry; its number is given here.</summary>
    Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken);

    /// <summary>Entries with a number below <paramref name="before"/> (null: from the newest), newest first.</summary>
    Task<IReadOnlyList<AuditEntry>> ListAsync(long? before, int limit, CancellationToken cancellationToken);

    /// <summary>Deletes entries from before a time. Returns how many.</summary>
    Task<int> DeleteBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

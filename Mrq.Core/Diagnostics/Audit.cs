using Mrq.Storage;

namespace Mrq.Diagnostics;

/// <summary>Notes who did what. Whatever changes jobs, queues or workers for a person calls it after the deed.</summary>
public sealed class Audit(IAuditStore store, TimeProvider time)
{
    /// <summary>Appends one entry.</summary>
    /// <param name="count">How many jobs it changed; null where that means nothing.</param>
    public Task RecordAsync(string who, string action, string target, long? count, CancellationToken cancellationToken) =>
        store.AppendAsync(new AuditEntry(0, time.GetUtcNow(), who, action, target, count), cancellationToken);

    /// <summary>Entries with a number below <paramref name="before"/> (null: from the newest), newest first.</summary>
    public Task<IReadOnlyList<AuditEntry>> ListAsync(long? before, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(before, limit, cancellationToken);
}

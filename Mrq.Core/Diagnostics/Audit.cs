using System.Security.Claims;
using Microsoft.Extensions.Logging;
using Mrq.Storage;

namespace Mrq.Diagnostics;

/// <summary>Notes who did what. Whatever changes jobs, queues or workers for a person calls it after the deed.</summary>
public sealed partial class Audit(IAuditStore store, TimeProvider time, ILogger<Audit> logger)
{
    /// <summary>Whoever acts while no login is set up.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>The signed-in name, or <see cref="Anonymous"/>.</summary>
    public static string NameOf(ClaimsPrincipal user) =>
        user.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name } ? name : Anonymous;

    /// <summary>Appends one entry. Never throws: the deed is done, and what a failed entry would say of it is in the log instead.</summary>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="count">How many jobs it changed; null where that means nothing.</param>
    public async Task RecordAsync(string who, string action, string target, long? count, CancellationToken cancellationToken)
    {
        try
        {
            await AppendAsync(who, action, target, count, cancellationToken);
        }
        catch (Exception e)
        {
            LogNotWritten(who, action, target, count, e);
        }
    }

    /// <summary>Appends one entry, for those who try again when the store fails.</summary>
    public Task AppendAsync(string who, string action, string target, long? count, CancellationToken cancellationToken) =>
        store.AppendAsync(new AuditEntry(0, time.GetUtcNow(), who, action, target, count), cancellationToken);

    /// <summary>Entries with a number below <paramref name="before"/> (null: from the newest), newest first.</summary>
    public Task<IReadOnlyList<AuditEntry>> ListAsync(long? before, int limit, CancellationToken cancellationToken) =>
        store.ListAsync(before, limit, cancellationToken);

    [LoggerMessage(1801, LogLevel.Warning, "The audit log misses that {Who} did {Action} on {Target} ({Count} jobs): the deed is done, the entry could not be written")]
    private partial void LogNotWritten(string who, string action, string target, long? count, Exception cause);
}

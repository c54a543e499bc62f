using Mrq.Diagnostics;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>Notes in the audit log that an import of many jobs begins, and how many it has queued when it ends: one that a crash ends has a begin without an end.</summary>
/// <param name="who">Who imports.</param>
/// <param name="source">Where the jobs come from, for people.</param>
internal sealed class ImportAudit(Audit audit, string who, string source, TimeProvider time)
{
    // Both entries have it, as those of a bulk action have the id of its job.
    private readonly JobId _id = JobId.New(time);

    private bool _hasBegun;

    /// <summary>Notes the begin, once, however often it is called. Never throws.</summary>
    public async Task BeginAsync()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            await audit.RecordAsync(who, AuditActions.ImportBegin, AuditActions.BulkTarget(source, _id), count: null, CancellationToken.None);
        }
    }

    /// <summary>Notes the end, well or early, where the begin was noted. Never throws.</summary>
    /// <param name="queued">Jobs that were queued; those that were there before do not count.</param>
    public async Task EndAsync(long queued)
    {
        if (_hasBegun)
        {
            await audit.RecordAsync(who, AuditActions.ImportEnd, _id.ToString(), queued, CancellationToken.None);
        }
    }
}

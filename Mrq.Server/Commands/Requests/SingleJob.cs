using Mrq.Dashboard.Api;
using Mrq.Diagnostics;
using Mrq.Jobs;

namespace Mrq.Server.Commands.Requests;

/// <summary>One job that a command queues.</summary>
internal static class SingleJob
{
    /// <summary>Queues it, notes who did, and prints its id.</summary>
    /// <exception cref="InvalidJobException">It cannot be accepted; each wrong field is named.</exception>
    public static async Task EnqueueAsync(ClientCall call, JobRequest request, CancellationToken cancellationToken)
    {
        var id = await StoreAsync(call, request, cancellationToken);
        if (call.AsJson)
        {
            call.Output.Json(json => JobsApi.WriteId(json, id.ToString()));
        }
        else
        {
            call.Output.Line(id.ToString());
        }
    }

    /// <summary>Queues it and notes who did.</summary>
    /// <exception cref="InvalidJobException">It cannot be accepted; each wrong field is named.</exception>
    public static async Task<JobId> StoreAsync(ClientCall call, JobRequest request, CancellationToken cancellationToken)
    {
        var job = await call.Get<JobClient>().EnqueueAsync(request, cancellationToken);
        if (!job.Existing)
        {
            await call.Get<Audit>().RecordAsync(ClientCall.Who, AuditActions.Enqueue, request.Path, 1, CancellationToken.None);
        }

        return job.Id;
    }
}

using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Server.Output;
using Mrq.Storage;

namespace Mrq.Server.Commands.Acting;

/// <summary>Prints the log of a job, and follows it.</summary>
internal static class JobLogTail
{
    private const int PageSize = 1000;

    // However much happens, it reads no oftener than this.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    // A signal may be lost: look again this often.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

    /// <param name="follows">True: until the job has ended; false: what is there now.</param>
    public static async Task<int> PrintAsync(ClientCall call, JobId id, bool follows, CancellationToken cancellationToken)
    {
        var time = call.Get<TimeProvider>();
        var changed = new TaskCompletionSource();
        // Subscribed before the first read: a change between the two is not missed.
        using var subscription = follows ? call.Get<ICoordination>().Subscribe(_ => Volatile.Read(ref changed).TrySetResult()) : null;
        long after = 0;
        while (true)
        {
            // Asked before its lines: they are stored before the end of their job.
            var job = await call.Get<IJobQueries>().GetAsync([id], withPayload: false, cancellationToken) is [var found] ? found : null;
            after = await PrintNewAsync(call, id, after, cancellationToken);
            if (job is null && after == 0)
            {
                await Console.Error.WriteLineAsync($"mrq: There is no job {id}.");
                return ExitCode.Failed;
            }

            if (!follows || job is null || JobStatuses.Final.Contains(job.Status))
            {
                return ExitCode.Done;
            }

            await Task.WhenAny(changed.Task, Task.Delay(LongestSilence, time, cancellationToken));
            await Task.Delay(Pace, time, cancellationToken);
            // Before the next look: what comes during it is seen at the one after.
            Volatile.Write(ref changed, new TaskCompletionSource());
        }
    }

    private static async Task<long> PrintNewAsync(ClientCall call, JobId id, long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            var lines = await call.Get<IJobLogStore>().ReadAsync(id, after, PageSize, cancellationToken);
            foreach (var line in lines)
            {
                if (call.AsJson)
                {
                    call.Output.Json(json => JobLogJson.Write(json, line), inOneLine: true);
                }
                else
                {
                    JobDetails.Write(call.Output, line);
                }
            }

            call.Output.Flush();
            if (lines.Count == 0)
            {
                return after;
            }

            after = lines[^1].Number;
        }
    }
}

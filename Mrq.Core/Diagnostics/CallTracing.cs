using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Diagnostics;

/// <summary>What a task used and waited for that was run as a call.</summary>
/// <param name="Usage">Null: it was not measured.</param>
/// <param name="Io">Null: it was not traced.</param>
public sealed record CallFigures(JobUsage? Usage, WorkerIo? Io);

/// <summary>
/// Looks into a task that is run as a call (<see cref="TaskCall"/>) as workers look into their jobs: as <see cref="MrqOptions.TraceIo"/>, <see cref="MrqOptions.TraceUsage"/> and
/// <see cref="MrqOptions.TraceMemory"/> say. Without them it does nothing.
/// </summary>
public sealed class CallTracing
{
    private readonly AttemptTrace _trace;
    private readonly IoTracing _io;

    internal CallTracing(MrqOptions options, IoTracing io, IMemoryWatch? watch) =>
        (_trace, _io) = (new AttemptTrace(options.TraceUsage, options.TraceMemory ? new MemoryTrace(watch) : null), io);

    /// <summary>Runs the task. What was seen of it is told at its end, also when it throws; not at all, where nothing was to be seen.</summary>
    internal async Task<string?> RunAsync(Job job, Func<Task<string?>> task, ILogger log, Action<CallFigures> seen)
    {
        var times = _io.TimesOfWorker();
        if (times is null && !_trace.IsOn)
        {
            return await task();
        }

        using var listening = _io.Listen();
        var io = times?.Begin(job.Path);
        if (io is not null)
        {
            // A call inside of a job still logs to that job.
            JobFlow.Current = new JobFlow(JobFlow.Current?.Log, io);
        }

        JobUsage? usage = null;
        try
        {
            return await _trace.MeasureAsync(job, task, log, used => usage = used);
        }
        finally
        {
            io?.Close();
            seen(new CallFigures(usage, times?.Read()));
        }
    }
}

using Microsoft.Extensions.Logging;
using Mrq.Jobs;

namespace Mrq.Diagnostics;

/// <summary>Measures an attempt as the options say. One that goes on after its timeout or abort was recorded is not waited for, and has no figures.</summary>
/// <param name="tracesUsage">See <see cref="Hosting.MrqOptions.TraceUsage"/>.</param>
/// <param name="memory">Null: memory is not measured.</param>
internal sealed class AttemptTrace(bool tracesUsage, MemoryTrace? memory)
{
    public bool IsOn => tracesUsage || memory is not null;

    /// <summary>Runs the task and tells what it used at its end, also when it throws.</summary>
    /// <param name="tell">Called once; null: nothing was measured.</param>
    public async Task<string?> MeasureAsync(Job job, Func<Task<string?>> task, ILogger log, Action<JobUsage?> tell)
    {
        FlowUsage? usage = null;
        string? result = null;
        memory?.Begin(log);
        try
        {
            return result = await RunAsync();
        }
        finally
        {
            // Memory last: its collections are not the task's work.
            var used = usage?.Read();
            tell(JobUsage.Of(used?.CpuTime, used?.Switches, used?.Allocated, memory?.End(job, result, log)));
        }

        // A method of its own: the flow is measured up to its end.
        async Task<string?> RunAsync()
        {
            usage = tracesUsage ? FlowUsage.Begin() : null;
            return await task();
        }
    }
}

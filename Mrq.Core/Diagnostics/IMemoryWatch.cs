using Microsoft.Extensions.Logging;
using Mrq.Jobs;

namespace Mrq.Diagnostics;

/// <summary>
/// Finds which objects a job leaves in memory. The engine has none: it would bring packages along that an application may not want. That of <c>mrq</c> is in
/// Mrq.Server/Tracing. Asked when <see cref="Hosting.MrqOptions.TraceMemory"/> is on, for one job at a time.
/// </summary>
public interface IMemoryWatch
{
    /// <summary>A job is about to begin. Neither call throws: what goes wrong is told in the job's log, for the job is not to fail by it.</summary>
    void BeforeJob(ILogger log);

    /// <summary>That job has ended. What is there more than before goes into its log.</summary>
    void AfterJob(Job job, ILogger log);
}

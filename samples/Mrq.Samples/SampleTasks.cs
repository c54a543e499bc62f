using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;

namespace Mrq.Samples;

/// <summary>Registers the sample tasks.</summary>
public static class SampleTasks
{
    public static MrqBuilder AddSamples(this MrqBuilder mrq)
    {
        mrq.Services.AddSingleton<LeakedMemory>();
        return mrq.AddTasksFrom(typeof(SampleTasks).Assembly);
    }
}

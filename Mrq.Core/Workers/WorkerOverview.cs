namespace Mrq.Workers;

/// <summary>A worker as people see it: what it last said of itself, and what the job store knows of it now.</summary>
/// <param name="IsAlive">As far as its reports tell.</param>
/// <param name="InHand">Jobs that it has begun or holds ahead: those in status started, and those without a document that it last reported.</param>
public sealed record WorkerOverview(WorkerReport Report, bool IsAlive, int InHand)
{
    private static readonly TimeSpan RemembersLost = TimeSpan.FromMinutes(10);

    /// <summary>It fell silent without having ended.</summary>
    public bool IsLost => !IsAlive && Report.Status != WorkerStatus.Stop;

    /// <summary>Of those in hand, the ones that have a slot.</summary>
    public int Running => Math.Min(InHand, Report.Concurrency);

    /// <summary>
    /// True while people should know of it: it is alive, holds jobs that have not gone back yet, or was lost in the last 10 minutes.
    /// </summary>
    public bool IsOfInterest(DateTimeOffset now) =>
        IsAlive || InHand > 0 || (IsLost && now - (Report.DateGivenBack ?? Report.DateReported) <= RemembersLost);
}

/// <summary>The living workers in numbers: without those of bulk actions, whose slots are not for jobs of people. Every page and command counts by this.</summary>
/// <param name="Slots">Jobs that they can run at once.</param>
/// <param name="Running">Slots in use.</param>
public sealed record WorkerTotals(int Alive, int Slots, int Running)
{
    public static WorkerTotals Of(IEnumerable<WorkerOverview> workers)
    {
        var counted = workers.Where(worker => worker.IsAlive && !worker.Report.IsSystem).ToList();
        return new WorkerTotals(counted.Count, counted.Sum(worker => worker.Report.Concurrency), counted.Sum(worker => worker.Running));
    }
}

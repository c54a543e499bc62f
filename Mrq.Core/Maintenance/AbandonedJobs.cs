namespace Mrq.Maintenance;

/// <summary>
/// What workers that are gone have left, given back at once for who cannot wait until maintenance comes round: a worker that is about to end, after whom
/// nobody may do it. Other nodes may do the same at the same time; each job goes back once.
/// </summary>
/// <param name="tasks">Kept for this one alone, and not for the maintenance of the process: they remember what their last look found (<see cref="GoneWorkers"/>).</param>
internal sealed class AbandonedJobs(IReadOnlyList<IMaintenanceTask> tasks)
{
    /// <summary>Gives back what can be known to be left, jobs and entries of raw queues.</summary>
    /// <returns>True: there was something.</returns>
    public async Task<bool> GiveBackAsync(CancellationToken cancellationToken)
    {
        var changed = 0;
        foreach (var task in tasks)
        {
            MaintenanceRun run;
            do
            {
                run = await task.RunAsync(cancellationToken);
                changed += run.Changed;
            }
            while (run.IsMore);
        }

        return changed > 0;
    }
}

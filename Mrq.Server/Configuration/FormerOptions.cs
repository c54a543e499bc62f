namespace Mrq.Server.Configuration;

/// <summary>
/// Options of the original that have no meaning here. Who brings them along is told what stands in their place, and starts all the same.
/// </summary>
internal static class FormerOptions
{
    public static readonly IReadOnlyList<FormerOption> All =
    [
        new("mongodb_logs", "Logs lie beside the jobs. --max_log_lines_per_job 0 keeps none."),
        new("no_mongodb_ensure_indexes", "Indexes are made at the first start and looked at afterwards, which costs nothing.", IsSwitch: true),
        new("redis_max_connections", "One connection serves all jobs of a process."),
        new("redis_timeout", "One connection serves all jobs of a process; nobody waits for one."),
        new("worker_class", "Tasks and services are registered in C#: AddMrq(...)."),
        new("no_import_patch", "It worked around a bug of gevent.", IsSwitch: true),
        new("use_large_job_ids", "Ids in Redis are of one length.", IsSwitch: true),
        new("dashboard_queue", "Bulk actions have a queue of their own."),
        new("supervisord_template", "mrq supervises its processes itself: --processes."),
        new("scheduler_interval", "Schedules are looked at when they are due."),
        new("subqueues_refresh_interval", "A new sub-queue is seen at once."),
        new("subqueues_delimiter", "It is always /."),
        new("paused_queues_refresh_interval", "A pause holds at once."),
    ];

    public static FormerOption? Find(string name) => All.FirstOrDefault(option => OptionNames.AreOne(option.Name, name));
}

/// <param name="Reason">What stands in its place, as a sentence.</param>
/// <param name="IsSwitch">True: no value follows it on the command line.</param>
internal sealed record FormerOption(string Name, string Reason, bool IsSwitch = false);

namespace Mrq.Maintenance;

/// <summary>One duty that the leader does again and again.</summary>
internal interface IMaintenanceTask
{
    /// <summary>For logs and for people.</summary>
    string Name { get; }

    /// <summary>Time from the end of one run to the begin of the next. It is also done as soon as a node becomes leader.</summary>
    TimeSpan Interval { get; }

    /// <summary>Does a bounded part of what there is to do now, so that the leader renews its term and no other duty waits long.</summary>
    Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken);
}

/// <param name="Changed">How many jobs or documents were changed.</param>
/// <param name="IsMore">True: there is more of the same; the next run follows at once.</param>
internal readonly record struct MaintenanceRun(int Changed, bool IsMore);

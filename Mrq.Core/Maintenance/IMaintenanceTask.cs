namespace Mrq.Maintenance;

/// <summary>One duty that the leader does again and again.</summary>
internal interface IMaintenanceTask
{
    /// <summary>For logs and for people.</summary>
    string Name { get; }

    /// <summary>Time from the end of one run to the begin of the next. It is also done as soon as a node becomes leader.</summary>
    TimeSpan Interval { get; }

    /// <summary>Does what there is to do now. Returns how many jobs or documents it changed.</summary>
    Task<int> RunAsync(CancellationToken cancellationToken);
}

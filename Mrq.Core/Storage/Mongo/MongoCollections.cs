using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>The collections of MRQ in a database.</summary>
internal sealed class MongoCollections(string database)
{
    public string Database { get; } = database;

    /// <summary>The documents of jobs.</summary>
    public MongoNamespace Jobs { get; } = new(database, "mrq_jobs");

    /// <summary>Their log lines; capped.</summary>
    public MongoNamespace Logs { get; } = new(database, "mrq_logs");

    /// <summary>How many jobs there are, by status, queue, path and exception type.</summary>
    public MongoNamespace JobCounts { get; } = new(database, "mrq_job_counts");

    /// <summary>How many attempts ended, by span of time.</summary>
    public MongoNamespace Rates { get; } = new(database, "mrq_rates");

    /// <summary>Sets of jobs.</summary>
    public MongoNamespace Batches { get; } = new(database, "mrq_batches");

    /// <summary>Reports of workers.</summary>
    public MongoNamespace Workers { get; } = new(database, "mrq_workers");

    /// <summary>Entries of the scheduler.</summary>
    public MongoNamespace Schedules { get; } = new(database, "mrq_scheduled_jobs");

    /// <summary>Who did what.</summary>
    public MongoNamespace Audit { get; } = new(database, "mrq_audit");

    /// <summary>Numbers that only grow, by their names.</summary>
    public MongoNamespace Counters { get; } = new(database, "mrq_counters");
}

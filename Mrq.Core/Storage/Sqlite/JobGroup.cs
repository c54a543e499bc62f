using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage.Sqlite;

/// <summary>What jobs of one group share. Each job points to its group, and each group knows how many jobs do.</summary>
/// <param name="ExceptionType">Null: none.</param>
internal readonly record struct JobGroupKey(string Path, QueueName Queue, JobStatus Status, string? ExceptionType);

/// <summary>A group as it is stored.</summary>
internal sealed record JobGroup(long Id, JobGroupKey Key);

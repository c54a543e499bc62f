using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage.Filtering;

/// <summary>What jobs of one group share. Stores keep one total for each group, so that pages need not count documents.</summary>
/// <param name="ExceptionType">Null: none.</param>
internal readonly record struct JobGroupKey(string Path, QueueName Queue, JobStatus Status, string? ExceptionType);

using Mrq.Storage.Filtering;

namespace Mrq.Storage.Sqlite;

/// <summary>A group as it is stored. Each job points to its group, and each group knows how many jobs do.</summary>
internal sealed record JobGroup(long Id, JobGroupKey Key);

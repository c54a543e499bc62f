using Mrq.Workers;

namespace Mrq.Diagnostics;

/// <summary>The I/O of one worker's jobs, by type and by task.</summary>
internal sealed class IoTimes(IoTracing tracing, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly IoTable _types = new();
    private readonly IoTable _tasks = new();

    /// <summary>Who listens for it.</summary>
    public IoTracing Tracing => tracing;

    /// <summary>A further attempt, of a task with this path.</summary>
    public JobIo Begin(string path) => new(path, this, time);

    public void Count(string type, string path, TimeSpan took)
    {
        lock (_gate)
        {
            _types.Count(type, took);
            _tasks.Count(path, took);
        }
    }

    public WorkerIo Read()
    {
        lock (_gate)
        {
            return new WorkerIo(_types.Read(), _tasks.Read());
        }
    }

    /// <summary>Not for several threads.</summary>
    private sealed class IoTable
    {
        private const int Most = 50;
        private const string Rest = "(other)";

        private readonly Dictionary<string, IoTime> _rows = new(StringComparer.Ordinal);

        public void Count(string name, TimeSpan took)
        {
            // Names come from outside: a report must not grow with them.
            var row = _rows.Count < Most || _rows.ContainsKey(name) ? name : Rest;
            var before = _rows.GetValueOrDefault(row) ?? new IoTime(row, 0, 0);
            _rows[row] = before with { Calls = before.Calls + 1, Seconds = before.Seconds + took.TotalSeconds };
        }

        public IReadOnlyList<IoTime> Read() => [.. _rows.Values.OrderByDescending(row => row.Seconds).ThenBy(row => row.Name, StringComparer.Ordinal)];
    }
}

using Microsoft.Extensions.Configuration;
using Mrq.Tasks;

namespace Mrq.Queues;

/// <summary>The limits of one queue. A null member sets none.</summary>
/// <param name="MaxConcurrency">Most of its jobs at once over all workers, from 1; one more waits.</param>
/// <param name="RateLimit">Most of its jobs to begin within a span of time, over all workers; one more waits.</param>
public sealed record QueueLimit(int? MaxConcurrency, RateLimit? RateLimit);

/// <summary>The limits that queues have by configuration (<c>Mrq:QueueLimits:name</c>); a name that ends in <c>/</c> gives them to each of its sub-queues.</summary>
public sealed class QueueLimits
{
    /// <summary>About so long a job waits that finds its queue full.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    private static readonly string[] Known = ["max_concurrency", "rate_limit"];

    private readonly Dictionary<string, QueueLimit> _limits;

    private QueueLimits(Dictionary<string, QueueLimit> limits) => _limits = limits;

    /// <summary>True: no queue has any.</summary>
    public bool IsEmpty => _limits.Count == 0;

    /// <summary>The limits of a queue: its own, else those of the nearest name above it; null: none.</summary>
    public QueueLimit? Of(QueueName queue)
    {
        var name = queue.Value;
        if (_limits.TryGetValue(name, out var limit))
        {
            return limit;
        }

        for (var slash = name.LastIndexOf('/'); slash > 0; slash = name.LastIndexOf('/', slash - 1))
        {
            if (_limits.TryGetValue(name[..(slash + 1)], out limit))
            {
                return limit;
            }
        }

        return null;
    }

    /// <exception cref="InvalidOperationException">Something is wrong; all of it is named.</exception>
    public static QueueLimits Read(IConfigurationSection? section)
    {
        var limits = new Dictionary<string, QueueLimit>(StringComparer.Ordinal);
        var errors = new List<string>();
        foreach (var queue in section?.GetChildren() ?? [])
        {
            if (!QueueName.TryParse(queue.Key, out var named, out var error))
            {
                errors.Add($"{queue.Path}: {error}");
            }
            else if (named.RawKind is not null)
            {
                errors.Add($"{queue.Path}: '{named}' is a raw queue. Its jobs belong to its retry queue: limit that, or the task.");
            }

            // The same texts and bounds as those of a task.
            var options = new TaskOptions();
            foreach (var given in queue.GetChildren())
            {
                var name = given.Key.Replace('-', '_').ToLowerInvariant();
                if (!Known.Contains(name) || TaskOptionTable.Find(name) is not { } option)
                {
                    errors.Add($"{given.Path} is not an option of a queue. Known: {string.Join(", ", Known)}.");
                    continue;
                }

                try
                {
                    options = option.Set(options, given.Value ?? "");
                }
                catch (FormatException e)
                {
                    errors.Add($"{given.Path}: {e.Message}");
                }
            }

            limits[queue.Key] = new QueueLimit(options.MaxConcurrency, options.RateLimit);
        }

        return errors.Count == 0 ? new QueueLimits(limits) : throw new InvalidOperationException(string.Join(Environment.NewLine, errors));
    }
}

using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Server.Commands.Acting;

/// <summary>The queues that anybody speaks of: jobs that are or were in them, workers that live, and the configuration that this process reads. Any other name may be mistyped.</summary>
internal sealed class KnownQueues
{
    private readonly List<string> _names;

    private KnownQueues(IEnumerable<string> names) => _names = [.. names.Distinct(StringComparer.Ordinal)];

    /// <summary>Single ones, by name: patterns of workers are none.</summary>
    public IEnumerable<string> Names => _names.Where(name => QueueName.TryParse(name, out var queue, out _) && queue.NotOneQueue is null && queue != QueueName.System).Order(StringComparer.Ordinal);

    public static async Task<KnownQueues> ReadAsync(EngineClient engine, ServerSettings settings, CancellationToken cancellationToken)
    {
        var used = await engine.Get<QueueControl>().ListAsync(cancellationToken);
        var now = engine.Get<TimeProvider>().GetUtcNow();
        var workers = (await engine.Get<WorkerControl>().ListAsync(cancellationToken)).Where(worker => worker.IsAlive(now) && !worker.IsSystem);
        return new KnownQueues(
        [
            .. used.Select(queue => queue.Name.Value),
            .. workers.SelectMany(worker => worker.Queues).Select(queue => queue.Value),
            engine.Get<IOptions<MrqOptions>>().Value.DefaultQueue,
            QueueName.System.Value,
            .. FileSections.QueuesIn(settings.Section),
        ]);
    }

    /// <summary>True: somebody speaks of it, or, when it ends in <c>/</c>, of one under it.</summary>
    public bool Has(QueueName queue) => _names.Exists(name =>
        QueuePattern.Matches(name, queue) || (queue.NotOneQueue is not null && name.StartsWith(queue.Value, StringComparison.Ordinal)));

    /// <summary>The one that was probably meant; null: none is like it.</summary>
    public string? Closest(QueueName queue) => Suggestion.Closest(queue.Value, Names);

    /// <summary>What to tell of one that nobody knows: a sentence, without its full stop.</summary>
    public static string Unknown(QueueName queue) => $"nobody knows a queue {queue}: no job is or was in it, no worker listens to it, and no configuration here names it";
}

using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Dashboard.Api;

/// <summary>Numbers for Prometheus: maintained totals only, so that a scrape costs the same at any number of jobs.</summary>
internal sealed class MetricsApi(IJobQueries queries, IQueueStore queues, IRawQueueContents rawQueues, WorkerControl workers, TimeProvider time) : IApiResource
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public void Map(ApiRoutes routes) =>
        routes.Get("/metrics", new ApiDoc("Health", "Numbers for Prometheus")
        {
            AnswerType = "text/plain",
            Answer = "# TYPE mrq_jobs gauge\nmrq_jobs{status=\"queued\"} 12\n",
        }, ReadAsync);

    private async Task ReadAsync(ApiCall call)
    {
        var text = new StringBuilder(4096);
        WriteJobs(text, await queries.CountsAsync(call.Aborted));
        WriteQueues(text, await queues.ListAsync(call.Aborted));
        WriteRawQueues(text, await rawQueues.ListAsync(time.GetUtcNow(), call.Aborted));
        WriteWorkers(text, await workers.OverviewAsync(call.Aborted));
        WriteProcess(text);
        call.Http.Response.ContentType = ContentType;
        await call.Http.Response.WriteAsync(text.ToString(), call.Aborted);
    }

    private static void WriteJobs(StringBuilder text, IReadOnlyList<JobCount> counts)
    {
        Begin(text, "mrq_jobs", "gauge", "Jobs in the store by status.");
        foreach (var name in JobStatuses.AllNames)
        {
            Line(text, "mrq_jobs", $"status=\"{name}\"", counts.Where(c => JobStatuses.NameOf(c.Status) == name).Sum(c => c.Count));
        }
    }

    private static void WriteQueues(StringBuilder text, IReadOnlyList<QueueSize> sizes)
    {
        Each(text, "mrq_queue_size", "Ids that wait in a queue.", sizes, queue => (queue.Queue, queue.Size));
        Each(text, "mrq_queue_paused", "1: the queue is paused.", sizes, queue => (queue.Queue, queue.Paused ? 1 : 0));
    }

    private static void WriteRawQueues(StringBuilder text, IReadOnlyList<RawQueueSize> sizes)
    {
        Each(text, "mrq_raw_queue_size", "Entries that wait in a raw queue, due or not.", sizes, queue => (queue.Queue, queue.Size));
        Each(text, "mrq_raw_queue_due", "Entries of a raw queue that a worker may take now.", sizes, queue => (queue.Queue, queue.Due));
        Each(text, "mrq_raw_queue_rejected", "Entries that were set aside because no job could be made of them.", sizes, queue => (queue.Queue, queue.Rejected));
    }

    private static void Each<T>(StringBuilder text, string name, string help, IReadOnlyList<T> queues, Func<T, (QueueName Queue, long Value)> read)
    {
        Begin(text, name, "gauge", help);
        foreach (var (queue, value) in queues.Select(read))
        {
            // Names of queues have no quote, backslash or line break: they need no escaping.
            Line(text, name, $"queue=\"{queue}\"", value);
        }
    }

    private static void WriteWorkers(StringBuilder text, IReadOnlyList<WorkerOverview> workers)
    {
        var totals = WorkerTotals.Of(workers);
        One(text, "mrq_workers", "gauge", "Workers that are alive, without those of bulk actions.", totals.Alive);
        One(text, "mrq_workers_slots", "gauge", "Jobs they can run at once.", totals.Slots);
        One(text, "mrq_workers_running", "gauge", "Jobs they run.", totals.Running);
        One(text, "mrq_workers_overdue", "gauge", "Tasks that go on after their job was ended.", workers.Where(w => w.IsAlive).Sum(w => w.Report.Overdue));
    }

    private static void WriteProcess(StringBuilder text)
    {
        using var process = Process.GetCurrentProcess();
        One(text, "process_cpu_seconds_total", "counter", "CPU time of this process.", process.TotalProcessorTime.TotalSeconds);
        One(text, "process_resident_memory_bytes", "gauge", "Resident memory of this process.", process.WorkingSet64);
        One(text, "process_threads", "gauge", "Threads of this process.", process.Threads.Count);
        One(text, "dotnet_gc_heap_bytes", "gauge", "Managed heap of this process.", GC.GetTotalMemory(forceFullCollection: false));
        One(text, "dotnet_gc_collections_total", "counter", "Collections since its start.", GC.CollectionCount(0));
    }

    private static void One(StringBuilder text, string name, string type, string help, double value)
    {
        Begin(text, name, type, help);
        Line(text, name, labels: null, value);
    }

    private static void Begin(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n').Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line(StringBuilder text, string name, string? labels, double value)
    {
        text.Append(name);
        if (labels is not null)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}

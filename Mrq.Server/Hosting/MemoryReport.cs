using System.Diagnostics;
using System.Runtime;
using System.Text.Json;
using Mrq.Server.Tracing;

namespace Mrq.Server.Hosting;

/// <summary>What this process uses of memory. Sizes are bytes, times seconds.</summary>
internal static class MemoryReport
{
    private static readonly string[] Generations = ["gen0", "gen1", "gen2", "large", "pinned"];

    /// <param name="types">Types of live objects, as far as they were asked for.</param>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, HeapCount>> types)
    {
        using var process = Process.GetCurrentProcess();
        json.WriteStartObject();
        json.WriteNumber("process_id", Environment.ProcessId);
        json.WriteNumber("memory", process.WorkingSet64);
        json.WriteNumber("peak_memory", process.PeakWorkingSet64);
        json.WriteNumber("managed", GC.GetTotalMemory(forceFullCollection: false));
        json.WriteNumber("allocated", GC.GetTotalAllocatedBytes());
        json.WriteNumber("handles", process.HandleCount);
        json.WriteNumber("threads", process.Threads.Count);
        json.WriteNumber("timers", Timer.ActiveCount);
        json.WriteNumber("assemblies", AppDomain.CurrentDomain.GetAssemblies().Length);
        WriteHeap(json, GC.GetGCMemoryInfo(GCKind.Any));
        WritePool(json);
        if (types.Count > 0)
        {
            WriteTypes(json, types);
        }

        json.WriteEndObject();
    }

    // As of the last collection.
    private static void WriteHeap(Utf8JsonWriter json, GCMemoryInfo heap)
    {
        json.WriteStartObject("gc");
        json.WriteString("mode", GCSettings.IsServerGC ? "server" : "workstation");
        json.WriteNumber("collections", GC.CollectionCount(0));
        json.WriteNumber("collections_gen1", GC.CollectionCount(1));
        json.WriteNumber("collections_gen2", GC.CollectionCount(2));
        json.WriteNumber("pause_total", GC.GetTotalPauseDuration().TotalSeconds);
        json.WriteNumber("pause_percent", heap.PauseTimePercentage);
        json.WriteNumber("heap", heap.HeapSizeBytes);
        json.WriteNumber("fragmented", heap.FragmentedBytes);
        json.WriteNumber("committed", heap.TotalCommittedBytes);
        json.WriteNumber("available", heap.TotalAvailableMemoryBytes);
        json.WriteNumber("machine_load", heap.MemoryLoadBytes);
        json.WriteNumber("pinned_objects", heap.PinnedObjectsCount);
        json.WriteNumber("waiting_for_finalizer", heap.FinalizationPendingCount);
        json.WriteStartArray("generations");
        for (var i = 0; i < Math.Min(Generations.Length, heap.GenerationInfo.Length); i++)
        {
            json.WriteStartObject();
            json.WriteString("name", Generations[i]);
            json.WriteNumber("size", heap.GenerationInfo[i].SizeAfterBytes);
            json.WriteNumber("fragmented", heap.GenerationInfo[i].FragmentationAfterBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTypes(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, HeapCount>> types)
    {
        json.WriteStartArray("types");
        foreach (var (name, count) in types)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteNumber("objects", count.Objects);
            json.WriteNumber("size", count.Bytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePool(Utf8JsonWriter json)
    {
        json.WriteStartObject("thread_pool");
        json.WriteNumber("threads", ThreadPool.ThreadCount);
        json.WriteNumber("waiting", ThreadPool.PendingWorkItemCount);
        json.WriteNumber("completed", ThreadPool.CompletedWorkItemCount);
        json.WriteEndObject();
    }
}

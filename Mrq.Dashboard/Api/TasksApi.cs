using System.Text.Json;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Dashboard.Api;

/// <summary>The tasks that can be asked for: those of this process, and those that workers elsewhere report.</summary>
internal sealed class TasksApi(TaskRegistry registry, KnownTasks known, IWorkerStore workers, IOptions<MrqOptions> options, TimeProvider time)
    : IApiResource
{
    public void Map(ApiRoutes routes) =>
        routes.Get("/api/tasks", new ApiDoc("Tasks", "List tasks")
        {
            Description = "`params` and `options` are known of tasks of this process only. `broken` names what could not be loaded from the task folder.",
            Answer = """{"tasks":[{"path":"samples.add","source":"Mrq.Samples","workers":1,"params":[{"name":"a","type":"integer","required":true}],"options":{"queue":"default","timeout":3600,"max_retries":3}}],"broken":[]}""",
        }, ListAsync);

    private async Task ListAsync(ApiCall call)
    {
        var paths = await known.ListAsync(call.Aborted);
        var now = time.GetUtcNow();
        var reported = (await workers.ListAsync(call.Aborted)).Where(w => w.IsAlive(now))
            .SelectMany(w => w.Tasks.Distinct(StringComparer.Ordinal)).CountBy(p => p).ToDictionary(StringComparer.Ordinal);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("tasks");
            foreach (var path in paths)
            {
                Write(json, path, reported.GetValueOrDefault(path));
            }

            json.WriteEndArray();
            json.WriteStartArray("broken");
            foreach (var broken in registry.Broken)
            {
                json.WriteStartObject();
                json.WriteString("source", broken.Source);
                json.WriteString("error", broken.Error);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private void Write(Utf8JsonWriter json, string path, int reportedBy)
    {
        json.WriteStartObject();
        json.WriteString("path", path);
        json.WriteNumber("workers", reportedBy);
        if (registry.Find(path) is { } task)
        {
            json.WriteString("source", task.Source);
            json.WriteStartArray("params");
            foreach (var param in task.Params)
            {
                json.WriteStartObject();
                json.WriteString("name", param.Name);
                json.WriteString("type", param.Type);
                json.WriteBoolean("required", param.Required);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteOptions(json, task.Options);
        }

        json.WriteEndObject();
    }

    // As they hold: what the task leaves open is filled in.
    private void WriteOptions(Utf8JsonWriter json, TaskOptions task)
    {
        var defaults = options.Value;
        json.WriteStartObject("options");
        TaskOptionsJson.WriteFields(json, task.Over(new TaskOptions
        {
            Queue = new QueueName(defaults.DefaultQueue),
            Priority = 0,
            Timeout = defaults.DefaultTimeout,
            ResultTtl = defaults.DefaultResultTtl,
            AbortTtl = defaults.DefaultAbortTtl,
            CancelTtl = defaults.DefaultCancelTtl,
            MaxRetries = defaults.DefaultMaxRetries,
            RetryOnFailure = false,
            RetryDelay = defaults.DefaultRetryDelay,
            Cpu = false,
        }));
        json.WriteEndObject();
    }
}

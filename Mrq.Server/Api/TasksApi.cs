using System.Text.Json;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Server.Api;

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
        json.WriteString("queue", task.Queue?.Value ?? defaults.DefaultQueue);
        json.WriteNumber("timeout", (task.Timeout ?? defaults.DefaultTimeout).TotalSeconds);
        json.WriteNumber("result_ttl", (task.ResultTtl ?? defaults.DefaultResultTtl).TotalSeconds);
        json.WriteNumber("abort_ttl", (task.AbortTtl ?? defaults.DefaultAbortTtl).TotalSeconds);
        json.WriteNumber("cancel_ttl", (task.CancelTtl ?? defaults.DefaultCancelTtl).TotalSeconds);
        json.WriteNumber("max_retries", task.MaxRetries ?? defaults.DefaultMaxRetries);
        json.WriteNumber("retry_delay", (task.RetryDelay ?? defaults.DefaultRetryDelay).TotalSeconds);
        if (task.MaxConcurrency is { } most)
        {
            json.WriteNumber("max_concurrency", most);
        }
        else
        {
            json.WriteNull("max_concurrency");
        }

        json.WriteBoolean("cpu", task.Cpu);
        json.WriteEndObject();
    }
}

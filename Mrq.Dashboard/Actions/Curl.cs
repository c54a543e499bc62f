using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Dashboard.Actions;

/// <summary>The same through the REST interface, as a line for the shell.</summary>
internal static class Curl
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Queues a job like this one.</summary>
    public static string Enqueue(string baseUri, Job job)
    {
        var body = new JsonObject { ["path"] = job.Path, ["params"] = JsonNode.Parse(job.Params), ["queue"] = job.Queue.Value };
        if (job.OwnTags.Any())
        {
            body["tags"] = new JsonArray([.. job.OwnTags.Select(t => JsonValue.Create(t))]);
        }

        return Post(baseUri, body);
    }

    /// <summary>Queues a job of the first task that is known here.</summary>
    public static string Example(string baseUri, TaskRegistry tasks) => Post(baseUri, ExampleJob(tasks));

    /// <summary>Queues a batch of two such jobs.</summary>
    public static string ExampleBatch(string baseUri, TaskRegistry tasks) =>
        Post(baseUri, new JsonObject { ["name"] = "My first batch", ["jobs"] = new JsonArray(ExampleJob(tasks), ExampleJob(tasks)) }, "batches");

    private static JsonObject ExampleJob(TaskRegistry tasks)
    {
        var task = tasks.All.FirstOrDefault(t => t.Path != JobActionTask.Path);
        var parameters = new JsonObject();
        foreach (var param in (task?.Params ?? []).Where(p => p.Required))
        {
            parameters[param.Name] = param.Type switch { "integer" or "number" => 1, "boolean" => true, "array" => new JsonArray(), "object" => new JsonObject(), _ => "text" };
        }

        return new JsonObject { ["path"] = task?.Path ?? "my.task", ["params"] = parameters };
    }

    private static string Post(string baseUri, JsonObject body, string resource = "jobs") =>
        $"curl -X POST {baseUri}api/{resource} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body.ToJsonString(Relaxed).Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Dashboard.Actions;

/// <summary>The same through the REST interface, as a line for the shell.</summary>
internal static class Curl
{
    // As deep as the interface reads it: each job of a chain lies in the one before.
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonDepth.OfJobs };
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = JsonDepth.OfJobs };

    /// <summary>Queues a job like this one and those that run after it, with all that their requests said of them; but now, in no batch, and without what came before it.</summary>
    /// <param name="followers">The jobs after it in its chain, in their order.</param>
    /// <returns>Null: their params cannot be written as JSON again.</returns>
    public static string? Enqueue(string baseUri, Job job, IReadOnlyList<Job> followers)
    {
        try
        {
            return Post(baseUri, Chain(job, followers));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Too deep, no object, or with half of a surrogate pair, which parses but cannot be written: other programs may have stored them.
            return null;
        }
    }

    private static JsonObject Chain(Job job, IReadOnlyList<Job> followers)
    {
        var body = Request(job);
        var last = body;
        foreach (var follower in followers)
        {
            var then = Request(follower);
            if (follower.ResultAs is { } param)
            {
                // It has the result by now, which the new one is to get anew.
                Remove(then["params"]!.AsObject(), param);
                then["result_as"] = param;
            }

            last["then"] = then;
            last = then;
        }

        return body;
    }

    // Whatever its letters: so the result was put there.
    private static void Remove(JsonObject parameters, string param)
    {
        foreach (var name in parameters.Select(given => given.Key).Where(name => name.Equals(param, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            parameters.Remove(name);
        }
    }

    private static JsonObject Request(Job job)
    {
        var body = new JsonObject { ["path"] = job.Path, ["params"] = JsonNode.Parse(job.Params, documentOptions: Deep), ["queue"] = job.Queue.Value };
        if (job.OwnTags.Any())
        {
            body["tags"] = new JsonArray([.. job.OwnTags.Select(t => JsonValue.Create(t))]);
        }

        if (job.UniqueKey is { } key)
        {
            body["unique_key"] = key;
            if (job.IsUniqueWhileQueued)
            {
                body["unique_while_queued"] = true;
            }
            else if (job.UniqueUntil is { } until)
            {
                body["unique_for"] = (until - job.DateQueued).TotalSeconds;
            }
        }

        foreach (var (name, value) in JsonNode.Parse(TaskOptionsJson.Write(OptionsOf(job)))!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        return body;
    }

    // Those that a job has fields for may be of its task; saying them again changes nothing.
    private static TaskOptions OptionsOf(Job job) => (job.Options ?? new TaskOptions()) with
    {
        Queue = job.Queue,
        Cpu = null,
        Priority = job.Priority == 0 ? null : job.Priority,
        ExpiresIn = job.Options?.ExpiresIn ?? job.ExpiresAt - job.DateQueued,
        Timeout = job.Timeout,
        MaxRetries = job.MaxRetries,
        ResultTtl = job.ResultTtl,
    };

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
        $"curl -X POST {baseUri}api/{resource} \\\n  -H 'Content-Type: application/json' \\\n  -d '{ReadableJson.Of(body.ToJsonString(Relaxed)).Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

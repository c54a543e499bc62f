using System.Text.Json;
using Mrq.Hosting;
using Mrq.Queues;

namespace Mrq.Tasks;

/// <summary>A task as JSON.</summary>
public static class TaskJson
{
    /// <summary>Writes one task as an object.</summary>
    /// <param name="workers">How many workers that live can run it.</param>
    /// <param name="task">Null: its code is not in this process, so that its path is all that is known.</param>
    /// <param name="defaults">What holds where the task leaves an option open.</param>
    public static void Write(Utf8JsonWriter json, string path, int workers, TaskDefinition? task, MrqOptions defaults)
    {
        json.WriteStartObject();
        json.WriteString("path", path);
        json.WriteNumber("workers", workers);
        if (task is not null)
        {
            json.WriteString("source", task.Source);
            json.WriteString("summary", task.Summary);
            json.WriteStartArray("params");
            foreach (var param in task.Params)
            {
                Write(json, param);
            }

            json.WriteEndArray();
            json.WriteStartObject("options");
            TaskOptionsJson.WriteFields(json, task.Options.Over(OptionsOf(defaults)));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes what could not be loaded as an object.</summary>
    public static void Write(Utf8JsonWriter json, BrokenTaskSource broken)
    {
        json.WriteStartObject();
        json.WriteString("source", broken.Source);
        json.WriteString("error", broken.Error);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ParamDescription param)
    {
        json.WriteStartObject();
        json.WriteString("name", param.Name);
        json.WriteString("type", param.Type);
        json.WriteBoolean("required", param.Required);
        if (param.Default is { } otherwise)
        {
            json.WritePropertyName("default");
            json.WriteRawValue(otherwise);
        }

        if (param.Minimum is { } minimum)
        {
            json.WriteNumber("minimum", minimum);
        }

        if (param.Maximum is { } maximum)
        {
            json.WriteNumber("maximum", maximum);
        }

        if (param.Summary is not null)
        {
            json.WriteString("summary", param.Summary);
        }

        json.WriteEndObject();
    }

    private static TaskOptions OptionsOf(MrqOptions defaults) => new()
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
    };
}

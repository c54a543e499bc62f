using System.Globalization;
using Microsoft.Extensions.Configuration;
using Mrq.Queues;

namespace Mrq.Tasks;

/// <summary>Reads a task's options out of the configuration (<c>Mrq:Tasks:path</c>, spans in seconds); they win over the attribute's.</summary>
internal static class TaskConfiguration
{
    private static readonly string[] Known =
        ["queue", "timeout", "result_ttl", "abort_ttl", "cancel_ttl", "max_retries", "retry_delay", "max_concurrency", "cpu"];

    /// <exception cref="InvalidOperationException">An option is unknown or wrong; each is named.</exception>
    public static TaskDefinition Apply(TaskDefinition task, IConfigurationSection section)
    {
        if (!section.Exists())
        {
            return task;
        }

        var errors = new List<string>();
        var given = section.GetChildren().ToDictionary(c => c.Key.Replace('-', '_'), c => c.Value ?? "", StringComparer.OrdinalIgnoreCase);
        foreach (var unknown in given.Keys.Except(Known, StringComparer.OrdinalIgnoreCase))
        {
            errors.Add($"{section.Path}:{unknown} is not an option of a task. Known: {string.Join(", ", Known)}.");
        }

        var options = task.Options with
        {
            Queue = given.TryGetValue("queue", out var queue) ? ReadQueue(queue) : task.Options.Queue,
            Timeout = Seconds("timeout", task.Options.Timeout, above: true),
            ResultTtl = Seconds("result_ttl", task.Options.ResultTtl),
            AbortTtl = Seconds("abort_ttl", task.Options.AbortTtl),
            CancelTtl = Seconds("cancel_ttl", task.Options.CancelTtl),
            MaxRetries = Number("max_retries", task.Options.MaxRetries, 0),
            RetryDelay = Seconds("retry_delay", task.Options.RetryDelay),
            MaxConcurrency = Number("max_concurrency", task.Options.MaxConcurrency, 1),
            Cpu = given.TryGetValue("cpu", out var cpu) ? ReadFlag(cpu) : task.Options.Cpu,
        };
        return errors.Count == 0 ? task.With(options) : throw new InvalidOperationException(string.Join(Environment.NewLine, errors));

        QueueName? ReadQueue(string text)
        {
            if (QueueName.TryParse(text, out var name, out var error))
            {
                return name;
            }

            errors.Add($"{section.Path}:queue: {error}");
            return null;
        }

        TimeSpan? Seconds(string key, TimeSpan? before, bool above = false)
        {
            if (!given.TryGetValue(key, out var text))
            {
                return before;
            }

            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0 && seconds < 315_360_000 && !(above && seconds == 0))
            {
                return TimeSpan.FromSeconds(seconds);
            }

            errors.Add($"{section.Path}:{key} must be a number of seconds, {(above ? "above 0" : "0 or more")}, not '{text}'.");
            return null;
        }

        int? Number(string key, int? before, int least)
        {
            if (!given.TryGetValue(key, out var text))
            {
                return before;
            }

            if (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number >= least)
            {
                return number;
            }

            errors.Add($"{section.Path}:{key} must be a whole number, {least} or more, not '{text}'.");
            return null;
        }

        bool ReadFlag(string text)
        {
            if (bool.TryParse(text, out var flag))
            {
                return flag;
            }

            errors.Add($"{section.Path}:cpu must be true or false, not '{text}'.");
            return false;
        }
    }
}

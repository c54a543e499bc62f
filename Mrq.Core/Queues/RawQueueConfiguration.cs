using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Queues;

/// <summary>
/// Reads raw queues out of the configuration (<c>Mrq:RawQueues:name</c>): a task's path, and the parser that makes its params. Where code has given
/// the job factory, only the other options are read, and win over the code's.
/// </summary>
internal sealed class RawQueueConfiguration(TaskRegistry tasks, bool hasWorkers, List<string> errors)
{
    private const string DefaultParser = "json";
    private static readonly string[] Making = ["path", "parser", "separator", "fields", "template"];
    private static readonly string[] Known = [.. Making, "retry_queue", "pushback_seconds", "statuses_no_storage", "has_subqueues"];
    private static readonly string[] Parsers = ["json", "split", "template"];

    /// <summary>The queue as configuration and code say; null: an error was added.</summary>
    /// <param name="coded">What code says; null: nothing.</param>
    public RawQueue? Read(IConfigurationSection section, RawQueue? coded)
    {
        var before = errors.Count;
        if (!QueueName.TryParse(section.Key, out var name, out var wrongName))
        {
            errors.Add($"{section.Path}: {wrongName}");
            return null;
        }

        var given = section.GetChildren().ToDictionary(c => c.Key.Replace('-', '_'), Text, StringComparer.OrdinalIgnoreCase);
        foreach (var unknown in given.Keys.Except(Known, StringComparer.OrdinalIgnoreCase))
        {
            errors.Add($"{section.Path}:{unknown} is not an option of a raw queue.{(Suggestion.Closest(unknown, Known) is { } closest ? $" Did you mean '{closest}'?" : "")} Known: {string.Join(", ", Known)}.");
        }

        var options = ReadOptions(section.Path, given, coded?.Options ?? new RawQueueOptions());
        var make = coded is null ? ReadFactory(section.Path, given) : coded.Make;
        if (coded is not null && Making.FirstOrDefault(given.ContainsKey) is { } making)
        {
            errors.Add($"{section.Path}:{making}: the job factory of this raw queue is given by code. Leave one away.");
        }

        errors.AddRange(options.Validate(name).Select(error => $"Mrq:RawQueues:{error}"));
        return make is null || errors.Count > before ? null
            : coded is not null ? coded with { Options = options }
            : new RawQueue(name, make, options) { Path = given["path"], Parser = given.GetValueOrDefault("parser", DefaultParser) };
    }

    private static string Text(IConfigurationSection option) =>
        option.Value ?? string.Join(',', option.GetChildren().Select(item => item.Value ?? ""));

    private RawQueueOptions ReadOptions(string at, Dictionary<string, string> given, RawQueueOptions options)
    {
        if (given.TryGetValue("retry_queue", out var queue))
        {
            options = QueueName.TryParse(queue, out var name, out var error) ? options with { RetryQueue = name } : Wrong(options, $"{at}:retry_queue: {error}");
        }

        if (given.TryGetValue("pushback_seconds", out var text))
        {
            options = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e9
                ? options with { Pushback = TimeSpan.FromSeconds(seconds) }
                : Wrong(options, $"{at}:pushback_seconds must be a number of seconds, not '{text}'.");
        }

        if (given.TryGetValue("statuses_no_storage", out var statuses))
        {
            options = JobStatuses.TryParse(statuses, out var parsed, out var unknown)
                ? options with { NoStorage = parsed }
                : Wrong(options, $"{at}:statuses_no_storage: '{unknown}' is not a status. Possible are {RawQueueOptions.MayBeUnstored}.");
        }

        if (given.TryGetValue("has_subqueues", out var flag))
        {
            options = bool.TryParse(flag, out var has)
                ? options with { HasSubQueues = has }
                : Wrong(options, $"{at}:has_subqueues must be true or false, not '{flag}'.");
        }

        return options;
    }

    private RawQueueOptions Wrong(RawQueueOptions options, string error)
    {
        errors.Add(error);
        return options;
    }

    private Func<string, JobRequest>? ReadFactory(string at, Dictionary<string, string> given)
    {
        var path = given.GetValueOrDefault("path", "");
        if (path.Length == 0)
        {
            errors.Add($"{at}:path is required: the path of the task that the jobs of this raw queue run.");
        }
        else if (hasWorkers && tasks.Find(path) is null)
        {
            errors.Add($"{at}:path: this process has no task '{path}'.{(Suggestion.Closest(path, tasks.Paths) is { } closest ? $" Did you mean '{closest}'?" : "")}");
        }

        var parser = given.GetValueOrDefault("parser", DefaultParser);
        var parse = parser switch
        {
            "json" => RawParser.Json,
            "split" => ReadSplit(at, given),
            "template" => ReadTemplate(at, given),
            _ => null,
        };
        if (!Parsers.Contains(parser))
        {
            errors.Add($"{at}:parser: '{parser}' is not a parser. Known: {string.Join(", ", Parsers)}.");
        }

        return parse is null ? null : raw => new JobRequest { Path = path, Params = parse(raw) };
    }

    private Func<string, string>? ReadSplit(string at, Dictionary<string, string> given)
    {
        var separator = given.GetValueOrDefault("separator", ",");
        var fields = given.GetValueOrDefault("fields", "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(field => field.Split(':', 2, StringSplitOptions.TrimEntries))
            .Select(parts => new RawField(parts[0], parts.Length > 1 ? parts[1] : "string")).ToList();
        var before = errors.Count;
        if (separator.Length == 0)
        {
            errors.Add($"{at}:separator must not be empty.");
        }

        if (fields.Count == 0)
        {
            errors.Add($"{at}:fields is required with the parser split: names and types, for example \"user:int, url\". Types: {string.Join(", ", RawField.Types)}.");
        }

        errors.AddRange(fields.Where(field => !RawField.Types.Contains(field.Type))
            .Select(field => $"{at}:fields: '{field.Type}' of {field.Name} is not a type. Known: {string.Join(", ", RawField.Types)}."));
        return errors.Count > before ? null : RawParser.Split(separator, fields);
    }

    private Func<string, string>? ReadTemplate(string at, Dictionary<string, string> given)
    {
        try
        {
            if (JsonNode.Parse(given.GetValueOrDefault("template", "")) is JsonObject template)
            {
                return RawParser.Template(template);
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        errors.Add($"{at}:template must be the text of a JSON object in which {{raw}} stands for the entry, for example {{\"url\": \"{{raw}}\"}}.");
        return null;
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Mrq.Jobs;

namespace Mrq.Scheduling;

/// <summary>One schedule of the configuration or of C#.</summary>
/// <param name="Source">Where it stands, for errors: <c>Schedules:0</c>.</param>
/// <param name="Errors">What could not be read.</param>
internal sealed record ConfiguredSchedule(string Source, Schedule Schedule, IReadOnlyList<FieldError> Errors);

/// <summary>The schedules that this process was started with, or was given since.</summary>
/// <param name="InCode">Those of C#, which are among all.</param>
/// <param name="All">Null: neither configuration nor C# says anything, and the entries of other processes stay as they are. Empty: there are to be none.</param>
internal sealed record ConfiguredSchedules(IReadOnlyList<Schedule> InCode, IReadOnlyList<ConfiguredSchedule>? All)
{
    /// <param name="added">Those of C#.</param>
    /// <param name="section">The list, or an object of names; null: there is no configuration.</param>
    public static ConfiguredSchedules Read(IReadOnlyList<Schedule> added, IConfigurationSection? section)
    {
        if (added.Count == 0 && section?.Exists() != true)
        {
            return new ConfiguredSchedules(added, All: null);
        }

        var inCode = added.Select((schedule, i) => new ConfiguredSchedule($"AddSchedule {i + 1}", schedule, []));
        return new ConfiguredSchedules(added, [.. inCode, .. section?.GetChildren().Select(Read) ?? []]);
    }

    private static ConfiguredSchedule Read(IConfigurationSection entry)
    {
        var errors = new List<FieldError>();
        foreach (var unknown in entry.GetChildren().Select(c => c.Key).Where(key => !ScheduleReader.Fields.Contains(Plain(key))))
        {
            errors.Add(new FieldError(unknown, $"is not a field of a schedule. Known: {string.Join(", ", ScheduleReader.Fields)}."));
        }

        if (!entry.GetChildren().Any())
        {
            errors.Add(new FieldError("entry", "must be an object, for example { \"path\": \"reports.send\", \"dailytime\": \"07:30\" }."));
        }

        // In an object of schedules the key is a name, in a list it is a number.
        var isNamed = !int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _);
        var schedule = ScheduleReader.Read(
            name => name == "params" ? ParamsOf(entry) : FieldOf(entry, name)?.Value ?? (name == "name" && isNamed ? entry.Key : null), errors);
        return new ConfiguredSchedule($"Schedules:{entry.Key}", schedule, errors);
    }

    private static string Plain(string key) => key.Replace('-', '_').ToLowerInvariant();

    private static IConfigurationSection? FieldOf(IConfigurationSection entry, string name) =>
        entry.GetChildren().FirstOrDefault(child => Plain(child.Key) == name);

    // An object of the file, or its text.
    private static string? ParamsOf(IConfigurationSection entry) =>
        FieldOf(entry, "params") is not { } given ? null
        : given.GetChildren().Any() ? ToJson(given)?.ToJsonString()
        : given.Value;

    // The configuration knows texts only: what looks like a number or a flag is one. Who wants the text "7" writes params as JSON text.
    private static JsonNode? ToJson(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            return Literal(section.Value);
        }

        var isArray = children.Select((child, i) => child.Key == i.ToString(CultureInfo.InvariantCulture)).All(isNext => isNext);
        return isArray
            ? new JsonArray([.. children.Select(ToJson)])
            : new JsonObject(children.Select(child => KeyValuePair.Create(child.Key, ToJson(child))));
    }

    private static JsonValue? Literal(string? text)
    {
        if (text is null)
        {
            return null;
        }

        // The configuration writes True and False.
        if (bool.TryParse(text, out var flag))
        {
            return JsonValue.Create(flag);
        }

        try
        {
            return JsonNode.Parse(text) is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? value : JsonValue.Create(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}

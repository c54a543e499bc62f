using System.Buffers;
using System.Text;
using System.Text.Json;
using Mrq.Dashboard.Api;
using Mrq.Jobs;
using Mrq.Server.Configuration;

namespace Mrq.Server.Commands.Requests;

/// <summary>Which jobs, as options of a command: the names and the reader of <c>GET /api/jobs</c>.</summary>
internal static class FilterOptions
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<CallOption> All = [.. JobFilterReader.Fields.Select(field => new CallOption<string>
    {
        Name = field.Name,
        Help = IsTime(field.Name) ? $"{field.Description} With a unit so long ago: 90s, 15m, 2h, 7d." : field.Description,
        Value = IsTime(field.Name) ? Spans.Point : OptionValue.Text with { Name = field.Type == "object" ? "JSON" : NamedBy(field.Name) == Named.Nothing ? "TEXT" : $"{NamedBy(field.Name)}".ToUpperInvariant(), Of = NamedBy(field.Name) },
    })];

    /// <summary>True: at least one was given.</summary>
    public static bool AnyIn(CommandCall call) => All.Any(call.Has);

    /// <summary>What is wrong with those that were given, a sentence each.</summary>
    public static IEnumerable<string> Check(CommandCall call)
    {
        var errors = new List<FieldError>();
        JobFilterReader.Read(name => Given(call, name, DateTimeOffset.UnixEpoch.AddYears(50)), errors);
        return errors.Select(error => $"--{error.Field}: {Output.SafeText.Line(error.Error)}");
    }

    /// <summary>The filter that they make.</summary>
    /// <exception cref="InvalidJobException">Some are wrong.</exception>
    public static JobFilter Read(CommandCall call, DateTimeOffset now)
    {
        var errors = new List<FieldError>();
        return JobFilterReader.Read(name => Given(call, name, now), errors) ?? throw new InvalidJobException(errors);
    }

    /// <summary>What was given, for the audit log: a JSON object.</summary>
    public static string Shown(CommandCall call)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var option in All.Where(call.Has))
            {
                json.WriteString(option.Name, call.Given[option]);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string? Given(CommandCall call, string name, DateTimeOffset now)
    {
        var text = call.Given.GetValueOrDefault(All.First(option => option.Name == name));
        return text is not null && IsTime(name) ? Spans.Resolve(text, now) : text;
    }

    private static Named NamedBy(string name) => name switch
    {
        "status" => Named.Status,
        "queue" => Named.Queue,
        "path" => Named.Task,
        _ => Named.Nothing,
    };

    private static bool IsTime(string name) => name is "since" or "until";
}

using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Mrq.Dashboard.Api;
using Mrq.Jobs;
using Mrq.Server.Configuration;
using Mrq.Tasks;

namespace Mrq.Server.Commands.Requests;

/// <summary>
/// The fields of a request to run a job as options of a command: the same names, read by the same reader as the body of <c>POST /api/jobs</c>, so that both refuse
/// the same with the same words.
/// </summary>
internal static class RequestOptions
{
    // The path and the params have places of their own; a chain is no matter of options.
    private static readonly string[] NoOptions = ["path", "params", "then", "result_as"];

    private const string Default = "default_";

    private static readonly string[] OfWorkers =
        ["default_timeout", "default_result_ttl", "default_abort_ttl", "default_cancel_ttl", "default_retry_delay", "default_max_retries", "lost_job_grace", "maintenance_interval"];

    /// <summary>All of them, in the order of the API's documentation.</summary>
    public static readonly IReadOnlyList<CallOption> All = [.. JobRequestJson.Fields.Where(field => !NoOptions.Contains(field.Name)).Select(Declare)];

    public static CallOption Find(string name) => All.First(option => option.Name == name);

    /// <summary>Those that were given.</summary>
    public static IEnumerable<CallOption> GivenIn(CommandCall call) => All.Where(call.Has);

    /// <summary>What is wrong with those that were given, a sentence each.</summary>
    public static IEnumerable<string> Check(CommandCall call)
    {
        var errors = new List<FieldError>();
        Read(call, "task", errors);
        return errors.Select(error => $"--{error.Field}: {error.Error}");
    }

    /// <summary>
    /// What is wrong with the settings of the command line: those by which workers treat jobs whose task and request say nothing are for workers, and would do nothing here.
    /// </summary>
    public static IEnumerable<string> CheckSettings(CommandCall call) => call.CommandLine.Where(given => OfWorkers.Contains(given.Option.Name)).Select(given =>
        given.Option.Name.StartsWith(Default, StringComparison.Ordinal) && given.Option.Name[Default.Length..] is var own && All.Any(option => option.Name == own)
            ? $"{given.Shown} is for workers, and for jobs that say nothing themselves: give --{own} for this one, or that to the workers."
            : $"{given.Shown} is for workers and does nothing here: give it to them.");

    /// <summary>The request that they make, without params.</summary>
    /// <exception cref="InvalidJobException">Some are wrong.</exception>
    public static JobRequest Read(CommandCall call, string path)
    {
        var errors = new List<FieldError>();
        return Read(call, path, errors) ?? throw new InvalidJobException(errors);
    }

    private static JobRequest? Read(CommandCall call, string path, List<FieldError> errors)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("path", path);
            foreach (var field in JobRequestJson.Fields)
            {
                if (!NoOptions.Contains(field.Name) && call.Given.TryGetValue(Find(field.Name), out var text))
                {
                    json.WritePropertyName(field.Name);
                    Write(json, field, text);
                }
            }

            json.WriteEndObject();
        }

        return JsonBody.Parse(new ReadOnlySequence<byte>(buffer.WrittenMemory), body => JobRequestJson.Read(body, errors));
    }

    // A text that is not of the field's type stays text: the reader then says what it must be.
    private static void Write(Utf8JsonWriter json, ApiField field, string text)
    {
        switch (field.Type)
        {
            case "number" when field.IsSpan && Spans.Span.TryRead(text, out var span, out _):
                json.WriteNumberValue(span.TotalSeconds);
                break;
            case "number" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case "integer" when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole):
                json.WriteNumberValue(whole);
                break;
            case "boolean" when OptionValue.Flag.TryRead(text, out var flag, out _):
                json.WriteBooleanValue(flag);
                break;
            case "array":
                WriteList(json, field, text);
                break;
            default:
                json.WriteStringValue(text);
                break;
        }
    }

    private static void WriteList(Utf8JsonWriter json, ApiField field, string text)
    {
        var isOfNumbers = TaskOptionTable.Find(field.Name) is not null;
        json.WriteStartArray();
        foreach (var item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (isOfNumbers && double.TryParse(item, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            {
                json.WriteNumberValue(number);
            }
            else
            {
                json.WriteStringValue(item);
            }
        }

        json.WriteEndArray();
    }

    private static CallOption Declare(ApiField field) => field switch
    {
        { Type: "boolean" } => new CallOption<bool> { Name = field.Name, Help = field.Description, Value = OptionValue.Flag, IsSwitch = true },
        { IsSpan: true } => new CallOption<TimeSpan> { Name = field.Name, Help = $"{field.Description} {Spans.Units}", Value = Spans.Span },
        { Type: "array" } => Declare(field, "A,B", $"{field.Description} Separated by commas."),
        { Name: "queue" } => Declare(field, "QUEUE", field.Description, Named.Queue),
        _ => Declare(field, field.Type is "number" or "integer" ? "N" : "TEXT", field.Description),
    };

    private static CallOption<string> Declare(ApiField field, string value, string help, Named of = Named.Nothing) => new() { Name = field.Name, Help = help, Value = OptionValue.Text with { Name = value, Of = of } };
}

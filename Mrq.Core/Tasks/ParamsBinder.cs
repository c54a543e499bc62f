using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Mrq.Jobs;

namespace Mrq.Tasks;

/// <summary>Binds a job's params to the type that a task takes, and says of params that do not bind what is wrong with each field.</summary>
public sealed class ParamsBinder
{
    /// <summary>Names in snake_case; what is required must be there, what is not known is refused.</summary>
    public static readonly JsonSerializerOptions Json = MakeOptions();

    private readonly JsonTypeInfo _type;
    private readonly Dictionary<string, JsonPropertyInfo> _fields;
    private readonly Dictionary<string, ValidationAttribute[]> _rules;
    private readonly Lazy<IReadOnlyList<ParamDescription>> _described;

    internal ParamsBinder(Type type)
    {
        _type = Json.GetTypeInfo(type);
        _fields = _type.Properties.Where(IsField)
            .ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        _rules = _fields.Values.Select(p => (p.Name, Rules: RulesOf(p))).Where(r => r.Rules.Length > 0).ToDictionary(r => r.Name, r => r.Rules);
        _described = new Lazy<IReadOnlyList<ParamDescription>>(Describe);
    }

    internal Type Type => _type.Type;

    /// <exception cref="InvalidJobException">The params do not bind; each wrong field is named.</exception>
    internal object Bind(string parameters)
    {
        try
        {
            var bound = JsonSerializer.Deserialize(parameters, _type);
            if (bound is not null && (_rules.Count == 0 || CheckText(parameters).Count == 0))
            {
                return bound;
            }
        }
        catch (JsonException)
        {
            // Said better below, with every field.
        }

        throw new InvalidJobException(CheckText(parameters));
    }

    internal IReadOnlyList<ParamDescription> Described => _described.Value;

    /// <summary>What is wrong with the name of a param, or of a field of one (<c>user.id</c>), that a key is made of; null: nothing, or any name may come there.</summary>
    internal string? CheckName(string path)
    {
        var (type, owner) = (_type, "the task");
        foreach (var name in path.Split('.'))
        {
            if (type.Kind != JsonTypeInfoKind.Object || !RefusesUnknown(type))
            {
                return null;
            }

            List<JsonPropertyInfo> fields = [.. type.Properties.Where(IsField)];
            if (fields.Find(field => field.Name == name) is not { } known)
            {
                var meant = Suggestion.Closest(name, fields.Select(field => field.Name)) is { } closest ? $" Did you mean '{closest}'?" : "";
                return $"{owner} has no param '{name}'.{meant} It has {(fields.Count == 0 ? "none" : string.Join(", ", fields.Select(field => field.Name)))}.";
            }

            (type, owner) = (Json.GetTypeInfo(known.PropertyType), $"'{name}'");
        }

        return null;
    }

    internal IReadOnlyList<FieldError> Check(JsonElement parameters)
    {
        if (_type.Kind != JsonTypeInfoKind.Object)
        {
            return TryRead(parameters, _type.Type, "", out var error) ? [] : [error];
        }

        List<FieldError>? errors = null;
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in parameters.EnumerateObject())
        {
            seen.Add(field.Name);
            if (!_fields.TryGetValue(field.Name, out var known))
            {
                if (RefusesUnknown(_type))
                {
                    (errors ??= []).Add(new FieldError(field.Name, UnknownField(field.Name)));
                }
            }
            else if (!TryRead(field.Value, known.PropertyType, field.Name, out var error) ||
                     !AllowsNull(field.Value, known, out error) ||
                     !KeepsRules(field.Value, known, out error))
            {
                (errors ??= []).Add(error);
            }
        }

        foreach (var (name, field) in _fields)
        {
            if (field.IsRequired && !seen.Contains(name))
            {
                (errors ??= []).Add(new FieldError(name, $"is required ({JsonTypeOf(field.PropertyType)})."));
            }
        }

        return errors ?? (IReadOnlyList<FieldError>)[];
    }

    private static bool IsField(JsonPropertyInfo property) => property.Set is not null || property.AssociatedParameter is not null;

    private static bool RefusesUnknown(JsonTypeInfo type) => (type.UnmappedMemberHandling ?? Json.UnmappedMemberHandling) == JsonUnmappedMemberHandling.Disallow;

    private string UnknownField(string name) => Suggestion.Closest(name, _fields.Keys) is { } closest
        ? $"is not a param of this task. Did you mean '{closest}'?"
        : _fields.Count == 0 ? "is not a param of this task: it takes none."
        : $"is not a param of this task. It takes: {string.Join(", ", _fields.Keys)}.";

    private static bool AllowsNull(JsonElement value, JsonPropertyInfo field, out FieldError error)
    {
        error = new FieldError(field.Name, $"must not be null ({JsonTypeOf(field.PropertyType)}).");
        return value.ValueKind != JsonValueKind.Null || field.IsSetNullable;
    }

    private bool KeepsRules(JsonElement value, JsonPropertyInfo field, out FieldError error)
    {
        error = new FieldError(field.Name, "");
        if (!_rules.TryGetValue(field.Name, out var rules))
        {
            return true;
        }

        var bound = value.Deserialize(Json.GetTypeInfo(field.PropertyType));
        if (rules.FirstOrDefault(r => !r.IsValid(bound)) is not { } broken)
        {
            return true;
        }

        error = new FieldError(field.Name, Said(broken, field.Name));
        return false;
    }

    // The attributes' own sentences begin with the name of the field, which an error already has beside its text.
    private static string Said(ValidationAttribute broken, string name)
    {
        var text = broken.FormatErrorMessage(name);
        return new[] { $"The field {name} ", $"The {name} field " }.FirstOrDefault(begin => text.StartsWith(begin, StringComparison.Ordinal)) is { } begin ? text[begin.Length..] : text;
    }

    private IReadOnlyList<FieldError> CheckText(string parameters)
    {
        try
        {
            using var document = JsonDocument.Parse(parameters);
            var errors = Check(document.RootElement);
            return [.. errors.Select(e => e with { Field = $"params.{e.Field}" })];
        }
        catch (JsonException e)
        {
            return [new FieldError("params", $"is not JSON {JsonFault.Of(e)}")];
        }
    }

    private static ValidationAttribute[] RulesOf(JsonPropertyInfo field) => [.. AttributesOf<ValidationAttribute>(field)];

    // On the property, or on the parameter of a record's constructor: both are natural to write.
    private static IEnumerable<T> AttributesOf<T>(JsonPropertyInfo field)
        where T : Attribute =>
        (field.AttributeProvider?.GetCustomAttributes(typeof(T), inherit: true) ?? [])
            .Concat(field.AssociatedParameter?.AttributeProvider?.GetCustomAttributes(typeof(T), inherit: true) ?? []).Cast<T>();

    private IReadOnlyList<ParamDescription> Describe()
    {
        if (_type.Kind != JsonTypeInfoKind.Object)
        {
            return [];
        }

        var empty = new Lazy<object?>(() => _type.CreateObject?.Invoke());
        return [.. _fields.Values.Select(field =>
        {
            var range = JsonTypeOf(field.PropertyType) is "integer" or "number" ? AttributesOf<RangeAttribute>(field).FirstOrDefault() : null;
            return new ParamDescription(
                field.Name, JsonTypeOf(field.PropertyType), field.IsRequired, DefaultOf(field, empty), AttributesOf<DescriptionAttribute>(field).FirstOrDefault()?.Description,
                range is { MinimumIsExclusive: false } ? BoundOf(range.Minimum) : null, range is { MaximumIsExclusive: false } ? BoundOf(range.Maximum) : null);
        })];
    }

    // int.MaxValue and the like stand for no bound; what is no number, the attribute itself refuses when it is asked.
    private static decimal? BoundOf(object bound) => bound switch
    {
        int.MinValue or int.MaxValue => null,
        int whole => whole,
        double number and > -1e28 and < 1e28 => (decimal)number,
        string text when decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    // A constructor of the task's own runs for it, which may do anything.
    private static string? DefaultOf(JsonPropertyInfo field, Lazy<object?> empty)
    {
        try
        {
            return field.IsRequired ? null
                : field.AssociatedParameter is { HasDefaultValue: true } parameter ? JsonSerializer.Serialize(parameter.DefaultValue, Json.GetTypeInfo(field.PropertyType))
                : field.Get is { } get && empty.Value is { } made ? JsonSerializer.Serialize(get(made), Json.GetTypeInfo(field.PropertyType))
                : null;
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static bool TryRead(JsonElement value, Type type, string name, out FieldError error)
    {
        error = new FieldError(name, "");
        try
        {
            value.Deserialize(Json.GetTypeInfo(type));
            return true;
        }
        catch (JsonException e)
        {
            var inside = e.Path is { Length: > 1 } path ? $" (at {path[1..].TrimStart('.')})" : "";
            error = new FieldError(name, $"must be {Article(JsonTypeOf(type))}, not {Shown(value)}{inside}.");
            return false;
        }
    }

    private static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : $"{text[..37]}...";
    }

    private static string Article(string type) => type is "array" or "object" or "integer" ? $"an {type}" : $"a {type}";

    private static string JsonTypeOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(bool) ? "boolean"
            : type.IsEnum ? $"string ({string.Join(" | ", Enum.GetNames(type))})"
            : type == typeof(string) || type == typeof(DateTimeOffset) || type == typeof(DateTime) || type == typeof(Guid)
                || type == typeof(TimeSpan) || type == typeof(Uri) || type == typeof(DateOnly) || type == typeof(TimeOnly) ? "string"
            : type == typeof(int) || type == typeof(long) || type == typeof(short) || type == typeof(byte) || type == typeof(uint) || type == typeof(ulong) ? "integer"
            : type == typeof(double) || type == typeof(float) || type == typeof(decimal) ? "number"
            : type != typeof(JsonElement) && typeof(System.Collections.IEnumerable).IsAssignableFrom(type)
                && !typeof(System.Collections.IDictionary).IsAssignableFrom(type) ? "array"
            : "object";
    }

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            NumberHandling = JsonNumberHandling.Strict,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
            // Results are shown to people: text stays readable. It is never put into a page as markup.
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        options.Converters.Add(new JsonStringEnumConverter());
        options.MakeReadOnly();
        return options;
    }
}

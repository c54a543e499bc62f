using System.Globalization;
using System.Text.Json;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;

namespace Mrq.Dashboard.Api;

/// <summary>The fields of one JSON object, each read by its name; everything that is wrong is noted, field by field.</summary>
internal sealed class JsonFields
{
    /// <summary>Ids count seconds in 32 bits: beyond this time there are none.</summary>
    public static readonly DateTimeOffset LastTime = DateTimeOffset.FromUnixTimeSeconds(uint.MaxValue);

    // Far above every limit, far below what a TimeSpan holds: what is larger is refused later, by the limit's own message.
    private const double MostSeconds = 1e11;

    private readonly IReadOnlyList<string> _known;
    private readonly JsonElement[] _values;
    private readonly string _prefix;
    private readonly List<FieldError> _errors;

    /// <param name="known">Names of the fields that the object may have.</param>
    /// <param name="prefix">What stands before the names in errors, for example <c>filter.</c></param>
    public JsonFields(JsonElement element, IReadOnlyList<string> known, List<FieldError> errors, string prefix = "")
    {
        (_known, _values, _prefix, _errors) = (known, new JsonElement[known.Count], prefix, errors);
        if (element.ValueKind != JsonValueKind.Object)
        {
            errors.Add(new FieldError(prefix.Length == 0 ? "body" : prefix.TrimEnd('.'), $"must be a JSON object, not {Shown(element)}."));
            return;
        }

        foreach (var property in element.EnumerateObject())
        {
            try
            {
                Note(property);
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair, as in "\ud800": neither to compare nor to show.
                Refuse("?", "a field's name holds a broken escape.");
            }
        }
    }

    public bool Has(string name) => Value(name).ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public void Refuse(string name, string error) => _errors.Add(new FieldError(_prefix + name, error));

    public string? Text(string name)
    {
        var value = Value(name);
        if (!Has(name))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            try
            {
                return value.GetString();
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair, as in "\ud800".
                Refuse(name, "is not text: it holds a broken escape.");
                return null;
            }
        }

        Refuse(name, $"must be a string, not {Shown(value)}.");
        return null;
    }

    /// <summary>A string that must be there.</summary>
    public string? Required(string name)
    {
        if (Has(name))
        {
            return Text(name);
        }

        Refuse(name, "is required.");
        return null;
    }

    public bool? Flag(string name)
    {
        var value = Value(name);
        if (!Has(name) || value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return Has(name) ? value.GetBoolean() : null;
        }

        Refuse(name, $"must be true or false, not {Shown(value)}.");
        return null;
    }

    public int? Whole(string name)
    {
        var value = Value(name);
        if (!Has(name))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
        {
            return number;
        }

        Refuse(name, $"must be a whole number, not {Shown(value)}.");
        return null;
    }

    /// <summary>A span of time as a number of seconds.</summary>
    public TimeSpan? Seconds(string name)
    {
        var value = Value(name);
        if (!Has(name))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds))
        {
            return TimeSpan.FromSeconds(Math.Clamp(seconds, -MostSeconds, MostSeconds));
        }

        Refuse(name, $"must be a number of seconds, not {Shown(value)}.");
        return null;
    }

    /// <summary>A time: ISO 8601 (without offset: UTC) or unix seconds.</summary>
    public DateTimeOffset? Time(string name)
    {
        var value = Value(name);
        if (!Has(name))
        {
            return null;
        }

        var text = value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(name);
        if (text is null)
        {
            return null;
        }

        if (TryReadTime(text, out var time, out var error))
        {
            return time;
        }

        Refuse(name, error);
        return null;
    }

    public QueueName? Queue(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (QueueName.TryParse(text, out var queue, out var error))
        {
            return queue;
        }

        Refuse(name, error);
        return null;
    }

    public IReadOnlyList<string> Texts(string name)
    {
        var value = Value(name);
        if (!Has(name))
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String))
        {
            try
            {
                return [.. value.EnumerateArray().Select(e => e.GetString() ?? "")];
            }
            catch (InvalidOperationException)
            {
                Refuse(name, "is not text: it holds a broken escape.");
                return [];
            }
        }

        Refuse(name, $"must be an array of strings, not {Shown(value)}.");
        return [];
    }

    /// <summary>An object as JSON text; null: not given.</summary>
    public string? Object(string name)
    {
        var value = Value(name);
        if (!Has(name) || value.ValueKind == JsonValueKind.Object)
        {
            return Has(name) ? value.GetRawText() : null;
        }

        Refuse(name, $"must be a JSON object, for example {{\"a\": 1}}, not {Shown(value)}.");
        return null;
    }

    /// <summary>The value as it stands; undefined when it is not there.</summary>
    public JsonElement Value(string name)
    {
        for (var i = 0; i < _known.Count; i++)
        {
            if (ReferenceEquals(_known[i], name) || _known[i] == name)
            {
                return _values[i];
            }
        }

        throw new ArgumentException($"'{name}' is not in the table of known fields.", nameof(name));
    }

    /// <summary>Reads ISO 8601 (without offset: UTC) or unix seconds, between 1970 and 2106.</summary>
    public static bool TryReadTime(string text, out DateTimeOffset time, out string error)
    {
        error = "";
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            time = DateTimeOffset.UnixEpoch;
            if (seconds >= 0 && seconds <= uint.MaxValue)
            {
                time = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
                return true;
            }
        }
        else if (!(text.Length >= 10 && text[4] == '-' && DateTimeOffset.TryParse(
                     text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time)))
        {
            time = default;
            error = $"'{ApiCall.Shown(text)}' is not a time: ISO 8601 (2026-01-31T18:00:00Z) or unix seconds are.";
            return false;
        }
        else if (time >= DateTimeOffset.UnixEpoch && time <= LastTime)
        {
            return true;
        }

        error = $"'{ApiCall.Shown(text)}' is out of range: 1970 to {LastTime:yyyy-MM-dd} can be kept.";
        return false;
    }

    private void Note(JsonProperty property)
    {
        for (var i = 0; i < _known.Count; i++)
        {
            if (property.NameEquals(_known[i]))
            {
                if (_values[i].ValueKind != JsonValueKind.Undefined)
                {
                    Refuse(_known[i], "is given twice.");
                }

                _values[i] = property.Value;
                return;
            }
        }

        var name = property.Name;
        Refuse(name, Suggestion.Closest(name, _known) is { } closest
            ? $"is not a known field. Did you mean '{closest}'?"
            : $"is not a known field. Known: {string.Join(", ", _known)}.");
    }

    private static string Shown(JsonElement value) => ApiCall.Shown(value.GetRawText());
}

using System.Globalization;
using System.Text.Json;

namespace Mrq.Server.Configuration;

/// <summary>One setting: the same on the command line, in the environment and in files.</summary>
internal abstract record OptionDefinition : CommandLineOption
{
    /// <summary>The heading it stands under in the help, and with which commands heed it.</summary>
    public required OptionGroup Group { get; init; }

    /// <summary>True: it may hold a password, which is never shown.</summary>
    public bool IsSecret { get; init; }

    /// <summary>True: a change in a file holds without a restart.</summary>
    public bool Reloads { get; init; }

    /// <summary>The settings with this text as the option's value; null with what is wrong with it.</summary>
    public abstract ServerSettings? Apply(ServerSettings settings, string text, out string? error);

    /// <summary>
    /// Writes a text of it as it may be shown: numbers and flags as such, times as seconds, sizes as bytes, all else as text. A number, flag or time that is described and
    /// not given, as <c>no limit</c>, is null.
    /// </summary>
    public abstract void Write(Utf8JsonWriter json, string text);

    /// <summary>A text of it as it may be shown.</summary>
    public string Shown(string text) => IsSecret ? Secrets.Mask(text) : text;
}

/// <inheritdoc/>
internal sealed record OptionDefinition<T> : OptionDefinition
{
    public required OptionValue<T> Value { get; init; }

    public required Func<ServerSettings, T, ServerSettings> Set { get; init; }

    public override string ValueName => Value.Name;

    public override IReadOnlyList<string> Choices => Value.Choices;

    public override Named Of => Value.Of;

    public override ServerSettings? Apply(ServerSettings settings, string text, out string? error)
    {
        error = Value.Check(text);
        return Value.TryRead(text, out var value, out _) ? Set(settings, value) : null;
    }

    public override void Write(Utf8JsonWriter json, string text)
    {
        var value = Value.TryRead(text, out var read, out _) ? read : default(object);
        switch (value)
        {
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int or long:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case TimeSpan time:
                json.WriteNumberValue(time.TotalSeconds);
                break;
            case null when typeof(T).IsPrimitive || typeof(T) == typeof(TimeSpan):
                json.WriteNullValue();
                break;
            default:
                json.WriteStringValue(text);
                break;
        }
    }
}

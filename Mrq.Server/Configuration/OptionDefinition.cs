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

    public override ServerSettings? Apply(ServerSettings settings, string text, out string? error)
    {
        error = Value.Check(text);
        return Value.TryRead(text, out var value, out _) ? Set(settings, value) : null;
    }
}

namespace Mrq.Server.Configuration;

/// <summary>One option of the server: the same on the command line, in the environment and in files.</summary>
internal abstract record OptionDefinition
{
    /// <summary>With underscores, for example <c>dashboard_port</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Other names of the same option.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The heading it stands under in the help.</summary>
    public required string Group { get; init; }

    public required string Help { get; init; }

    /// <summary>What holds when nobody gives it, for people; null: nothing.</summary>
    public string? Default { get; init; }

    /// <summary>True: on the command line the name alone means true.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>True: on the command line it takes several values after one name.</summary>
    public bool IsList { get; init; }

    /// <summary>What stands for its value in the help.</summary>
    public abstract string ValueName { get; }

    public IEnumerable<string> Names => Aliases.Prepend(Name);

    /// <summary>The settings with this text as the option's value; null with what is wrong with it.</summary>
    public abstract ServerSettings? Apply(ServerSettings settings, string text, out string? error);
}

/// <inheritdoc/>
internal sealed record OptionDefinition<T> : OptionDefinition
{
    public required OptionValue<T> Value { get; init; }

    public required Func<ServerSettings, T, ServerSettings> Set { get; init; }

    public override string ValueName => Value.Name;

    public override ServerSettings? Apply(ServerSettings settings, string text, out string? error)
    {
        if (Value.TryRead(text, out var value, out var wrong))
        {
            error = null;
            return Set(settings, value);
        }

        error = Value.HasWholeErrors ? wrong : $"'{text}' {wrong}.";
        return null;
    }
}

namespace Mrq.Server.Configuration;

/// <summary>What command line, help, completion and documentation know of an option.</summary>
internal abstract record CommandLineOption
{
    /// <summary>With underscores, for example <c>dashboard_port</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Other names of the same option.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>A letter that stands for it on the command line, as in <c>-g 10</c>; null: none.</summary>
    public char? Letter { get; init; }

    public required string Help { get; init; }

    /// <summary>What holds when nobody gives it, for people; null: nothing.</summary>
    public string? Default { get; init; }

    /// <summary>True: on the command line the name alone means true.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>True: on the command line it takes several values after one name.</summary>
    public bool IsList { get; init; }

    /// <summary>What stands for its value in the help; empty: it has none.</summary>
    public abstract string ValueName { get; }

    /// <summary>The values that it may have; empty: too many to list.</summary>
    public abstract IReadOnlyList<string> Choices { get; }

    /// <summary>What its values are names of.</summary>
    public abstract Named Of { get; }

    public IEnumerable<string> Names => Aliases.Prepend(Name);

    /// <summary>All that stands for it on the command line, with its dashes: <c>--log_level</c>, <c>--log-level</c>; the first is its name.</summary>
    public IEnumerable<string> Spellings =>
        Names.SelectMany(name => new[] { $"--{name}", $"--{name.Replace('_', '-')}" }).Distinct(StringComparer.Ordinal).Concat(Letter is { } letter ? [$"-{letter}"] : []);
}

/// <summary>An option of one command that says what this call does: on the command line only.</summary>
internal abstract record CallOption : CommandLineOption
{
    /// <summary>What is wrong with this text as its value, as a sentence; null: nothing.</summary>
    public abstract string? Check(string text);
}

/// <inheritdoc/>
internal sealed record CallOption<T> : CallOption
{
    public required OptionValue<T> Value { get; init; }

    public override string ValueName => Value.Name;

    public override IReadOnlyList<string> Choices => Value.Choices;

    public override Named Of => Value.Of;

    public override string? Check(string text) => Value.Check(text);

    /// <exception cref="ArgumentException">The text was not checked.</exception>
    public T Read(string text) => Value.TryRead(text, out var value, out var error) ? value : throw new ArgumentException(error, nameof(text));
}

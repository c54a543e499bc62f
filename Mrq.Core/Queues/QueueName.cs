using System.Diagnostics.CodeAnalysis;

namespace Mrq.Queues;

/// <summary>The name of a queue: 1 to 200 letters, digits or <c>_ - . : /</c>.</summary>
public readonly record struct QueueName : IComparable<QueueName>
{
    /// <summary>Longest name, in characters.</summary>
    public const int MaxLength = 200;

    /// <summary>Where a job goes when nothing says otherwise.</summary>
    public static readonly QueueName Default = new("default");

    /// <summary>Bulk actions of the dashboard and the API run here, on workers of their own.</summary>
    public static readonly QueueName System = new("mrq");

    /// <summary>A queue whose name ends in this runs its newest job first; who listens to it is also given those of the queue without it.</summary>
    internal const string Reverse = "_reverse";

    private readonly string? _value;

    /// <exception cref="FormatException">The name is empty, too long, or has other characters.</exception>
    public QueueName(string value) =>
        _value = Error(value) is { } error ? throw new FormatException(error) : value;

    private QueueName(string? value, bool _) => _value = value;

    public string Value => _value ?? "default";

    /// <summary>Null: it names one queue. Else why not: a trailing <c>/</c> stands for sub-queues, to listen to, to pause and to filter by.</summary>
    public string? NotOneQueue =>
        Value.EndsWith('/') ? $"'{Value}' ends in /, which stands for the sub-queues under it: name one queue." : null;

    /// <summary>True: its newest job runs first.</summary>
    public bool IsReverse => Value.EndsWith(Reverse, StringComparison.Ordinal);

    /// <summary>Of <c>x_reverse</c> the queue <c>x</c>, which is taken from along with it, newest first; null: there is none.</summary>
    public QueueName? Forward => IsReverse && Value.Length > Reverse.Length ? new QueueName(Value[..^Reverse.Length]) : null;

    /// <summary>A name as a store has it: other programs, the original among them, may have given names that are none of ours.</summary>
    internal static QueueName Stored(string value) => value.Length == 0 ? Default : new QueueName(value, true);

    public static bool TryParse([NotNullWhen(true)] string? text, out QueueName name, [NotNullWhen(false)] out string? error)
    {
        error = Error(text);
        name = error is null ? new QueueName(text!) : default;
        return error is null;
    }

    public int CompareTo(QueueName other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;

    private static string? Error(string? text) =>
        string.IsNullOrEmpty(text) ? "A queue needs a name."
        : text.Length > MaxLength ? $"The queue name is {text.Length} characters long; {MaxLength} is the most."
        : text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '/') ? null
        : $"The queue name '{text}' may hold only letters, digits and _ - . : /";
}

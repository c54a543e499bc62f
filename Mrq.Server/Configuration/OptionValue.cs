using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Server.Configuration;

/// <summary>A kind of value: how it is shown in the help, read, and refused.</summary>
/// <param name="Name">What stands for it in the help, for example <c>N</c>.</param>
internal sealed record OptionValue<T>(string Name, OptionValue<T>.Reader TryRead)
{
    /// <summary>Reads a text; false with what is wrong, as the rest of a sentence that begins with the text.</summary>
    public delegate bool Reader(string text, [MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out string? error);

    /// <summary>True: its errors are whole sentences, and the text, which may hold a password, is not repeated before them.</summary>
    public bool HasWholeErrors { get; init; }

    /// <summary>The values that it may have; empty: too many to list.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What its values are names of.</summary>
    public Named Of { get; init; }

    /// <summary>What is wrong with a text, as a sentence; null: nothing.</summary>
    public string? Check(string text) => TryRead(text, out _, out var wrong) ? null : HasWholeErrors ? wrong : $"'{text}' {wrong}.";
}

/// <summary>The kinds of values that options have.</summary>
internal static class OptionValue
{
    public static readonly OptionValue<string> Text = new("TEXT", (string text, [MaybeNullWhen(false)] out string value, [NotNullWhen(false)] out string? error) =>
        Result(text.Trim(), text.Trim().Length > 0, "is empty", out value, out error));

    /// <summary>A user and a password, joined by a colon.</summary>
    public static readonly OptionValue<string> UserAndPassword = Checked("USER:PASSWORD", text => text.Split(':', 2) is [{ Length: > 0 }, { Length: > 0 }]
        ? null
        : "must be a user and a password, joined by a colon, as in admin:secret.");

    public static readonly OptionValue<string> Path = Text with { Name = "PATH", Of = Named.File };

    public static readonly OptionValue<bool> Flag = new("true|false", (string text, out bool value, [NotNullWhen(false)] out string? error) =>
    {
        var isTrue = text.ToLowerInvariant() is "true" or "1" or "yes" or "on";
        return Result(isTrue, isTrue || text.ToLowerInvariant() is "false" or "0" or "no" or "off", "is not true or false", out value, out error);
    })
    {
        Choices = ["true", "false"],
    };

    /// <summary>The same of an option that is given or not, and never says false.</summary>
    public static readonly OptionValue<bool> Given = Flag with { Name = "" };

    /// <summary>Seconds, or a number with ms, s, m, h or d behind it.</summary>
    public static OptionValue<TimeSpan> Seconds(double least, double most) => new("SECONDS", (string text, out TimeSpan value, [NotNullWhen(false)] out string? error) =>
    {
        var known = TryReadUnits(text, [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)], out var seconds);
        return Result(
            known ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, most)) : default, known && seconds >= least && seconds <= most,
            $"is not a number of seconds from {least:0.###} to {most:N0} (or with a unit: 500ms, 30s, 5m, 1h, 7d)", out value, out error);
    });

    /// <summary>A latency, or two joined by a dash between which it is drawn: <c>0.05</c>, <c>10ms-80ms</c>.</summary>
    public static readonly OptionValue<AddedLatency> Latency = new("SECONDS[-SECONDS]", (string text, [MaybeNullWhen(false)] out AddedLatency value, [NotNullWhen(false)] out string? error) =>
    {
        var bound = Seconds(0, AddedLatency.Longest.TotalSeconds);
        var parts = text.Split('-', 2);
        var (least, most) = (default(TimeSpan), default(TimeSpan));
        value = null;
        if (bound.TryRead(parts[0], out least, out error) && bound.TryRead(parts[^1], out most, out error))
        {
            return Result(new AddedLatency(least, most), least <= most, "has the longer time first", out value, out error);
        }

        return false;
    });

    /// <summary>A text that a check of the engine has to find good; the check answers null, or a sentence about what is wrong.</summary>
    public static OptionValue<string> Checked(string name, Func<string, string?> check) => new(name, (string text, [MaybeNullWhen(false)] out string value, [NotNullWhen(false)] out string? error) =>
    {
        (value, error) = (text.Trim(), check(text.Trim()));
        return error is null;
    })
    {
        HasWholeErrors = true,
    };

    /// <summary>Bytes, or a number with KB, MB, GB or TB behind it.</summary>
    public static OptionValue<long> Bytes(long least, long most) => new("BYTES", (string text, out long value, [NotNullWhen(false)] out string? error) =>
    {
        var known = TryReadUnits(text, [("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1L << 40), ("B", 1)], out var bytes) && bytes == Math.Floor(bytes);
        return Result(
            known ? (long)Math.Clamp(bytes, 0, most) : 0, known && bytes >= least && bytes <= most,
            $"is not a number of bytes from {least:N0} to {most:N0} (or with a unit: 512KB, 4MB)", out value, out error);
    });

    public static OptionValue<int> Whole(int least, int most) => new("N", (string text, out int value, [NotNullWhen(false)] out string? error) =>
    {
        var known = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        return Result(number, known && number >= least && number <= most, $"is not a whole number from {least:N0} to {most:N0}", out value, out error);
    });

    public static readonly OptionValue<IPAddress> Address = new("IP", (string text, [MaybeNullWhen(false)] out IPAddress value, [NotNullWhen(false)] out string? error) =>
    {
        var known = text is "localhost" ? IPAddress.Loopback : IPAddress.TryParse(text.Trim('[', ']'), out var parsed) ? parsed : null;
        return Result(known, known is not null, "is not an IP address, for example 127.0.0.1, 0.0.0.0 or ::", out value, out error);
    });

    /// <summary>Names of queues, each with the weight that is given with it, as in <c>high=5</c>; null: none is.</summary>
    public static readonly OptionValue<IReadOnlyList<(QueueName Queue, int? Weight)>> Queues =
        new("NAMES", (string text, [MaybeNullWhen(false)] out IReadOnlyList<(QueueName Queue, int? Weight)> value, [NotNullWhen(false)] out string? error) =>
        {
            var queues = new List<(QueueName Queue, int? Weight)>();
            error = null;
            foreach (var part in Parts(text))
            {
                var (name, weightText) = part.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? (part[..at], part[(at + 1)..]) : (part, null);
                var weight = 0;
                if (!QueueName.TryParse(name, out var queue, out var wrong))
                {
                    error ??= $"has a wrong name: {wrong}";
                }
                else if (weightText is not null
                    && !(int.TryParse(weightText, NumberStyles.None, CultureInfo.InvariantCulture, out weight) && weight is >= 1 and <= WorkerOptions.MostWeight))
                {
                    error ??= $"has a wrong weight: '{weightText}' of {name} is not a whole number from 1 to {WorkerOptions.MostWeight:N0}";
                }
                else if (!queues.Exists(known => known.Queue == queue))
                {
                    queues.Add((queue, weightText is null ? null : weight));
                }
            }

            error ??= queues.Count == 0 ? "names no queue" : null;
            value = queues;
            return error is null;
        })
        {
            Of = Named.Queue,
        };

    /// <summary>Names separated by commas or spaces, each once; empty: none.</summary>
    public static readonly OptionValue<IReadOnlyList<string>> Names =
        new("NAMES", (string text, [MaybeNullWhen(false)] out IReadOnlyList<string> value, [NotNullWhen(false)] out string? error) =>
            Result([.. Parts(text).Distinct(StringComparer.Ordinal)], true, "", out value, out error));

    public static readonly OptionValue<DequeueStrategy> Strategy =
        new("NAME", (string text, out DequeueStrategy value, [NotNullWhen(false)] out string? error) =>
        {
            var names = Enum.GetNames<DequeueStrategy>();
            var known = Array.FindIndex(names, name => name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase));
            return Result(
                known < 0 ? default : Enum.Parse<DequeueStrategy>(names[known]), known >= 0, $"is not a strategy: {string.Join(", ", names).ToLowerInvariant()}", out value, out error);
        })
        {
            Choices = [.. Enum.GetNames<DequeueStrategy>().Select(name => name.ToLowerInvariant())],
        };

    public static readonly OptionValue<LogLevel> Level = new("LEVEL", (string text, out LogLevel value, [NotNullWhen(false)] out string? error) =>
    {
        var known = text.ToLowerInvariant() switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "info" or "information" => LogLevel.Information,
            "warn" or "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            "critical" => LogLevel.Critical,
            "none" or "quiet" => LogLevel.None,
            _ => (LogLevel?)null,
        };
        return Result(known.GetValueOrDefault(), known is not null, "is not a level: trace, debug, info, warning, error, critical or none", out value, out error);
    })
    {
        Choices = ["trace", "debug", "info", "warning", "error", "critical", "none"],
    };

    private static string[] Parts(string text) => text.Split([',', ' '], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool TryReadUnits(string text, (string Unit, double Factor)[] units, out double value)
    {
        var (unit, factor) = units.FirstOrDefault(u => text.EndsWith(u.Unit, StringComparison.OrdinalIgnoreCase), ("", 1));
        var read = double.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        value = number * factor;
        return read && double.IsFinite(value);
    }

    private static bool Result<T>(T? read, bool isGood, string wrong, [MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out string? error)
    {
        (value, error) = (read, isGood ? null : wrong);
        return isGood;
    }
}

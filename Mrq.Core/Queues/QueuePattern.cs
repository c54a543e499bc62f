namespace Mrq.Queues;

/// <summary>How a listened or filtered name stands for queues.</summary>
public static class QueuePattern
{
    /// <summary>
    /// True when <paramref name="pattern"/> stands for <paramref name="queue"/>: equal; <c>*</c> for any text; a trailing <c>/</c> for the
    /// queue of exactly that name and every sub-queue under it.
    /// </summary>
    public static bool Matches(string pattern, QueueName queue) =>
        pattern.Contains('*', StringComparison.Ordinal) ? Wildcard.Matches(pattern, queue.Value)
        : pattern.EndsWith('/') ? queue.Value.StartsWith(pattern, StringComparison.Ordinal)
        : string.Equals(pattern, queue.Value, StringComparison.Ordinal);
}

/// <summary>Text patterns in which <c>*</c> stands for any text, also none, and everything else for itself.</summary>
public static class Wildcard
{
    public static bool Matches(string pattern, string text)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
        {
            return string.Equals(pattern, text, StringComparison.Ordinal);
        }

        if (text.Length < parts[0].Length + parts[^1].Length ||
            !text.StartsWith(parts[0], StringComparison.Ordinal) || !text.EndsWith(parts[^1], StringComparison.Ordinal))
        {
            return false;
        }

        var from = parts[0].Length;
        var end = text.Length - parts[^1].Length;
        foreach (var part in parts.AsSpan(1, parts.Length - 2))
        {
            var at = text.IndexOf(part, from, end - from, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            from = at + part.Length;
        }

        return true;
    }
}

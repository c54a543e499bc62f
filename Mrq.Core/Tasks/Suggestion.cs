namespace Mrq.Tasks;

/// <summary>The known name that a mistyped one was probably meant to be.</summary>
public static class Suggestion
{
    /// <summary>The closest of <paramref name="known"/> by edit distance; null when none is close.</summary>
    public static string? Closest(string name, IEnumerable<string> known) => known
        .Select(k => (Name: k, Distance: Distance(name.ToLowerInvariant(), k.ToLowerInvariant())))
        // Of names of one or two letters all are close: one that has none of them in common is no other spelling.
        .Where(k => k.Distance <= Math.Max(2, name.Length / 3) && k.Distance < Math.Max(name.Length, k.Name.Length))
        .OrderBy(k => k.Distance).ThenBy(k => k.Name, StringComparer.Ordinal)
        .Select(k => k.Name)
        .FirstOrDefault();

    // Levenshtein's, with one row.
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 50 || a.Length > 500)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}

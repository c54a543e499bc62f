using System.Text;
using System.Text.Json;

namespace Mrq.Server.Configuration;

/// <summary>
/// The files of the configuration as they were when each was first looked at: whatever reads one of them later finds the same. Two are equal when the same files say the same.
/// </summary>
internal sealed class ConfigurationFiles : IEquatable<ConfigurationFiles>
{
    private readonly SortedDictionary<string, string?> _texts = new(StringComparer.Ordinal);

    public ConfigurationFiles()
    {
    }

    /// <param name="texts">What files say that were looked at elsewhere, by their paths; null: it is not there.</param>
    public ConfigurationFiles(IReadOnlyDictionary<string, string?> texts)
    {
        foreach (var (path, text) in texts)
        {
            _texts.Add(path, text);
        }
    }

    /// <summary>What was read so far, by path; null: it is not there.</summary>
    public IReadOnlyDictionary<string, string?> Texts => _texts;

    /// <summary>The same files as they are now. One that cannot be read now, being written perhaps, is left out: whoever needs it looks at it himself.</summary>
    public ConfigurationFiles Now()
    {
        var now = new ConfigurationFiles();
        foreach (var path in _texts.Keys)
        {
            try
            {
                now.Read(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }

        return now;
    }

    /// <summary>What a file says; null: it is not there.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public string? Read(string path)
    {
        if (!_texts.TryGetValue(path, out var text))
        {
            _texts[path] = text = File.Exists(path) ? File.ReadAllText(path) : null;
        }

        return text;
    }

    /// <summary>Adds what a JSON file says to a configuration; nothing when it is not there.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public void AddTo(IConfigurationBuilder configuration, string path)
    {
        if (Read(path) is { } text)
        {
            configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        }
    }

    public bool Equals(ConfigurationFiles? other) => other is not null && _texts.SequenceEqual(other._texts);

    public override bool Equals(object? obj) => Equals(obj as ConfigurationFiles);

    public override int GetHashCode() => _texts.Count;
}

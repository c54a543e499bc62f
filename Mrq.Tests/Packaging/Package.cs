using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml.Linq;

namespace Mrq.Tests.Packaging;

/// <summary>A .nupkg or .snupkg, read whole.</summary>
internal sealed class Package
{
    private readonly XElement _metadata;

    public Package(string file)
    {
        using var archive = ZipFile.OpenRead(file);
        Entries = archive.Entries.ToDictionary(e => e.FullName, Read, StringComparer.Ordinal);
        _metadata = XDocument.Parse(System.Text.Encoding.UTF8.GetString(Entries.Single(e => e.Key.EndsWith(".nuspec", StringComparison.Ordinal)).Value).TrimStart('\ufeff')).Root!.Elements().Single();
    }

    /// <summary>What is in it, by its path.</summary>
    public IReadOnlyDictionary<string, byte[]> Entries { get; }

    /// <summary>The packages that it needs.</summary>
    public IReadOnlyList<string> Dependencies => [.. _metadata.Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => e.Attribute("id")!.Value).Order(StringComparer.Ordinal)];

    /// <summary>Text of an element of its metadata; null: there is none.</summary>
    public string? Says(string element) => _metadata.Elements().SingleOrDefault(e => e.Name.LocalName == element)?.Value;

    /// <summary>The source files that its symbols speak of.</summary>
    public IReadOnlyList<string> Sources => [.. Entries.Where(e => e.Key.EndsWith(".pdb", StringComparison.Ordinal)).SelectMany(e => SourcesOf(e.Value))];

    private static List<string> SourcesOf(byte[] symbols)
    {
        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols));
        var reader = provider.GetMetadataReader();
        return [.. reader.Documents.Select(d => reader.GetString(reader.GetDocument(d).Name))];
    }

    private static byte[] Read(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}

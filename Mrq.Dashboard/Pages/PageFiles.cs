using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Mrq.Dashboard.Pages;

/// <summary>
/// Style sheets and scripts of the pages. They lie in the assembly: an application that has it has them, however it is built, published or started.
/// </summary>
internal sealed class PageFiles
{
    // As ASP.NET itself would place the files of this library.
    private const string Folder = "_content/Mrq.Dashboard";
    private const string Prefix = "wwwroot/";

    private readonly FrozenDictionary<string, PageFile> _files = typeof(PageFiles).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..], Read, StringComparer.Ordinal);

    /// <summary>Its address, relative to the pages' base. It changes with the content, so that a browser may keep what it has got.</summary>
    /// <exception cref="KeyNotFoundException">There is no such file.</exception>
    public string this[string name] => $"{Folder}/{name}?v={_files[name].Version}";

    public void Map(IEndpointRouteBuilder endpoints) => endpoints
        .MapMethods($"/{Folder}/{{name}}", [HttpMethods.Get, HttpMethods.Head], (HttpContext context, string name) => Answer(context, name))
        .ExcludeFromDescription();

    private IResult Answer(HttpContext context, string name)
    {
        if (!_files.TryGetValue(name, out var file))
        {
            return TypedResults.NotFound();
        }

        var headers = context.Response.Headers;
        headers.CacheControl = context.Request.Query["v"] == file.Version ? "max-age=31536000, immutable" : "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        if (!TakesGzip(context.Request))
        {
            return TypedResults.Bytes(file.Content, file.Type, entityTag: new EntityTagHeaderValue($"\"{file.Version}\""));
        }

        headers.ContentEncoding = "gzip";
        return TypedResults.Bytes(file.Compressed, file.Type, entityTag: new EntityTagHeaderValue($"\"{file.Version}-gzip\""));
    }

    private static bool TakesGzip(HttpRequest request) =>
        request.GetTypedHeaders().AcceptEncoding.Any(e => e.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && e.Quality is null or > 0);

    private static PageFile Read(string resource)
    {
        using var stream = typeof(PageFiles).Assembly.GetManifestResourceStream(resource)!; // Its name comes from the list of those that are there.
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return new PageFile(content, compressed.ToArray(), Convert.ToHexStringLower(SHA256.HashData(content))[..16], TypeOf(resource));
    }

    private static string TypeOf(string resource) => Path.GetExtension(resource) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new NotSupportedException($"Files {other} have no content type here."),
    };

    private sealed record PageFile(byte[] Content, byte[] Compressed, string Version, string Type);
}

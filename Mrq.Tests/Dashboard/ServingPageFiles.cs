using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Mrq.Tests.Support;

namespace Mrq.Tests.Dashboard;

/// <summary>Style sheets and scripts of the pages come out of the assembly.</summary>
public sealed partial class ServingPageFiles : IAsyncLifetime
{
    private MrqServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await MrqServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Every_file_that_a_page_names_is_there_and_may_be_kept()
    {
        var named = await NamedFilesAsync();

        Assert.Contains(named, n => n.Contains("/blazor.web.js?", StringComparison.Ordinal));
        Assert.Contains(named, n => n.Contains("/base.css?", StringComparison.Ordinal));
        foreach (var address in named)
        {
            using var answer = await _server.Http.GetAsync(new Uri(address, UriKind.Relative), Token);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(TypeOf(address), answer.Content.Headers.ContentType!.MediaType);
            Assert.Equal("max-age=31536000, immutable", answer.Headers.CacheControl!.ToString());
        }
    }

    [Fact]
    public async Task What_a_browser_still_has_is_not_sent_again()
    {
        var address = new Uri("_content/Mrq.Dashboard/base.css", UriKind.Relative);
        using var first = await _server.Http.GetAsync(address, Token);
        using var question = new HttpRequestMessage(HttpMethod.Get, address);
        question.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var again = await _server.Http.SendAsync(question, Token);

        Assert.True(first.Headers.CacheControl!.NoCache);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task It_is_sent_small_to_those_who_can_read_that()
    {
        using var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.GZip };
        using var browser = new HttpClient(handler) { BaseAddress = _server.Address };
        using var question = new HttpRequestMessage(HttpMethod.Get, "_content/Mrq.Dashboard/blazor.web.js");
        question.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var small = await _server.Http.SendAsync(question, Token);

        Assert.Equal(["gzip"], small.Content.Headers.ContentEncoding);
        Assert.Equal(
            await _server.Http.GetByteArrayAsync(question.RequestUri, Token),
            await browser.GetByteArrayAsync(new Uri("_content/Mrq.Dashboard/blazor.web.js", UriKind.Relative), Token));
    }

    [Theory]
    [InlineData("_content/Mrq.Dashboard/other.css")]
    [InlineData("_content/Mrq.Dashboard/..%2Fapp.css")]
    public async Task Nothing_else_is_there(string address) => Assert.Equal(404, (await _server.GetAsync(address)).Status);

    private async Task<List<string>> NamedFilesAsync() =>
        [.. NameOfFile().Matches((await _server.GetAsync("/")).Text).Select(m => m.Groups["address"].Value)];

    private static string TypeOf(string address) => address switch
    {
        _ when address.Contains(".css?", StringComparison.Ordinal) => "text/css",
        _ when address.Contains(".js?", StringComparison.Ordinal) => "text/javascript",
        _ => "image/svg+xml",
    };

    [GeneratedRegex("(href|src)=\"(?<address>_content/[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameOfFile();
}

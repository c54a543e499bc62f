using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Mrq.Dashboard.Api;

namespace Mrq.Server.Hosting;

/// <summary>
/// Asks every caller for one user and password (HTTP basic authentication, RFC 7617). Whether the process lives and is ready (<c>/health</c>) is told to everyone,
/// as the machinery that asks has no password.
/// </summary>
internal sealed class BasicAuthentication(RequestDelegate next, string login)
{
    private const string Page = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
          <meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><meta name="color-scheme" content="light dark" />
          <title>Log in · MRQ</title>
          <style>body { font: 15px/1.5 system-ui, sans-serif; max-width: 32em; margin: 18vh auto 0; padding: 0 20px } h1 { font-size: 20px } a { color: LinkText }</style>
        </head>
        <body>
          <h1>You are not logged in</h1>
          <p>This dashboard asks for a user and a password: those that whoever runs it has set with <code>--dashboard_httpauth</code>.</p>
          <p><a href="">Try again</a></p>
        </body>
        </html>

        """;

    private static readonly PathString[] ForPrograms = ["/api", "/openapi", "/hubs", "/metrics", "/_blazor"];

    private readonly byte[] _expected = Hash(login);
    private readonly ClaimsPrincipal _user = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, login.Split(':')[0])], "Basic"));

    public Task InvokeAsync(HttpContext context)
    {
        if (IsRight(context.Request.Headers.Authorization))
        {
            // Whom the audit log names.
            context.User = _user;
            return next(context);
        }

        if (context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
        {
            return next(context);
        }

        context.Response.Headers.WWWAuthenticate = "Basic realm=\"MRQ\", charset=\"UTF-8\"";
        return IsForPeople(context.Request)
            ? WritePageAsync(context.Response)
            : ApiErrors.WriteAsync(context, new ApiException(StatusCodes.Status401Unauthorized, "Not logged in", "User and password are needed: those of --dashboard_httpauth."));
    }

    // A browser shows it when a person has left its own question for the password.
    private static bool IsForPeople(HttpRequest request) =>
        !Array.Exists(ForPrograms, root => request.Path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase))
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static Task WritePageAsync(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status401Unauthorized;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        return response.WriteAsync(Page);
    }

    private bool IsRight(string? header)
    {
        var given = new byte[(header?.Length ?? 0) + 3];
        return AuthenticationHeaderValue.TryParse(header, out var value) && value is { Scheme: var scheme, Parameter: { } parameter }
            && scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(parameter, given, out var length)
            && CryptographicOperations.FixedTimeEquals(Hash(Encoding.UTF8.GetString(given, 0, length)), _expected);
    }

    // Of one length, so that comparing takes as long for any.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

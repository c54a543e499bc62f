using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;

namespace Mrq.Server.Hosting;

/// <summary>
/// Asks every caller for one user and password (HTTP basic authentication, RFC 7617). Whether the process lives and is ready (<c>/health</c>) is told to everyone,
/// as the machinery that asks has no password.
/// </summary>
internal sealed class BasicAuthentication(RequestDelegate next, string login)
{
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

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"MRQ\", charset=\"UTF-8\"";
        return context.Response.WriteAsync("User and password are needed: those of --dashboard_httpauth.");
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

using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;

namespace HostedApp;

/// <summary>
/// Stands for the login that an application has: here, users and passwords of the configuration (<c>Operators:ada</c>, or the variable <c>Operators__ada</c>). Nobody gets in as
/// long as it names none.
/// </summary>
internal static class Login
{
    public const string Path = "/login";

    public static void MapLogin(this WebApplication app)
    {
        app.MapGet(Path, (HttpContext context, IAntiforgery antiforgery, string? returnUrl) => Form(context, antiforgery, returnUrl));
        app.MapPost(Path, EnterAsync);
        app.MapPost("/logout", () => Results.SignOut(new AuthenticationProperties { RedirectUri = "/" }, [CookieAuthenticationDefaults.AuthenticationScheme]));
    }

    private static IResult Form(HttpContext context, IAntiforgery antiforgery, string? returnUrl, string? wrongName = null)
    {
        var token = antiforgery.GetAndStoreTokens(context);
        return Results.Content(
            $"""
            <!DOCTYPE html><html lang="en"><title>Log in</title><form method="post">
            {(wrongName is null ? "" : "<p role=\"alert\">Name or password is wrong.</p>")}
            <input type="hidden" name="{token.FormFieldName}" value="{token.RequestToken}"><input type="hidden" name="returnUrl" value="{WebUtility.HtmlEncode(returnUrl)}">
            <label>Name <input name="name" value="{WebUtility.HtmlEncode(wrongName)}" autocomplete="username" required></label> <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
            <button>Log in</button></form></html>
            """, "text/html", statusCode: wrongName is null ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized);
    }

    private static async Task<IResult> EnterAsync(
        HttpContext context, IAntiforgery antiforgery, IConfiguration configuration, [FromForm] string name, [FromForm] string password, [FromForm] string? returnUrl)
    {
        // ':' would lead to other settings.
        if (name.Contains(':', StringComparison.Ordinal) || configuration[$"Operators:{name}"] is not { Length: > 0 } expected || !IsSame(expected, password))
        {
            return Form(context, antiforgery, returnUrl, wrongName: name);
        }

        var user = new ClaimsIdentity([new Claim(ClaimTypes.Name, name), new Claim(ClaimTypes.Role, "operator")], CookieAuthenticationDefaults.AuthenticationScheme);
        await context.SignInAsync(new ClaimsPrincipal(user));
        return Results.LocalRedirect(string.IsNullOrEmpty(returnUrl) ? "~/jobs" : returnUrl);
    }

    private static bool IsSame(string expected, string given) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(expected)), SHA256.HashData(Encoding.UTF8.GetBytes(given)));
}

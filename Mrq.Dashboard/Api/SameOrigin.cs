namespace Mrq.Dashboard.Api;

/// <summary>
/// Refuses what another site makes a browser send: requests that change something, and web sockets, whose Origin is not this host.
/// Programs send neither header and pass.
/// </summary>
internal sealed class SameOrigin(RequestDelegate next)
{
    // An application that hosts MRQ at its root keeps its own rules for its own routes.
    private static readonly PathString[] Guarded = ["/api", "/hubs", "/_blazor"];

    public Task InvokeAsync(HttpContext context)
    {
        if (!IsGuarded(context) || IsOwn(context.Request))
        {
            return next(context);
        }

        return ApiErrors.WriteAsync(context, new ApiException(
            StatusCodes.Status403Forbidden, "Cross-site request refused",
            $"The request comes from another site ({ApiCall.Shown(context.Request.Headers.Origin.ToString())}) than {context.Request.Host}. Send it from a page of this host, or from a program."));
    }

    // Routing ignores case, and so must the guard.
    private static bool IsGuarded(HttpContext context) =>
        Array.Exists(Guarded, g => context.Request.Path.StartsWithSegments(g, StringComparison.OrdinalIgnoreCase)) && Changes(context);

    private static bool Changes(HttpContext context) =>
        !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method))
        || context.WebSockets.IsWebSocketRequest || context.Request.Headers.Upgrade.Count > 0;

    private static bool IsOwn(HttpRequest request)
    {
        if (string.Equals(request.Headers["Sec-Fetch-Site"], "cross-site", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var origin = request.Headers.Origin;
        // Behind a proxy that ends TLS the scheme differs: host and port decide.
        return origin.Count == 0
            || (Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var uri) && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}

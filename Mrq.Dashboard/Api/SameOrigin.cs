namespace Mrq.Dashboard.Api;

/// <summary>
/// Refuses what another site makes a browser send to an address of MRQ: requests that change something, and web sockets, whose Origin is not this host.
/// Programs send neither header and pass. The application's own addresses keep its own rules.
/// </summary>
internal static class SameOrigin
{
    /// <summary>Guards these endpoints, and no others.</summary>
    public static void Guard(IEndpointConventionBuilder endpoints) => endpoints.Add(endpoint =>
    {
        if (endpoint.RequestDelegate is { } answer)
        {
            endpoint.RequestDelegate = context => !Changes(context) || IsOwn(context.Request) ? answer(context) : RefuseAsync(context);
        }
    });

    private static Task RefuseAsync(HttpContext context) => ApiErrors.WriteAsync(context, new ApiException(
        StatusCodes.Status403Forbidden, "Cross-site request refused",
        $"The request comes from another site ({ApiCall.Shown(context.Request.Headers.Origin.ToString())}) than {context.Request.Host}. Send it from a page of this host, or from a program."));

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

using System.Net;
using Mrq.Dashboard.Api;

namespace Mrq.Server.Hosting;

/// <summary>
/// Refuses requests for a host name that is not this machine's own: a site can let its name point to 127.0.0.1 (DNS rebinding),
/// and its pages would then be of the same origin as ours. The host name in the address is what a page cannot choose.
/// </summary>
/// <param name="otherwise">What to do when others are to reach it, as a sentence.</param>
internal sealed class LoopbackHost(RequestDelegate next, string otherwise)
{
    public Task InvokeAsync(HttpContext context)
    {
        // Browsers always name a host; probes that speak HTTP/1.0 name none.
        if (!context.Request.Host.HasValue || IsOwn(context.Request.Host.Host))
        {
            return next(context);
        }

        return ApiErrors.WriteAsync(context, new ApiException(
            StatusCodes.Status403Forbidden, "Host refused",
            $"This server listens for its own machine only and does not answer as '{ApiCall.Shown(context.Request.Host.Value)}'. "
            + $"Open it as localhost or 127.0.0.1. {otherwise}"));
    }

    private static bool IsOwn(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}

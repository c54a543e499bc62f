using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Mrq.Dashboard.Actions;
using Mrq.Dashboard.Controls;
using Mrq.Dashboard.Live;

namespace Mrq.Dashboard.Pages;

/// <summary>The pages of the dashboard: what they need and where they lie.</summary>
internal static class PagesExtensions
{
    // Params of a job may have 1 MiB by default; an editor sends them in one message. SignalR's own limit of 32 KiB would end the circuit.
    private const long LongestMessage = 4 * 1024 * 1024;

    /// <summary>Registers what the pages need beside the services of the engine.</summary>
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PageFiles>();
        services.AddRazorComponents()
            .AddInteractiveServerComponents(circuits =>
            {
                // A tab that was closed costs memory until its circuit is given up; the page reloads itself when that happened too early.
                circuits.DisconnectedCircuitMaxRetained = 20;
                circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
            })
            .AddHubOptions(hub => hub.MaximumReceiveMessageSize = LongestMessage);
        services.AddScoped<StoreHealth>();
        services.AddScoped<LiveUpdates>();
        services.AddScoped<ToastQueue>();
        services.AddScoped<UserActions>();
        services.AddScoped<ScheduleActions>();
        services.AddScoped<BatchActions>();
        return services;
    }

    /// <summary>
    /// Maps the pages (<c>/</c>, <c>/jobs</c>, <c>/batches</c>, <c>/queues</c>, <c>/workers</c>, <c>/io</c>, <c>/tasks</c>, <c>/schedules</c>, <c>/audit</c>) and their static files.
    /// <c>UseAntiforgery()</c> must have come before.
    /// </summary>
    public static void MapPages(this IEndpointRouteBuilder endpoints)
    {
        endpoints.ServiceProvider.GetRequiredService<PageFiles>().Map(endpoints);
        // An address that nobody serves gets the page that says so. What programs call keeps its own answers.
        endpoints.MapFallback(
                "{*path:nonfile:regex(^(?!(api|hubs|openapi|docs|health|metrics|_blazor|_framework)(/|$)))}",
                () => new RazorComponentResult<App> { StatusCode = StatusCodes.Status404NotFound })
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get]));
        endpoints.MapRazorComponents<App>().AddInteractiveServerRenderMode();
    }
}

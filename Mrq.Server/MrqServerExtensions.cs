using Microsoft.Extensions.DependencyInjection.Extensions;
using Mrq.Dashboard;
using Mrq.Server.Api;
using Mrq.Server.Live;

namespace Mrq.Server;

/// <summary>Puts MRQ's API and dashboard into an application that has the engine (<c>AddMrq</c>).</summary>
public static class MrqServerExtensions
{
    /// <summary>Registers API and dashboard.</summary>
    public static IServiceCollection AddMrqServer(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IApiResource, JobsApi>();
        services.AddSingleton<IApiResource, JobsBulkApi>();
        services.AddSingleton<IApiResource, JobActionsApi>();
        services.AddSingleton<IApiResource, JobLogsApi>();
        services.AddSingleton<IApiResource, QueuesApi>();
        services.AddSingleton<IApiResource, WorkersApi>();
        services.AddSingleton<IApiResource, TasksApi>();
        services.AddSingleton<IApiResource, ExceptionsApi>();
        services.AddSingleton<IApiResource, StatsApi>();
        services.AddSingleton<IApiResource, AuditApi>();
        services.AddSingleton<IApiResource, HealthApi>();
        services.AddSingleton<IApiResource, MetricsApi>();
        services.AddSingleton<JobWait>();
        services.AddSingleton<EnqueueAudit>();
        services.AddHostedService(s => s.GetRequiredService<EnqueueAudit>());
        services.AddSignalR();
        services.AddSingleton<LiveSignals>();
        services.AddHostedService(s => s.GetRequiredService<LiveSignals>());
        services.AddOpenApi(OpenApiDocs.DocumentName, OpenApiDocs.Configure);
        services.AddMrqDashboard();
        return services;
    }

    /// <summary>Maps the API, its documentation and the dashboard.</summary>
    /// <param name="prefix">A path such as <c>/mrq</c> under which all of it lies; empty: the root. The dashboard follows it only through the application's path base.</param>
    public static WebApplication MapMrq(this WebApplication app, string prefix = "")
    {
        app.UseMiddleware<SameOrigin>();
        app.UseMiddleware<ApiErrors>(prefix);
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = $"{prefix}/docs".TrimStart('/');
            ui.DocumentTitle = "MRQ API";
            ui.SwaggerEndpoint($"{prefix}/openapi/{OpenApiDocs.DocumentName}.json", "MRQ");
        });
        app.UseAntiforgery();

        var group = app.MapGroup(prefix);
        var routes = new ApiRoutes(group);
        foreach (var resource in app.Services.GetServices<IApiResource>())
        {
            resource.Map(routes);
        }

        routes.MapRest("/api/{**rest}");
        group.MapHub<LiveHub>("/hubs/live");
        group.MapOpenApi();
        group.MapMrqDashboard();
        return app;
    }
}

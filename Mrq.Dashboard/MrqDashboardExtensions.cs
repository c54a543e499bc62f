using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.FileProviders;
using Mrq.Dashboard.Api;
using Mrq.Dashboard.Live;
using Mrq.Dashboard.Pages;
using Mrq.Workers;

namespace Mrq.Dashboard;

/// <summary>Puts MRQ's dashboard and REST API into an application that has the engine (<c>AddMrq</c>).</summary>
public static class MrqDashboardExtensions
{
    /// <summary>Registers the dashboard, the REST API and the hub of live signals; <see cref="MapMrq"/> gives them addresses.</summary>
    public static WebApplicationBuilder AddMrqDashboard(this WebApplicationBuilder builder)
    {
        UsePageFiles(builder);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IApiResource, JobsApi>();
        services.AddSingleton<IApiResource, JobsBulkApi>();
        services.AddSingleton<IApiResource, JobActionsApi>();
        services.AddSingleton<IApiResource, JobLogsApi>();
        services.AddSingleton<IApiResource, BatchesApi>();
        services.AddSingleton<IApiResource, QueuesApi>();
        services.AddSingleton<IApiResource, RawQueuesApi>();
        services.AddSingleton<IApiResource, WorkersApi>();
        services.AddSingleton<IApiResource, SchedulesApi>();
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
        services.AddPages();
        services.AddOptions<HostOptions>().PostConfigure<WorkerShutdown>((host, workers) =>
            host.ShutdownTimeout = workers.LongestStop > host.ShutdownTimeout ? workers.LongestStop : host.ShutdownTimeout);
        return builder;
    }

    // The pages' files are found wherever the program is started from and whatever the environment is called: by the manifest of the
    // build, or in the folder of a published program. ASP.NET by itself looks for the one in Development only, for the other in the
    // current folder, and answers with empty files where it finds none.
    private static void UsePageFiles(WebApplicationBuilder builder)
    {
        builder.WebHost.UseStaticWebAssets();
        var published = Path.Combine(AppContext.BaseDirectory, "wwwroot");
        if (Directory.Exists(published))
        {
            builder.Environment.WebRootFileProvider = new CompositeFileProvider(builder.Environment.WebRootFileProvider, new PhysicalFileProvider(published));
        }
    }

    /// <summary>Maps the API, its documentation and the dashboard.</summary>
    /// <param name="prefix">A path such as <c>/mrq</c> under which all of it lies, apart from the application's own routes; empty: the root.</param>
    /// <exception cref="InvalidOperationException">The files of the pages are not there.</exception>
    public static WebApplication MapMrq(this WebApplication app, string prefix = "")
    {
        if (!app.Environment.WebRootFileProvider.GetFileInfo("_content/Mrq.Dashboard/base.css").Exists)
        {
            throw new InvalidOperationException(
                $"The files of MRQ's pages are not there. Publish the application, or start it from its build; its folder is {AppContext.BaseDirectory}.");
        }

        if (prefix.Length == 0)
        {
            UseMiddleware(app);
            MapEndpoints(app);
            return app;
        }

        // A branch has the prefix as its path base, which is what the pages' links and the API's addresses begin with.
        app.Map(prefix, branch =>
        {
            branch.UseRouting();
            UseMiddleware(branch);
            branch.UseEndpoints(MapEndpoints);
        });
        return app;
    }

    private static void UseMiddleware(IApplicationBuilder app)
    {
        app.UseMiddleware<SameOrigin>();
        app.UseMiddleware<ApiErrors>();
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "docs";
            ui.DocumentTitle = "MRQ API";
            ui.SwaggerEndpoint($"../openapi/{OpenApiDocs.DocumentName}.json", "MRQ");
        });
        app.UseAntiforgery();
    }

    private static void MapEndpoints(IEndpointRouteBuilder endpoints)
    {
        var routes = new ApiRoutes(endpoints);
        foreach (var resource in endpoints.ServiceProvider.GetServices<IApiResource>())
        {
            resource.Map(routes);
        }

        routes.MapRest("/api/{**rest}");
        endpoints.MapHub<LiveHub>("/hubs/live");
        endpoints.MapOpenApi();
        endpoints.MapPages();
    }
}

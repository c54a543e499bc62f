using Microsoft.AspNetCore.Http.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Mrq.Dashboard.Api;
using Mrq.Dashboard.Live;
using Mrq.Dashboard.Pages;
using Mrq.Workers;

namespace Mrq.Dashboard;

/// <summary>Puts MRQ's dashboard and REST API into an application that has the engine (<c>AddMrq</c>).</summary>
public static class MrqDashboardExtensions
{
    /// <summary>Registers the dashboard, the REST API and the hub of live signals; <see cref="MapMrq"/> gives them addresses.</summary>
    public static IServiceCollection AddMrqDashboard(this IServiceCollection services)
    {
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
        return services;
    }

    /// <summary>
    /// Maps the dashboard, the API, its documentation and the hub. What is returned speaks for all of them, so that the application can put them behind its own login:
    /// <c>app.MapMrq("/jobs").RequireAuthorization("operators")</c>.
    /// </summary>
    /// <param name="prefix">
    /// A path such as <c>/jobs</c> under which all of it lies, apart from the application's own routes; empty: the root, where addresses under <c>/api</c> that are not MRQ's are the application's.
    /// </param>
    /// <exception cref="InvalidOperationException"><see cref="AddMrqDashboard"/> was not called.</exception>
    public static IEndpointConventionBuilder MapMrq(this WebApplication app, string prefix = "") => Map(app, prefix, ownsAll: prefix.Length > 0);

    /// <summary>Maps it at the root of an application that has nothing else.</summary>
    internal static IEndpointConventionBuilder MapMrqAlone(this WebApplication app) => Map(app, "", ownsAll: true);

    // Who owns all addresses answers for those that nobody serves, too.
    private static IEndpointConventionBuilder Map(WebApplication app, string prefix, bool ownsAll)
    {
        if (app.Services.GetService<PageFiles>() is null)
        {
            throw new InvalidOperationException("MRQ's dashboard and API are not registered. Call builder.Services.AddMrqDashboard() before builder.Build().");
        }

        if (prefix.Length == 0)
        {
            app.UseAntiforgery();
            return MapEndpoints(app, ownsAll);
        }

        // A branch has the prefix as its path base, which is what the pages' links and the API's addresses begin with.
        IEndpointConventionBuilder? mapped = null;
        app.Map(prefix, branch =>
        {
            branch.Use(ForgetEndpoint);
            branch.UseRouting();
            branch.UseAuthorization();
            branch.UseAntiforgery();
            branch.UseEndpoints(endpoints => mapped = MapEndpoints(endpoints, ownsAll));
        });
        return mapped!; // Map has run the branch's set-up.
    }

    // A route of the application that takes every address, such as the fallback of a single-page application, was found before the branch; routing looks no further while it is there.
    private static Task ForgetEndpoint(HttpContext context, RequestDelegate next)
    {
        context.SetEndpoint(null);
        context.Request.RouteValues.Clear();
        return next(context);
    }

    private static RouteGroupBuilder MapEndpoints(IEndpointRouteBuilder endpoints, bool ownsAll)
    {
        var group = endpoints.MapGroup("");
        SameOrigin.Guard(group);
        EndWithTheLogin(group);
        var routes = new ApiRoutes(group);
        foreach (var resource in endpoints.ServiceProvider.GetServices<IApiResource>())
        {
            resource.Map(routes);
        }

        if (ownsAll)
        {
            routes.MapRest("/api/{**rest}");
        }

        group.MapHub<LiveHub>("/hubs/live");
        group.MapOpenApi();
        group.MapApiDocs();
        group.MapPages();
        return group;
    }

    // A circuit of a page, or a client of the hub, would otherwise go on for days after the login that opened it has run out.
    // Last of all: what the endpoint has of its own comes after the conventions of its group.
    private static void EndWithTheLogin(RouteGroupBuilder group) => ((IEndpointConventionBuilder)group).Finally(endpoint =>
    {
        foreach (var connection in endpoint.Metadata.OfType<HttpConnectionDispatcherOptions>())
        {
            connection.CloseOnAuthenticationExpiration = true;
        }
    });

    // An endpoint, and not only a middleware, so that what the application demands of its users holds for it too.
    private static void MapApiDocs(this RouteGroupBuilder group)
    {
        var docs = ((IEndpointRouteBuilder)group).CreateApplicationBuilder();
        docs.Use(ForgetEndpoint);
        docs.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "docs";
            ui.DocumentTitle = "MRQ API";
            ui.SwaggerEndpoint($"../openapi/{OpenApiDocs.DocumentName}.json", "MRQ");
        });
        group.Map("/docs/{**file}", docs.Build()).ExcludeFromDescription();
    }
}

using System.Net;
using Mrq.Dashboard;
using Mrq.Hosting;
using Mrq.Server.Configuration;

namespace Mrq.Server.Hosting;

/// <summary>Builds the server: engine, API and dashboard in one web application.</summary>
public static class MrqServerApp
{
    /// <summary>Builds it; nothing is opened, bound or started yet.</summary>
    /// <param name="more">Tasks and options beyond the settings; null: none.</param>
    /// <param name="host">Services and logging beyond the settings; null: none.</param>
    /// <exception cref="ServerStartException">Tasks or their options are wrong; each is named.</exception>
    public static WebApplication Build(ServerSettings settings, Action<MrqBuilder>? more = null, Action<WebApplicationBuilder>? host = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            // Its own settings lie beside the program, wherever it is started from.
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        EngineHost.Add(builder, settings, more);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(settings.DashboardIp, settings.DashboardPort);
        });
        builder.Services.AddMrqDashboard();
        host?.Invoke(builder);

        var app = EngineHost.Build(builder.Build);

        if (IPAddress.IsLoopback(settings.DashboardIp) && !settings.AllowAnonymous && settings.DashboardHttpAuth is null)
        {
            app.UseMiddleware<LoopbackHost>("If it stands behind a proxy with a login, start it with --allow_anonymous.");
        }

        if (settings.DashboardHttpAuth is { } login)
        {
            app.UseMiddleware<BasicAuthentication>(login);
        }

        app.MapMrqAlone();
        return app;
    }
}

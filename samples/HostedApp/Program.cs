using HostedApp;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.HttpOverrides;
using Mrq.Dashboard;
using Mrq.Hosting;

var builder = WebApplication.CreateBuilder(args);

builder.Services.AddMrq(mrq => mrq
    .UseSqlite(builder.Configuration["Jobs:File"] ?? "jobs.db")     // many machines: .UseRedis("redis://…").UseMongo("mongodb://…")
    .AddTask<WriteInvoice>()
    .AddWorkers(worker => worker.Concurrency = 5));
builder.Services.AddMrqDashboard();

// The application's own login. MRQ has no part in it.
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie => cookie.LoginPath = Login.Path);
builder.Services.AddAuthorizationBuilder().AddPolicy("operators", policy => policy.RequireRole("operator"));

// What the reverse proxy says of the address that people see: X-Forwarded-Proto, -Host, -Prefix, -For. Believed only when it comes from this machine, unless KnownProxies names others.
builder.Services.Configure<ForwardedHeadersOptions>(options => options.ForwardedHeaders = ForwardedHeaders.All);

var app = builder.Build();

app.UseForwardedHeaders();
app.UseAuthentication();    // Named here, or ASP.NET would put it in front of the line above, and the way to the login would lack the proxy's prefix.
app.UseAuthorization();
app.UseAntiforgery();

app.MapLogin();
app.MapOrders();
app.MapMrq("/jobs").RequireAuthorization("operators");

app.Run();

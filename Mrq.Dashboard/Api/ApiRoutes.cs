using Microsoft.AspNetCore.Routing.Template;

namespace Mrq.Dashboard.Api;

/// <summary>One resource of the API: it maps its own routes.</summary>
internal interface IApiResource
{
    void Map(ApiRoutes routes);
}

/// <summary>Maps endpoints together with what is said of them.</summary>
internal sealed class ApiRoutes(IEndpointRouteBuilder endpoints)
{
    private readonly ApiErrors _errors = new(endpoints.ServiceProvider.GetRequiredService<ILogger<ApiErrors>>());
    private readonly List<(TemplateMatcher Address, string Method)> _known = [];

    public void Get(string pattern, ApiDoc doc, Func<ApiCall, Task> answer) => Map(HttpMethods.Get, pattern, doc, answer);

    public void Post(string pattern, ApiDoc doc, Func<ApiCall, Task> answer) => Map(HttpMethods.Post, pattern, doc, answer);

    public void Put(string pattern, ApiDoc doc, Func<ApiCall, Task> answer) => Map(HttpMethods.Put, pattern, doc, answer);

    public void Delete(string pattern, ApiDoc doc, Func<ApiCall, Task> answer) => Map(HttpMethods.Delete, pattern, doc, answer);

    /// <summary>Answers what no route takes, before a page of the dashboard does: 405 where another method is taken, else 404.</summary>
    public void MapRest(string pattern) => endpoints.Map(pattern, context => _errors.GuardAsync(context, RefuseAsync)).ExcludeFromDescription().DisableCookieRedirect();

    private Task RefuseAsync(HttpContext context)
    {
        var path = context.Request.Path;
        var allowed = _known.Where(k => k.Address.TryMatch(path, [])).Select(k => k.Method).Distinct(StringComparer.Ordinal).ToList();
        if (allowed.Count == 0)
        {
            throw ApiException.NotFound($"There is no {context.Request.Method} {path}. {context.Request.PathBase}/docs lists every route.");
        }

        context.Response.Headers.Allow = string.Join(", ", allowed);
        throw new ApiException(
            StatusCodes.Status405MethodNotAllowed, "Method not allowed",
            $"{path} does not take {context.Request.Method}; it takes {string.Join(", ", allowed)}.");
    }

    private void Map(string method, string pattern, ApiDoc doc, Func<ApiCall, Task> answer)
    {
        Task Handle(HttpContext context) => _errors.GuardAsync(context, http =>
        {
            var call = new ApiCall(http, doc);
            call.RefuseUnknownParameters();
            return answer(call);
        });

        if (!doc.Hidden)
        {
            _known.Add((new TemplateMatcher(TemplateParser.Parse(pattern), []), method));
        }

        // The document is made from endpoints that carry a method; ours take the raw request, because that is the fastest.
        var endpoint = endpoints.MapMethods(pattern, [method], Handle).WithMetadata(doc, answer.Method).WithTags(doc.Tag)
            // A program that is not logged in gets 401, and not the page with the application's login.
            .DisableCookieRedirect();
        if (doc.Hidden)
        {
            endpoint.ExcludeFromDescription();
        }
    }
}

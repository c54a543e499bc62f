namespace Mrq.Server.Api;

/// <summary>One resource of the API: it maps its own routes.</summary>
internal interface IApiResource
{
    void Map(ApiRoutes routes);
}

/// <summary>Maps endpoints together with what is said of them.</summary>
internal sealed class ApiRoutes(IEndpointRouteBuilder endpoints)
{
    public void Get(string pattern, ApiDoc doc, Func<ApiCall, Task> answer) => Map(HttpMethods.Get, pattern, doc, answer);

    public void Post(string pattern, ApiDoc doc, Func<ApiCall, Task> answer) => Map(HttpMethods.Post, pattern, doc, answer);

    public void Put(string pattern, ApiDoc doc, Func<ApiCall, Task> answer) => Map(HttpMethods.Put, pattern, doc, answer);

    public void Delete(string pattern, ApiDoc doc, Func<ApiCall, Task> answer) => Map(HttpMethods.Delete, pattern, doc, answer);

    private void Map(string method, string pattern, ApiDoc doc, Func<ApiCall, Task> answer)
    {
        Task Handle(HttpContext context)
        {
            var call = new ApiCall(context, doc);
            call.RefuseUnknownParameters();
            return answer(call);
        }

        // The document is made from endpoints that carry a method; ours take the raw request, because that is the fastest.
        var endpoint = endpoints.MapMethods(pattern, [method], Handle).WithMetadata(doc, answer.Method).WithTags(doc.Tag);
        if (doc.Hidden)
        {
            endpoint.ExcludeFromDescription();
        }
    }
}

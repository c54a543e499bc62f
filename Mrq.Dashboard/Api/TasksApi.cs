using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Tasks;

namespace Mrq.Dashboard.Api;

/// <summary>The tasks that can be asked for: those of this process, and those that workers elsewhere report.</summary>
internal sealed class TasksApi(TaskRegistry registry, KnownTasks known, IOptions<MrqOptions> options) : IApiResource
{
    public void Map(ApiRoutes routes) =>
        routes.Get("/api/tasks", new ApiDoc("Tasks", "List tasks")
        {
            Description = "`params`, `options` and `summary` are known of tasks of this process only. A param that is not required has its `default`, where that shows before the task runs; "
                + "one with a range has its `minimum` and `maximum`. "
                + "`broken` names what could not be loaded from the task folder.",
            Answer = """{"tasks":[{"path":"samples.add","workers":1,"source":"Mrq.Samples","summary":"Adds two numbers.","params":[{"name":"a","type":"number","required":true}],"options":{"queue":"default","timeout":3600,"max_retries":3}}],"broken":[]}""",
        }, ListAsync);

    private async Task ListAsync(ApiCall call)
    {
        var (paths, workers) = (await known.ListAsync(call.Aborted), await known.CountWorkersAsync(call.Aborted));
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("tasks");
            foreach (var path in paths)
            {
                TaskJson.Write(json, path, workers.GetValueOrDefault(path), registry.Find(path), options.Value);
            }

            json.WriteEndArray();
            json.WriteStartArray("broken");
            foreach (var broken in registry.Broken)
            {
                TaskJson.Write(json, broken);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }
}

using Mrq.Diagnostics;

namespace Mrq.Dashboard.Api;

/// <summary>Who did what.</summary>
internal sealed class AuditApi(Audit audit) : IApiResource
{
    public void Map(ApiRoutes routes) =>
        routes.Get("/api/audit", new ApiDoc("Audit", "List who did what, newest first")
        {
            Parameters =
            [
                ApiParameter.Query("before", "Only entries with a lower number: `next` of the page before.", "integer"),
                ApiParameter.Query("limit", "Entries on the page: 1 to 1000, default 50.", "integer"),
            ],
            Answer = """{"entries":[{"number":7,"date":"2026-01-31T18:00:00+00:00","who":"anonymous","action":"queue.pause","target":"default","count":null}],"next":null}""",
            Others = [(400, "A parameter is wrong.")],
        }, ListAsync);

    private async Task ListAsync(ApiCall call)
    {
        var before = call.WholeQuery("before", 1, long.MaxValue, otherwise: 0);
        var limit = (int)call.WholeQuery("limit", 1, 1000, otherwise: 50);
        var entries = await audit.ListAsync(before == 0 ? null : before, limit, call.Aborted);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("entries");
            foreach (var entry in entries)
            {
                json.WriteStartObject();
                json.WriteNumber("number", entry.Number);
                json.WriteString("date", entry.Date);
                json.WriteString("who", entry.Who);
                json.WriteString("action", entry.Action);
                json.WriteString("target", entry.Target);
                if (entry.Count is { } count)
                {
                    json.WriteNumber("count", count);
                }
                else
                {
                    json.WriteNull("count");
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (entries.Count == limit)
            {
                json.WriteNumber("next", entries[^1].Number);
            }
            else
            {
                json.WriteNull("next");
            }

            json.WriteEndObject();
        });
    }
}

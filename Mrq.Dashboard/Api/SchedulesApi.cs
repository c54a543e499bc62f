using System.Text.Json;
using Microsoft.Extensions.Options;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Scheduling;

namespace Mrq.Dashboard.Api;

/// <summary>Schedules: looked at, added, changed, deleted, run by hand, paused. Those of the configuration are changed only there.</summary>
internal sealed class SchedulesApi(ScheduleControl control, Audit audit, IOptions<MrqOptions> options) : IApiResource
{
    private const int BodySlack = 16 * 1024;
    private const string ExampleId = "69799f0000c6f3d2a1b40c55";

    private const string Example =
        """{"id":"69799f0000c6f3d2a1b40c55","name":"Morning sums","path":"samples.add","params":{"a":1,"b":2},"queue":null,"interval":null,"dailytime":"07:30","weekday":"monday","monthday":null,"cron":null,"timezone":"Europe/Berlin","misfire":"run_once","misfire_limit":100,"when":"Mondays at 07:30","origin":"api","paused":false,"datecreated":"2026-01-28T05:30:08+00:00","datelastqueued":null,"next_run":"2026-02-02T06:30:00+00:00","last_run":null,"last_job":null,"last_error":null,"error":null}""";

    private const string ExampleRequest =
        """{"name":"Morning sums","path":"samples.add","params":{"a":1,"b":2},"dailytime":"07:30","weekday":"monday","timezone":"Europe/Berlin"}""";

    private static readonly ApiParameter Id = ApiParameter.Path("id", "Schedule id: 24 hexadecimal digits.", ExampleId);

    private static readonly IReadOnlyList<ApiField> Fields =
    [
        new("name", "string", "For people. Default: the task's path."),
        new("path", "string", "Path of the task, as GET /api/tasks lists it.", Required: true),
        new("params", "object", "What the task binds its params from. Default {}."),
        new("queue", "string", "Queue; default: the task's own."),
        new("interval", "number", "Run every so many seconds, 1 or more, beginning at once. Exactly one of interval, dailytime and cron."),
        new("dailytime", "string", "Run each day at this time: 07:30 or 07:30:15."),
        new("weekday", "string", "With dailytime: only on this day; monday, mon, or 0 (Monday) to 6."),
        new("monthday", "integer", "With dailytime: only on this day of the month, 1 to 31."),
        new("cron", "string", "Five fields (minute hour day month weekday), or six with seconds first."),
        new("timezone", "string", "IANA name of the zone that times are of. Default UTC."),
        new("misfire", "string", "What becomes of times at which no scheduler ran: run_once (default), skip or run_all."),
        new("misfire_limit", "integer", "Most that run_all makes up for: 1 to 1000, default 100."),
    ];

    public void Map(ApiRoutes routes)
    {
        routes.Get("/api/schedules", new ApiDoc("Schedules", "List schedules") { Answer = $$"""{"schedules":[{{Example}}]}""" }, ListAsync);
        routes.Post("/api/schedules", new ApiDoc("Schedules", "Add a schedule")
        {
            Request = ExampleRequest,
            Fields = Fields,
            Status = StatusCodes.Status201Created,
            Answer = Example,
            Others = [(409, "One with the same content is there."), (422, "Fields are wrong.")],
        }, AddAsync);
        routes.Get("/api/schedules/{id}", new ApiDoc("Schedules", "Read a schedule")
        {
            Parameters = [Id],
            Answer = Example,
            Others = [(404, "There is no such schedule.")],
        }, ReadAsync);
        routes.Put("/api/schedules/{id}", new ApiDoc("Schedules", "Change a schedule")
        {
            Description = "The body is all of the new content. Its times count from now on.",
            Parameters = [Id],
            Request = ExampleRequest,
            Fields = Fields,
            Answer = Example,
            Others = [(404, "There is no such schedule."), (409, "It comes from the configuration, or one with the same content is there."), (422, "Fields are wrong.")],
        }, ChangeAsync);
        routes.Delete("/api/schedules/{id}", new ApiDoc("Schedules", "Delete a schedule")
        {
            Description = "Its jobs stay.",
            Parameters = [Id],
            Answer = $$"""{"id":"{{ExampleId}}"}""",
            Others = [(404, "There is no such schedule."), (409, "It comes from the configuration.")],
        }, DeleteAsync);
        routes.Post("/api/schedules/{id}/run", new ApiDoc("Schedules", "Run a schedule now")
        {
            Description = "Enqueues a job of it, paused or not; its times stay as they are.",
            Parameters = [Id],
            Status = StatusCodes.Status201Created,
            Answer = $$"""{"id":"{{ExampleId}}","job":"69799f1000c6f3d2a1b40c55"}""",
            Others = [(404, "There is no such schedule."), (422, "Its task is not known, or its params no longer bind.")],
        }, RunAsync);
        routes.Post("/api/schedules/{id}/pause", new ApiDoc("Schedules", "Pause a schedule")
        {
            Parameters = [Id],
            Answer = Example,
            Others = [(404, "There is no such schedule.")],
        }, call => SetPausedAsync(call, paused: true));
        routes.Post("/api/schedules/{id}/resume", new ApiDoc("Schedules", "Resume a schedule")
        {
            Description = "Its times count from now on: what came while it was paused does not come later.",
            Parameters = [Id],
            Answer = Example,
            Others = [(404, "There is no such schedule.")],
        }, call => SetPausedAsync(call, paused: false));
    }

    private async Task ListAsync(ApiCall call)
    {
        var schedules = await control.ListAsync(call.Aborted);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("schedules");
            foreach (var schedule in schedules)
            {
                ScheduleJson.Write(json, schedule);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private async Task ReadAsync(ApiCall call)
    {
        var schedule = await FindAsync(call);
        await call.AnswerAsync(json => ScheduleJson.Write(json, schedule));
    }

    private async Task AddAsync(ApiCall call)
    {
        var schedule = await ReadBodyAsync(call);
        var added = await control.AddAsync(schedule, call.Aborted) ?? throw Duplicate();
        await RecordAsync(call, AuditActions.AddSchedule, added, count: null);
        call.Http.Response.Headers.Location = $"{call.Http.Request.PathBase}/api/schedules/{added.Id}";
        await AnswerAsync(call, StatusCodes.Status201Created, added.Id);
    }

    private async Task ChangeAsync(ApiCall call)
    {
        var id = IdOf(call);
        var schedule = await ReadBodyAsync(call);
        Require(id, await control.ChangeAsync(id, schedule, call.Aborted));
        await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.ChangeSchedule, AuditActions.TargetOf(id, schedule), count: null, CancellationToken.None);
        await AnswerAsync(call, StatusCodes.Status200OK, id);
    }

    private async Task DeleteAsync(ApiCall call)
    {
        var found = await FindAsync(call);
        Require(found.Entry.Id, await control.DeleteAsync(found.Entry.Id, call.Aborted));
        await RecordAsync(call, AuditActions.DeleteSchedule, found.Entry, count: null);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("id", found.Entry.Id.ToString());
            json.WriteEndObject();
        });
    }

    private async Task RunAsync(ApiCall call)
    {
        var found = await FindAsync(call);
        var job = await control.RunNowAsync(found.Entry.Id, call.Aborted) ?? throw NotFound(found.Entry.Id.ToString());
        await RecordAsync(call, AuditActions.RunSchedule, found.Entry, count: 1);
        call.Http.Response.Headers.Location = $"{call.Http.Request.PathBase}/api/jobs/{job}";
        await call.AnswerAsync(StatusCodes.Status201Created, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", found.Entry.Id.ToString());
            json.WriteString("job", job.ToString());
            json.WriteEndObject();
        });
    }

    private async Task SetPausedAsync(ApiCall call, bool paused)
    {
        var found = await FindAsync(call);
        Require(found.Entry.Id, await control.SetPausedAsync(found.Entry.Id, paused, call.Aborted));
        await RecordAsync(call, paused ? AuditActions.PauseSchedule : AuditActions.ResumeSchedule, found.Entry, count: null);
        await AnswerAsync(call, StatusCodes.Status200OK, found.Entry.Id);
    }

    private async Task AnswerAsync(ApiCall call, int status, ScheduleId id)
    {
        var schedule = await control.FindAsync(id, CancellationToken.None) ?? throw NotFound(id.ToString());
        await call.AnswerAsync(status, json => ScheduleJson.Write(json, schedule));
    }

    private Task RecordAsync(ApiCall call, string action, ScheduleEntry entry, long? count) =>
        audit.RecordAsync(Audit.NameOf(call.Http.User), action, AuditActions.TargetOf(entry.Id, entry.Schedule), count, CancellationToken.None);

    /// <exception cref="ApiException">422 with everything that is wrong.</exception>
    private async Task<Schedule> ReadBodyAsync(ApiCall call)
    {
        var unread = new List<FieldError>();
        var schedule = await call.ReadBodyAsync(options.Value.MaxParamsSize + BodySlack, body => Read(body, unread));
        return await control.CheckAsync(schedule, unread, call.Aborted) is { Count: > 0 } errors
            ? throw ApiException.BadFields("The schedule cannot be accepted", errors)
            : schedule;
    }

    private static Schedule Read(JsonElement body, List<FieldError> errors)
    {
        var fields = new JsonFields(body, ScheduleReader.Fields, errors);
        return body.ValueKind != JsonValueKind.Object ? new Schedule { Path = "" } : ScheduleReader.Read(name => name == "params" ? fields.Object(name) : TextOf(fields, name), errors);
    }

    // Numbers may be written as text and the other way round: files and forms know texts only.
    private static string? TextOf(JsonFields fields, string name) =>
        fields.Has(name) && fields.Value(name).ValueKind == JsonValueKind.Number ? fields.Value(name).GetRawText() : fields.Text(name);

    private static void Require(ScheduleId id, ScheduleChange change)
    {
        switch (change)
        {
            case ScheduleChange.NotFound:
                throw NotFound(id.ToString());
            case ScheduleChange.FromConfiguration:
                throw ApiException.Conflict($"Schedule {id} comes from the configuration: change it there and start again. It can be run, paused and resumed here.");
            case ScheduleChange.Duplicate:
                throw Duplicate();
        }
    }

    private static ApiException Duplicate() => ApiException.Conflict("A schedule with the same content is there already. Give this one another name, if both are meant.");

    private static ApiException NotFound(string id) => ApiException.NotFound($"There is no schedule {id}. GET /api/schedules lists those there are.");

    private async Task<ScheduleOverview> FindAsync(ApiCall call)
    {
        var id = IdOf(call);
        return await control.FindAsync(id, call.Aborted) ?? throw NotFound(id.ToString());
    }

    private static ScheduleId IdOf(ApiCall call)
    {
        var text = call.Route("id");
        return ScheduleId.TryParse(text, out var id) ? id
            : throw ApiException.BadParameter("id", $"'{ApiCall.Shown(text)}' is not a schedule id: 24 hexadecimal digits are.");
    }
}

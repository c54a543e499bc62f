using System.Text.Json;
using Mrq.Scheduling;
using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

public sealed class SchedulesSpec : ApiSpec
{
    private const string Daily = """{"name":"Sums","path":"test.add","params":{"a":1,"b":2},"dailytime":"07:30","weekday":0,"timezone":"Europe/Berlin","queue":"math","misfire":"skip"}""";

    protected override Task<MrqServer> StartAsync() => MrqServer.StartAsync(mrq =>
    {
        Tasks.Register(mrq);
        mrq.AddSchedule(new Schedule { Name = "Configured", Path = "test.nothing", Cron = "0 0 1 1 *" });
    });

    [Fact]
    public async Task A_schedule_is_added_read_and_listed()
    {
        var added = await Server.PostAsync("/api/schedules", Daily);

        Assert.Equal(201, added.Status);
        Assert.Equal($"/api/schedules/{added.At("id")}", added.Location);
        Assert.Equal(
            ("Sums", "test.add", "math", "07:30", "monday", "Europe/Berlin", "skip", "Mondays at 07:30", "api", "False"),
            (added.At("name"), added.At("path"), added.At("queue"), added.At("dailytime"), added.At("weekday"), added.At("timezone"), added.At("misfire"), added.At("when"), added.At("origin"), added.At("paused")));
        Assert.Equal(2, added.Json.GetProperty("params").GetProperty("b").GetInt32());
        Assert.Equal(DayOfWeek.Monday, added.Json.GetProperty("next_run").GetDateTimeOffset().DayOfWeek);
        Assert.Equal(JsonValueKind.Null, added.Json.GetProperty("last_run").ValueKind);
        Assert.Equal(added.Text, (await Server.GetAsync(added.Location!)).Text);
        var all = (await Server.GetAsync("/api/schedules")).Json.GetProperty("schedules").EnumerateArray();
        Assert.Equal([("Configured", "config"), ("Sums", "api")], all.Select(s => (s.GetProperty("name").GetString(), s.GetProperty("origin").GetString())));
    }

    [Fact]
    public async Task An_interval_runs_at_once_and_knows_its_job()
    {
        var id = (await Server.PostAsync("/api/schedules", """{"path":"test.add","params":{"a":40,"b":2},"interval":3600}""")).At("id");

        var job = await Server.LastJobAsync(id!);

        var end = await Server.EndOfAsync(job);
        Assert.Equal(("success", 42), (end.GetProperty("status").GetString(), end.GetProperty("result").GetInt32()));
        var schedule = (await Server.GetAsync($"/api/schedules/{id}")).Json;
        Assert.Equal(schedule.GetProperty("datelastqueued").GetDateTimeOffset().AddHours(1), schedule.GetProperty("next_run").GetDateTimeOffset());
        Assert.Equal(job, Assert.Single((await Server.GetAsync($"/api/jobs?tag=schedule:{id}")).Json.GetProperty("jobs").EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_schedule_is_changed_as_a_whole()
    {
        var id = (await Server.PostAsync("/api/schedules", Daily)).At("id");

        var changed = await Server.SendAsync(HttpMethod.Put, $"/api/schedules/{id}", """{"path":"test.nothing","cron":"*/5 * * * *"}""");

        Assert.Equal((200, "test.nothing", "every 5 minutes", "UTC", ""), (changed.Status, changed.At("path"), changed.At("when"), changed.At("timezone"), changed.At("name")));
        Assert.Equal(changed.Text, (await Server.GetAsync($"/api/schedules/{id}")).Text);
    }

    [Fact]
    public async Task A_schedule_is_run_by_hand_paused_and_resumed_and_deleted()
    {
        var id = (await Server.PostAsync("/api/schedules", Daily)).At("id");

        var paused = await Server.PostAsync($"/api/schedules/{id}/pause");
        Assert.Equal(("True", JsonValueKind.Null), (paused.At("paused"), paused.Json.GetProperty("next_run").ValueKind));
        var run = await Server.PostAsync($"/api/schedules/{id}/run");
        Assert.Equal((201, $"/api/jobs/{run.At("job")}"), (run.Status, run.Location));
        Assert.Equal("math", (await Server.GetAsync(run.Location!)).At("queue"));
        Assert.Equal(run.At("job"), (await Server.GetAsync($"/api/schedules/{id}")).At("last_job"));
        var resumed = await Server.PostAsync($"/api/schedules/{id}/resume");
        Assert.Equal(("False", JsonValueKind.String), (resumed.At("paused"), resumed.Json.GetProperty("next_run").ValueKind));
        Assert.Equal(200, (await Server.SendAsync(HttpMethod.Delete, $"/api/schedules/{id}")).Status);

        AssertProblem(await Server.GetAsync($"/api/schedules/{id}"), 404, "There is no schedule");
        Assert.Equal(200, (await Server.GetAsync(run.Location!)).Status);
        var audit = (await Server.GetAsync("/api/audit")).Json.GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(
            ["schedule.delete", "schedule.resume", "schedule.run", "schedule.pause", "schedule.add"], audit.Select(e => e.GetProperty("action").GetString()));
        Assert.All(audit, entry => Assert.Equal($"Sums ({id})", entry.GetProperty("target").GetString()));
    }

    [Fact]
    public async Task What_comes_from_the_configuration_is_changed_only_there()
    {
        var id = (await Server.GetAsync("/api/schedules")).Json.GetProperty("schedules")[0].GetProperty("id").GetString();

        AssertProblem(await Server.SendAsync(HttpMethod.Delete, $"/api/schedules/{id}"), 409, "comes from the configuration");
        AssertProblem(await Server.SendAsync(HttpMethod.Put, $"/api/schedules/{id}", Daily), 409, "comes from the configuration");
        Assert.Equal(200, (await Server.PostAsync($"/api/schedules/{id}/pause")).Status);
        Assert.Equal(201, (await Server.PostAsync($"/api/schedules/{id}/run")).Status);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_named_and_nothing_is_stored()
    {
        var answer = await Server.PostAsync(
            "/api/schedules", """{"path":"test.ad","params":[1],"interval":"often","weekday":true,"timezone":"Mars","misfire":"maybe","colour":"red"}""");

        AssertProblem(answer, 422);
        Assert.Equal("The schedule cannot be accepted", answer.At("title"));
        string[] fields = ["path", "params", "interval", "weekday", "timezone", "misfire", "colour"];
        Assert.Equal(fields.Order(), answer.Json.GetProperty("errors").EnumerateObject().Select(e => e.Name).Order());
        Assert.Contains("Did you mean 'test.add'?", answer.At("errors", "path"), StringComparison.Ordinal);
        AssertProblem(await Server.PostAsync("/api/schedules", """{"path":"test.nothing","interval":5,"cron":"* * * * *"}"""), 422, "exactly one of");
        AssertProblem(await Server.PostAsync("/api/schedules", """{"path":"test.nothing","cron":"0 0 31 2 *"}"""), 422, "never comes");
        AssertProblem(await Server.PostAsync("/api/schedules", """{"path":"test.nothing","monthday":3,"interval":60}"""), 422, "monthday: needs a dailytime.");
        AssertProblem(await Server.PostAsync("/api/schedules", "[]"), 422, "must be a JSON object");
        AssertProblem(await Server.PostAsync("/api/schedules/xyz/run"), 400, "not a schedule id");
        AssertProblem(await Server.PostAsync($"/api/schedules/{UnknownId}/run"), 404, "There is no schedule");
        AssertProblem(await Server.SendAsync(HttpMethod.Put, $"/api/schedules/{UnknownId}", Daily), 404, "There is no schedule");
        Assert.Equal(1, (await Server.GetAsync("/api/schedules")).Json.GetProperty("schedules").GetArrayLength());
    }

    [Fact]
    public async Task The_same_content_twice_is_a_conflict()
    {
        await Server.PostAsync("/api/schedules", Daily);

        AssertProblem(await Server.PostAsync("/api/schedules", Daily), 409, "same content");
    }
}

namespace Mrq.Tests.Api;

public sealed class TasksSpec : ApiSpec
{
    [Fact]
    public async Task A_task_is_listed_with_its_params_and_options()
    {
        var tasks = (await Server.GetAsync("/api/tasks")).Json.GetProperty("tasks").EnumerateArray().ToDictionary(t => t.GetProperty("path").GetString()!);

        var add = tasks["test.add"];
        Assert.Equal(["a", "b"], add.GetProperty("params").EnumerateArray().Select(p => p.GetProperty("name").GetString()));
        Assert.Equal("integer", add.GetProperty("params")[0].GetProperty("type").GetString());
        Assert.True(add.GetProperty("params")[0].GetProperty("required").GetBoolean());
        Assert.Equal(3600, add.GetProperty("options").GetProperty("timeout").GetDouble());
        Assert.Contains("mrq.job_action", tasks.Keys);
    }

    [Fact]
    public async Task A_wrong_parameter_is_refused() => AssertProblem(await Server.GetAsync("/api/tasks?q=a"), 400, "takes none");
}

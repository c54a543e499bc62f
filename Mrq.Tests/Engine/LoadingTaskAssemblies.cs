using Mrq.Jobs;
using Mrq.Samples;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

public sealed class LoadingTaskAssemblies
{
    private static readonly string Samples = typeof(SampleTasks).Assembly.Location;

    [Fact]
    public async Task Tasks_of_the_folder_run_and_a_broken_assembly_is_named_and_stops_nothing()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("tasks/good"));
        File.Copy(Samples, folder.File("tasks/good/Mrq.Samples.dll"));
        await File.WriteAllTextAsync(folder.File("tasks/text.dll"), "this is no assembly", TestContext.Current.CancellationToken);
        var whole = await File.ReadAllBytesAsync(Samples, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder.File("tasks/half.dll"), whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);

        await using var mrq = await TestEngine.StartAsync(b => b.AddTaskFolder(folder.File("tasks")), folder: folder);
        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("samples.add", """{"a": 1, "b": 2}"""));

        Assert.Equal("3", job.Result);
        var broken = mrq.Get<TaskRegistry>().Broken;
        Assert.Equal(["half.dll", "text.dll"], broken.Select(b => Path.GetFileName(b.Source)).Order(StringComparer.Ordinal));
        Assert.All(broken, b => Assert.NotEmpty(b.Error));
    }

    [Fact]
    public async Task Each_assembly_has_a_load_context_of_its_own()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("tasks"));
        File.Copy(Samples, folder.File("tasks/Mrq.Samples.dll"));

        await using var mrq = await TestEngine.StartAsync(b => b.AddTaskFolder(folder.File("tasks")), workers: false, folder: folder);

        Assert.NotEqual(typeof(AddParams), mrq.Get<TaskRegistry>().Find("samples.add")!.ParamsType);
    }

    [Fact]
    public async Task A_path_that_is_taken_stays_with_the_first_and_the_second_is_named()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("tasks"));
        File.Copy(Samples, folder.File("tasks/Mrq.Samples.dll"));

        await using var mrq = await TestEngine.StartAsync(b => b.AddSamples().AddTaskFolder(folder.File("tasks")), workers: false, folder: folder);

        Assert.Equal(typeof(AddParams), mrq.Get<TaskRegistry>().Find("samples.add")!.ParamsType);
        var broken = Assert.Single(mrq.Get<TaskRegistry>().Broken);
        Assert.EndsWith("Mrq.Samples.dll", broken.Source, StringComparison.Ordinal);
        Assert.Contains("samples.add, ", broken.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_has_no_tasks()
    {
        await using var mrq = await TestEngine.StartAsync(b => b.AddTaskFolder("no/such/folder"), workers: false);

        Assert.Empty(mrq.Get<TaskRegistry>().Broken);
    }

    [Fact]
    public void Two_tasks_of_an_application_with_one_path_are_refused_at_start()
    {
        var refused = Assert.Throws<InvalidTaskException>(() => Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder().Services.AddTwice());

        Assert.Contains("'same'", refused.Message, StringComparison.Ordinal);
    }
}

internal static class TwoTasks
{
    public static void AddTwice(this Microsoft.Extensions.DependencyInjection.IServiceCollection services) =>
        Hosting.MrqServiceCollectionExtensions.AddMrq(services, b => b
            .AddTask<NoParams>("same", (_, _, _) => Task.CompletedTask)
            .AddTask<NoParams>("same", (_, _, _) => Task.CompletedTask));
}

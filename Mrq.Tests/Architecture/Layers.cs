namespace Mrq.Tests.Architecture;

/// <summary>What docs/architecture.md says of who may know whom.</summary>
public sealed class Layers
{
    /// <summary>The folder of the checkout.</summary>
    internal static readonly string Root = FindRoot(AppContext.BaseDirectory);

    [Fact]
    public void Only_the_adapters_name_a_driver()
    {
        string[] drivers = ["Microsoft.Data.Sqlite", "SQLitePCL", "StackExchange.Redis", "MongoDB", "libmongoc"];

        var offenders = SourcesOf("Mrq.Core").Concat(SourcesOf("Mrq.Server")).Concat(SourcesOf("Mrq.Dashboard"))
            .Where(f => !f.Contains("/Storage/Sqlite/", StringComparison.Ordinal) && !f.Contains("/Storage/Redis/", StringComparison.Ordinal) && !f.Contains("/Storage/Mongo/", StringComparison.Ordinal))
            .Where(f => drivers.Any(d => File.ReadAllText(f).Contains($"using {d}", StringComparison.Ordinal)));

        Assert.Empty(offenders);
    }

    [Theory]
    [InlineData("Mrq.Server")]
    [InlineData("Mrq.Dashboard")]
    [InlineData("samples/Mrq.Samples")]
    public void Nobody_outside_the_engine_knows_an_adapter(string project) =>
        Assert.DoesNotContain(SourcesOf(project), f => Names(f, "Sqlite") || Names(f, "Redis"));

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Redis")]
    public void Inside_the_engine_only_the_hosting_knows_an_adapter(string adapter) =>
        Assert.DoesNotContain(
            SourcesOf("Mrq.Core").Where(f => !f.Contains($"/Storage/{adapter}/", StringComparison.Ordinal) && !f.Contains("/Hosting/", StringComparison.Ordinal)),
            f => Names(f, adapter));

    [Fact]
    public void The_engine_does_not_know_aspnet() =>
        Assert.DoesNotContain(
            typeof(Jobs.Job).Assembly.GetReferencedAssemblies(), a => a.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));

    [Fact]
    public void The_dashboard_does_not_know_the_server() =>
        Assert.DoesNotContain(SourcesOf("Mrq.Dashboard"), f => File.ReadAllText(f).Contains("Mrq.Server", StringComparison.Ordinal));

    // Both are ways to the same services; what a page could do through the API alone, a C# program could not do.
    [Theory]
    [InlineData("Mrq.Dashboard/Pages")]
    [InlineData("Mrq.Dashboard/Controls")]
    [InlineData("Mrq.Dashboard/Actions")]
    [InlineData("Mrq.Dashboard/Layout")]
    public void The_pages_do_not_know_the_api(string folder) =>
        Assert.DoesNotContain(SourcesOf(folder), f => File.ReadAllText(f).Contains("Mrq.Dashboard.Api", StringComparison.Ordinal));

    [Fact]
    public void The_libraries_do_not_know_the_sample_tasks() =>
        Assert.DoesNotContain(
            new[] { typeof(Jobs.Job), typeof(Mrq.Dashboard.App) }.SelectMany(type => type.Assembly.GetReferencedAssemblies()), a => a.Name == "Mrq.Samples");

    private static bool Names(string file, string adapter) =>
        File.ReadAllText(file).Contains($"Mrq.Storage.{adapter}", StringComparison.Ordinal);

    private static IEnumerable<string> SourcesOf(string project) => Directory
        .EnumerateFiles(Path.Combine(Root, project), "*", SearchOption.AllDirectories)
        .Where(f => f.EndsWith(".cs", StringComparison.Ordinal) || f.EndsWith(".razor", StringComparison.Ordinal))
        .Select(f => f.Replace('\\', '/'))
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static string FindRoot(string folder) =>
        File.Exists(Path.Combine(folder, "Mrq.sln")) ? folder : FindRoot(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not lie in the repository."));
}

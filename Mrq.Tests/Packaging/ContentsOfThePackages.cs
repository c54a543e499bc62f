using System.Text;
using Mrq.Tests.Support;

namespace Mrq.Tests.Packaging;

/// <summary>What lies in the packages.</summary>
[Collection(PackagingSuite.Name)]
public sealed class ContentsOfThePackages(PackedPackages packed)
{
    [Theory]
    [InlineData("Mrq.Core")]
    [InlineData("Mrq.Dashboard")]
    [InlineData("Mrq.Tool")]
    public void Each_says_what_it_is_and_under_which_licence(string id)
    {
        var package = packed.Open(id);

        Assert.Equal("MIT", package.Says("license"));
        Assert.Equal("README.md", package.Says("readme"));
        Assert.StartsWith($"# {id}\n", Encoding.UTF8.GetString(package.Entries["README.md"]), StringComparison.Ordinal);
        Assert.NotEmpty(package.Says("description")!);
        Assert.Contains("job-queue", package.Says("tags"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mrq.Core")]
    [InlineData("Mrq.Dashboard")]
    public void A_library_has_its_documentation_and_its_symbols(string id)
    {
        Assert.Contains($"lib/net10.0/{id}.xml", packed.Open(id).Entries.Keys);
        Assert.Contains($"lib/net10.0/{id}.pdb", packed.Open(id, "snupkg").Entries.Keys);
        Assert.DoesNotContain(packed.Open(id).Entries.Keys, e => e.EndsWith(".pdb", StringComparison.Ordinal));
    }

    [Fact]
    public void The_engine_needs_no_web_server_and_the_dashboard_neither_driver_nor_samples()
    {
        Assert.Equal(
            ["Microsoft.Data.Sqlite", "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Options.ConfigurationExtensions", "SQLitePCLRaw.bundle_e_sqlite3", "StackExchange.Redis"],
            packed.Open("Mrq.Core").Dependencies);
        Assert.Equal(["Microsoft.AspNetCore.OpenApi", "Microsoft.OpenApi", "Mrq.Core", "Swashbuckle.AspNetCore.SwaggerUI"], packed.Open("Mrq.Dashboard").Dependencies);
    }

    [Fact]
    public void The_tool_has_what_it_runs_on_but_for_other_kinds_of_devices()
    {
        var tool = packed.Open("Mrq.Tool");

        Assert.Empty(tool.Dependencies);
        Assert.Contains("tools/net10.0/any/mrq.dll", tool.Entries.Keys);
        Assert.Contains("tools/net10.0/any/runtimes/linux-arm64/native/libe_sqlite3.so", tool.Entries.Keys);
        Assert.DoesNotContain(tool.Entries.Keys, e => e.Contains("/runtimes/ios", StringComparison.Ordinal) || e.Contains("/runtimes/browser", StringComparison.Ordinal));
    }

#if !DEBUG
    // What a developer builds for himself names his files, so that a debugger finds them.
    [Theory]
    [InlineData("Mrq.Core")]
    [InlineData("Mrq.Dashboard")]
    [InlineData("Mrq.Tool")]
    public void Nothing_in_them_names_a_path_of_the_machine_that_built_them(string id)
    {
        var symbols = packed.Open(id, "snupkg");
        var root = Encoding.UTF8.GetBytes(Repository.Root);

        Assert.NotEmpty(symbols.Sources);
        Assert.All(symbols.Sources, source => Assert.StartsWith("/_/", source, StringComparison.Ordinal));
        Assert.All(packed.Open(id).Entries, entry => Assert.True(entry.Value.AsSpan().IndexOf(root) < 0, $"{entry.Key} names {Repository.Root}."));
    }
#endif
}

/// <summary>Packs once; one build after the other, as they share the folders of the checkout.</summary>
[CollectionDefinition(Name)]
public sealed class PackagingSuite : ICollectionFixture<PackedPackages>
{
    public const string Name = "packaging";
}

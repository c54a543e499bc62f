using Mrq.Tests.Support;

namespace Mrq.Tests.Packaging;

/// <summary>What people install, made once for all specs, of what was built with the tests.</summary>
public sealed class PackedPackages : IAsyncLifetime
{
    // Mrq.Core and Mrq.Dashboard must come from the folder, and not from an earlier installation of this version.
    private static readonly string Known =
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private readonly TempFolder _folder = new();

    /// <summary>The version of all of them.</summary>
    public static string Version { get; } = Mrq.Server.Commands.CommandLine.Version;

    /// <summary>A folder that is a package source.</summary>
    public string Source => _folder.File("packages");

    internal Package Open(string id, string extension = "nupkg") => new(Path.Combine(Source, $"{id}.{Version}.{extension}"));

    public async ValueTask InitializeAsync() =>
        await DotnetCommand.RunAsync(Repository.Root, "pack", "Mrq.sln", "-c", HostedSample.Configuration, "--no-build", "-o", Source);

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Copies the sample application out of the checkout and builds it with the packages; answers its program.</summary>
    internal async Task<string> BuildHostedSampleAsync()
    {
        var folder = Directory.CreateDirectory(_folder.File("HostedApp")).FullName;
        foreach (var file in Directory.EnumerateFiles(HostedSample.Folder).Where(f => Path.GetExtension(f) is ".cs" or ".csproj"))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        // Beside the sources of the machine, which have what the packages need.
        await File.WriteAllTextAsync(
            Path.Combine(folder, "NuGet.config"), """<configuration><packageSources><add key="packed" value="../packages" /></packageSources></configuration>""", TestContext.Current.CancellationToken);
        await DotnetCommand.RunAsync(
            folder, ["build", "-v", "quiet", "-o", _folder.File("app"), $"-p:MrqVersion={Version}", $"-p:RestorePackagesPath={_folder.File("cache")}", .. KnownPackages()]);
        return Path.Combine(_folder.File("app"), "HostedApp");
    }

    /// <summary>Installs the tool; answers its program.</summary>
    internal async Task<string> InstallToolAsync()
    {
        await DotnetCommand.RunAsync(_folder.Path, "tool", "install", "Mrq.Tool", "--tool-path", _folder.File("tool"), "--add-source", Source, "--version", Version);
        return Path.Combine(_folder.File("tool"), "mrq");
    }

    // What the machine has already is not fetched again.
    private static string[] KnownPackages() => Directory.Exists(Path.Combine(Known, "mrq.core")) ? [] : [$"-p:RestoreFallbackFolders={Known}"];
}

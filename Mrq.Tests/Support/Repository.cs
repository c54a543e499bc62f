namespace Mrq.Tests.Support;

/// <summary>The working copy that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>The folder of <c>Mrq.sln</c>.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "Mrq.sln"))
        ? folder
        : FindRoot(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not lie in the repository."));
}

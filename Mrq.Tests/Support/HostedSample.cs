namespace Mrq.Tests.Support;

/// <summary>The application <c>samples/HostedApp</c>, with the user <c>ada</c> and the password <c>secret</c>.</summary>
internal static class HostedSample
{
#if DEBUG
    public const string Configuration = "Debug";
#else
    public const string Configuration = "Release";
#endif

    /// <summary>Its sources.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "samples", "HostedApp");

    /// <summary>The one that was built with the tests.</summary>
    public static string Program { get; } = Path.Combine(Folder, "bin", Configuration, "net10.0", "HostedApp");

    public static MrqProcess Start(TempFolder folder, string program) => MrqProcess.StartProgram(
        program, folder, ["--urls", "http://127.0.0.1:0"], ("Operators__ada", "secret"), ("ASPNETCORE_ENVIRONMENT", "Production"), ("ASPNETCORE_HTTP_PORTS", ""));
}

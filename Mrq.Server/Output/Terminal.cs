namespace Mrq.Server.Output;

/// <summary>What stands behind the three streams of this process.</summary>
internal static class Terminal
{
    /// <summary>True: a person reads stdout.</summary>
    public static bool IsOutput => !Console.IsOutputRedirected;

    /// <summary>True: a person reads stderr, and sees a line that is written over and over.</summary>
    public static bool IsErrors => !Console.IsErrorRedirected && !IsDumb;

    /// <summary>True: a person can be asked.</summary>
    public static bool CanAsk => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>True: stdout shows colours, and nobody has asked for none (NO_COLOR).</summary>
    public static bool HasColors => IsOutput && !IsDumb && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>Characters in a line of stdout.</summary>
    public static int Width => IsOutput && Console.WindowWidth is > 0 and var width ? width : 120;

    private static bool IsDumb => Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
}

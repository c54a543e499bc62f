namespace Mrq.Server.Configuration;

/// <summary>Settings that belong together: a heading of the help, and what a command heeds or leaves alone as a whole.</summary>
internal sealed record OptionGroup(string Title)
{
    public static readonly OptionGroup General = new("General");

    public static readonly OptionGroup Store = new("Store");

    /// <summary>Of <c>mrq server</c> alone, which is both dashboard and worker.</summary>
    public static readonly OptionGroup Server = new("Server");

    public static readonly OptionGroup Dashboard = new("Dashboard and API");

    public static readonly OptionGroup Worker = new("Worker");

    /// <summary>Looks into what jobs and workers do, each of which costs something.</summary>
    public static readonly OptionGroup Tracing = new("Tracing");

    public static readonly OptionGroup Tasks = new("Tasks");

    public static readonly OptionGroup Jobs = new("Jobs");

    /// <summary>In the order of the help.</summary>
    public static readonly IReadOnlyList<OptionGroup> All = [Store, Server, Dashboard, Worker, Tasks, Jobs, Tracing, General];
}

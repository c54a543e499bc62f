namespace Mrq.Server.Api;

/// <summary>Who makes a request, for the audit log.</summary>
internal static class CurrentActor
{
    /// <summary>Whoever calls while no login is set up.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>The signed-in name, or <see cref="Anonymous"/>.</summary>
    public static string NameOf(HttpContext context) => context.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : Anonymous;
}

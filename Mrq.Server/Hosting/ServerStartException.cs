namespace Mrq.Server.Hosting;

/// <summary>The server cannot start as it is set up. Each error is one line for the person who starts it.</summary>
internal sealed class ServerStartException(IReadOnlyList<string> errors, Exception? cause = null)
    : Exception(string.Join(Environment.NewLine, errors), cause)
{
    public IReadOnlyList<string> Errors { get; } = errors;

    /// <summary>False: it is no matter of the settings, but of a store that is away or a port that is taken, and other settings would not help.</summary>
    public bool IsOfSettings { get; init; } = true;
}

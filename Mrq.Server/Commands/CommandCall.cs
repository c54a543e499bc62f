using Mrq.Server.Configuration;
using Mrq.Server.Processes;

namespace Mrq.Server.Commands;

/// <summary>One call of a command.</summary>
/// <param name="Arguments">What follows the command's name, besides options.</param>
/// <param name="Given">Texts of the command's own options, checked; those that were not given are missing.</param>
/// <param name="CommandLine">Settings of the command line alone, to be read again with the files when these change.</param>
/// <param name="Read">Settings of all sources.</param>
internal sealed record CommandCall(
    IReadOnlyList<string> Arguments, IReadOnlyDictionary<CallOption, string> Given, IReadOnlyList<GivenOption> CommandLine, ReadSettings Read)
{
    /// <summary>The settings.</summary>
    /// <exception cref="InvalidOperationException">They are wrong, which was to be told instead of asking.</exception>
    public ServerSettings Settings => Read.Settings ?? throw new InvalidOperationException(string.Join(' ', Read.Errors));

    /// <summary>The process that carries it out, as its managers see it.</summary>
    public ManagedProcess Managed { get; init; } = ManagedProcess.Alone;

    public bool Has(CallOption option) => Given.ContainsKey(option);

    /// <summary>The value of one of the command's own options; <paramref name="otherwise"/> when it was not given.</summary>
    public T Get<T>(CallOption<T> option, T otherwise) => Given.TryGetValue(option, out var text) ? option.Read(text) : otherwise;

    /// <summary>True when the switch was given, and not as false.</summary>
    public bool IsOn(CallOption<bool> option) => Get(option, false);
}

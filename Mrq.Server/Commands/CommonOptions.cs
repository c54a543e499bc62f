using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary>Options that several commands have alike.</summary>
internal static class CommonOptions
{
    public static readonly CallOption<bool> Json = new()
    {
        Name = "json",
        Value = OptionValue.Given,
        IsSwitch = true,
        Help = "Print JSON, for programs.",
    };

    public static readonly CallOption<bool> Yes = new()
    {
        Name = "yes",
        Letter = 'y',
        Value = OptionValue.Given,
        IsSwitch = true,
        Help = "Do not ask. Needed where nobody can be asked.",
    };

    /// <summary>A switch of one command.</summary>
    public static CallOption<bool> Switch(string name, string help) => new() { Name = name, Value = OptionValue.Given, IsSwitch = true, Help = help };
}

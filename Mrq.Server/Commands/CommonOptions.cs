using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary>Options that several commands have alike.</summary>
internal static class CommonOptions
{
    public static readonly CallOption<bool> Json = new()
    {
        Name = "json",
        Value = OptionValue.Flag,
        IsSwitch = true,
        Help = "Print JSON, for programs.",
    };
}

using Mrq.Server.Commands;

namespace Mrq.Server.Output;

/// <summary>A question before something that cannot be undone.</summary>
internal static class Question
{
    /// <summary>Asks on stderr and reads the answer from stdin: true for y or yes.</summary>
    /// <param name="question">Safe text, without the question mark's choices.</param>
    public static bool IsConfirmed(string question)
    {
        Console.Error.Write($"{question} [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes" or "Yes" or "YES";
    }

    /// <summary>What is wrong with a call that would have to ask and cannot, as a sentence; null: nothing.</summary>
    public static string? Impossible(CommandCall call) =>
        call.IsOn(CommonOptions.Yes) || Terminal.CanAsk ? null : "nobody can be asked whether this is meant: give --yes.";
}

namespace Mrq.Server.Output;

/// <summary>What a task threw when it was called here, without the frames at the end that are of MRQ, not of the task.</summary>
internal static class TaskStack
{
    private static readonly string[] Ours = ["Mrq.Tasks.TaskDefinitions.", "Mrq.Tasks.TaskCall.", "Mrq.Server."];

    /// <summary>Type, message and frames; nothing is left out before the last frame of the task, and never the message.</summary>
    public static string Of(Exception exception)
    {
        var lines = exception.ToString().ReplaceLineEndings("\n").Split('\n');
        var count = lines.Length;
        while (count > 1 && IsOurs(lines[count - 1]))
        {
            count--;
        }

        return string.Join('\n', lines[..count]);
    }

    private static bool IsOurs(string line) =>
        (line.StartsWith("   at ", StringComparison.Ordinal) && Array.Exists(Ours, ours => line.AsSpan("   at ".Length).StartsWith(ours, StringComparison.Ordinal)))
        || line.StartsWith("--- End of stack trace from previous location", StringComparison.Ordinal);
}

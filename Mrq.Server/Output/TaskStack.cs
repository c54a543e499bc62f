namespace Mrq.Server.Output;

/// <summary>What a task threw when it was called here, without the frames of MRQ that called it.</summary>
internal static class TaskStack
{
    private const string Frame = "   at ";

    private static readonly string[] Ours = ["Mrq.Tasks.TaskDefinitions.", "Mrq.Tasks.TaskCall.", "Mrq.Diagnostics.", "Mrq.Server."];

    private static readonly string[] Framework = ["System.", "Microsoft."];

    /// <summary>Type, message and frames. What the framework did between the task and MRQ is left out, unless nothing else is there; the message never is.</summary>
    public static string Of(Exception exception)
    {
        var lines = exception.ToString().ReplaceLineEndings("\n").Split('\n').Where(line => !IsOf(Ours, line) && !IsMark(line, "End of stack trace from previous location")).ToList();
        var own = lines.FindLastIndex(line => line.StartsWith(Frame, StringComparison.Ordinal) && !IsOf(Framework, line));
        return string.Join('\n', own < 0 ? lines : lines[..(own + 1)]);
    }

    private static bool IsOf(string[] types, string line) =>
        line.StartsWith(Frame, StringComparison.Ordinal) && Array.Exists(types, type => line.AsSpan(Frame.Length).StartsWith(type, StringComparison.Ordinal));

    private static bool IsMark(string line, string text) => line.AsSpan().TrimStart().StartsWith($"--- {text}", StringComparison.Ordinal);
}

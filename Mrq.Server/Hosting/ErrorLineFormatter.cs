using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Mrq.Server.Output;

namespace Mrq.Server.Hosting;

/// <summary>Log lines of a command, for its stderr: <c>18:00:00 warn: category: message</c>. What tasks log is text, whatever characters it has.</summary>
internal sealed class ErrorLineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    /// <summary>What the logging framework finds it by.</summary>
    public const string FormatterName = "mrq-errors";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(ProgressLine.Clear);
        textWriter.Write(time.GetLocalNow().ToString("HH:mm:ss ", CultureInfo.InvariantCulture));
        textWriter.Write($"{Label(logEntry.LogLevel)}: {SafeText.Line(logEntry.Category)}: {SafeText.Block(message)}\n");
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write($"{SafeText.Block(exception.ToString())}\n");
        }
    }

    private static string Label(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}

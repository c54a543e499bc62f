using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Mrq.Storage;

namespace Mrq.Diagnostics;

/// <summary>Sends what is logged in the flow of a job to that job; everything else passes by. Alias for filters: <c>MrqJobs</c>.</summary>
[ProviderAlias("MrqJobs")]
internal sealed class JobLoggerProvider : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new JobLogger(categoryName);

    public void Dispose()
    {
    }

    private sealed class JobLogger(string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && JobFlow.Current?.Log is not null;

        [SuppressMessage("Design", "CA1062", Justification = "The logging framework never passes null.")]
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.None || JobFlow.Current?.Log is not { } sink)
            {
                return;
            }

            var message = formatter(state, exception);
            sink.Write((JobLogLevel)logLevel, category, exception is null ? message : $"{message}\n{exception}");
        }
    }
}

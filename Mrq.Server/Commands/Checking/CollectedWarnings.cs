namespace Mrq.Server.Commands.Checking;

/// <summary>What the engine would warn of in its log, collected to be told in its place.</summary>
internal sealed class CollectedWarnings : ILoggerProvider
{
    private readonly List<string> _warnings = [];

    /// <summary>The messages so far, each once.</summary>
    public IReadOnlyList<string> Messages
    {
        get
        {
            lock (_warnings)
            {
                return [.. _warnings.Distinct(StringComparer.Ordinal)];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Collector(this);

    public void Dispose()
    {
    }

    private sealed class Collector(CollectedWarnings all) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lock (all._warnings)
                {
                    all._warnings.Add(exception is null ? formatter(state, exception) : $"{formatter(state, exception)}: {exception.Message}");
                }
            }
        }
    }
}

using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Mrq.Server.Hosting;

/// <summary>The least grave line that the console shows. It may change while the process runs.</summary>
internal sealed class ConsoleLevel(LogLevel level) : IConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>
{
    private ConfigurationReloadToken _changed = new();
    private volatile bool _isStarted;

    private LogLevel _level = level;

    public string? Name => Options.DefaultName;

    public LogLevel Level
    {
        get => _level;
        set
        {
            _level = value;
            Changed();
        }
    }

    public IChangeToken GetChangeToken() => _changed;

    /// <summary>The host has started: from here on its errors are told like those of others.</summary>
    public void Started()
    {
        _isStarted = true;
        Changed();
    }

    public void Configure(LoggerFilterOptions options)
    {
        // What a job logs is kept with the job from Information on, whatever the console shows.
        options.MinLevel = _level < LogLevel.Information ? _level : LogLevel.Information;
        AddConsole(options, category: null, _level);
        // Why the start failed is told by who started it, in a line; the host would add a stack trace.
        var least = _level > LogLevel.Warning ? _level : LogLevel.Warning;
        options.AddFilter<ConsoleLoggerProvider>("Microsoft.Extensions.Hosting.Internal.Host", line => line >= least && (_isStarted || line != LogLevel.Error));
        if (_level > LogLevel.Debug)
        {
            Quiet(options, "Microsoft", least);
            // It warns that keys on this machine's own disk are not encrypted.
            Quiet(options, "Microsoft.AspNetCore.DataProtection", _level > LogLevel.Error ? _level : LogLevel.Error);
        }
    }

    private void Changed() => Interlocked.Exchange(ref _changed, new ConfigurationReloadToken()).OnReload();

    // For the console, whose own filter would win over a general one, and for all other providers.
    private static void Quiet(LoggerFilterOptions options, string category, LogLevel least)
    {
        options.AddFilter(category, least);
        AddConsole(options, category, least);
    }

    private static void AddConsole(LoggerFilterOptions options, string? category, LogLevel least) =>
        options.Rules.Add(new LoggerFilterRule(typeof(ConsoleLoggerProvider).FullName, category, least, filter: null));
}

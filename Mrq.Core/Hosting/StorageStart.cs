using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Hosting;

/// <summary>Opens the store before anything else starts, and names the tasks that could not be loaded.</summary>
internal sealed partial class StorageStart(IStorage storage, TaskRegistry tasks, ILogger<StorageStart> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await storage.OpenAsync(cancellationToken);
        LogOpened(storage.Description, tasks.PathsForPeople.Count());
        foreach (var broken in tasks.Broken)
        {
            LogBroken(broken.Source, broken.Error);
        }

        foreach (var path in tasks.ConfiguredInVain)
        {
            LogConfiguredInVain(path, Suggestion.Closest(path, tasks.Paths) is { } closest ? $" Did you mean '{closest}'?" : "");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1001, LogLevel.Information, "Jobs are kept in {Store}; {Count} tasks are known")]
    private partial void LogOpened(string store, int count);

    [LoggerMessage(1003, LogLevel.Warning, "Mrq:Tasks:{Path} has options, but this process has no such task.{Suggestion}")]
    private partial void LogConfiguredInVain(string path, string suggestion);

    [LoggerMessage(1002, LogLevel.Error, "The tasks of {Source} are not available: {Error} Everything else runs")]
    private partial void LogBroken(string source, string error);
}

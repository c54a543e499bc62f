using System.Globalization;

namespace Mrq.Server.Tracing;

/// <summary>
/// Profiles the whole process for as long as it runs. What it has seen is written every few seconds, so that a process that is killed leaves its profile, too. First of the hosted
/// services, it ends last.
/// </summary>
/// <param name="folder">Where it writes; made when it is missing.</param>
internal sealed partial class CpuProfiler(string folder, TimeProvider time, ILogger<CpuProfiler> logger) : BackgroundService
{
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it has begun to look, or cannot.</summary>
    public Task Begun => _begun.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"mrq-{time.GetLocalNow():yyyyMMdd-HHmmss}-{Environment.ProcessId}");
        var tree = new CallTree();
        var watched = TimeSpan.Zero;
        try
        {
            // A folder that cannot be written is told at once, not after the first turn.
            CpuProfile.Write(folder, name, tree, watched);
            LogBegins(folder);
            while (!stoppingToken.IsCancellationRequested)
            {
                var begin = time.GetTimestamp();
                await CpuSamples.TakeAsync(tree, Turn, time, () => _begun.TrySetResult(), stoppingToken);
                watched += time.GetElapsedTime(begin);
                CpuProfile.Write(folder, name, tree, watched);
            }

            if (CpuProfile.Hottest(tree) is var (method, share))
            {
                LogProfile(tree.Total, watched.TotalSeconds, method, share * 100, Path.Combine(folder, $"{name}.txt"), Path.Combine(folder, $"{name}.speedscope.json"));
            }
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            // The jobs go on: they matter more than the profile.
            LogFailed(e.Message);
        }
        finally
        {
            _begun.TrySetResult();
        }
    }

    [LoggerMessage(6311, LogLevel.Information, "CPU time is sampled about a thousand times a second; the profile is written into {Folder}")]
    private partial void LogBegins(string folder);

    [LoggerMessage(6312, LogLevel.Information, "Profile: {Cpu:N2} s of managed code seen in {Watched:N1} s, most of it in {Method} ({Share:N0} %). Table: {Table}. For speedscope: {File}")]
    private partial void LogProfile(double cpu, double watched, string method, double share, string table, string file);

    [LoggerMessage(6313, LogLevel.Error, "CPU time is not sampled (any more): {Reason}")]
    private partial void LogFailed(string reason);
}

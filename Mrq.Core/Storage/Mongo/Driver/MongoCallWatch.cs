using Microsoft.Extensions.Logging;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>What comes on top of each call to MongoDB for whoever looks into them: some latency, a line in the log.</summary>
/// <param name="latency">Null: none.</param>
/// <param name="log">Null: nothing is told.</param>
internal sealed partial class MongoCallWatch(AddedLatency? latency, ILogger? log, TimeProvider time)
{
    /// <summary>Puts a call off, on its thread: a server that is far away holds thread and connection as long.</summary>
    public void PutOff(CancellationToken cancellationToken) => latency?.WaitAsync(time, cancellationToken).GetAwaiter().GetResult();

    /// <summary>Tells of a call when it has ended, with the time that its caller has waited.</summary>
    public async Task<T> TellAsync<T>(MongoCall call, Task<T> running)
    {
        var begun = time.GetTimestamp();
        try
        {
            var result = await running;
            Tell(call, begun, null);
            return result;
        }
        catch (Exception e)
        {
            Tell(call, begun, e);
            throw;
        }
    }

    private void Tell(MongoCall call, long begun, Exception? error)
    {
        if (log is null)
        {
            return;
        }

        var took = time.GetElapsedTime(begun).TotalMilliseconds;
        if (error is null)
        {
            LogDone(log, call, took);
        }
        else
        {
            LogFailed(log, call, took, error.Message);
        }
    }

    [LoggerMessage(3304, LogLevel.Information, "MongoDB {Call} in {Milliseconds:0.0} ms")]
    private static partial void LogDone(ILogger logger, MongoCall call, double milliseconds);

    [LoggerMessage(3305, LogLevel.Information, "MongoDB {Call} failed after {Milliseconds:0.0} ms: {Error}")]
    private static partial void LogFailed(ILogger logger, MongoCall call, double milliseconds, string error);
}

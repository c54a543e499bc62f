using Mrq.Server.Commands.Acting;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Tasks;

namespace Mrq.Server.Commands.Completing;

/// <summary>Names as the program and its stores have them. What cannot be read in time, or not at all, has none: whoever presses a key wants no error.</summary>
/// <param name="settings">Null: they are wrong, and nothing is read.</param>
/// <param name="patience">How long it may take from now on, with the loading of tasks; stores are given 100 ms at least.</param>
internal sealed class StoredNames(ServerSettings? settings, TimeSpan patience, TimeProvider time) : IKnownNames
{
    private static readonly TimeSpan LeastOfStores = TimeSpan.FromMilliseconds(100);

    private readonly long _begun = time.GetTimestamp();

    public async Task<IEnumerable<string>> TasksAsync()
    {
        if (await OpenAsync(tasks: true) is not { } engine)
        {
            return [];
        }

        IReadOnlyList<string> own = [.. engine.Get<TaskRegistry>().PathsForPeople];
        return (await ReadAsync(engine, token => engine.Get<KnownTasks>().ListAsync(token), own)).Union(own, StringComparer.Ordinal).Where(path => path != JobActionTask.Path);
    }

    public async Task<IEnumerable<string>> QueuesAsync() => settings is not null && await OpenAsync(tasks: false) is { } engine
        ? await ReadAsync(engine, async token => (await KnownQueues.ReadAsync(engine, settings, token)).Names, [])
        : [];

    public IEnumerable<ParamDescription> ParamsOf(string task)
    {
        if (settings is null)
        {
            return [];
        }

        try
        {
            using var host = MrqWorkerApp.Build(settings with { Workers = false, LogLevel = LogLevel.None });
            return host.Services.GetRequiredService<TaskRegistry>().Find(task)?.Params ?? [];
        }
        catch (ServerStartException)
        {
            return [];
        }
    }

    private async Task<EngineClient?> OpenAsync(bool tasks)
    {
        try
        {
            return settings is null ? null : await EngineClient.OpenAsync(settings, new ClientNeeds(Tasks: tasks, LogLevel: LogLevel.None, OpensLater: true), CancellationToken.None);
        }
        catch (ServerStartException)
        {
            return null;
        }
    }

    /// <summary>What is read of the stores; <paramref name="otherwise"/> when they do not answer in time. Then the process ends without them.</summary>
    private async Task<T> ReadAsync<T>(EngineClient engine, Func<CancellationToken, Task<T>> read, T otherwise)
    {
        if (EngineClient.LacksFile(settings!))
        {
            return otherwise;
        }

        // On another thread: opening a store may block.
        var reading = Task.Run(async () =>
        {
            await engine.OpenStoresAsync(CancellationToken.None);
            var found = await read(CancellationToken.None);
            await engine.DisposeAsync();
            return found;
        });
        var left = patience - time.GetElapsedTime(_begun);
        await Task.WhenAny(reading, Task.Delay(left > LeastOfStores ? left : LeastOfStores, time));
        return reading.IsCompletedSuccessfully ? await reading : otherwise;
    }
}

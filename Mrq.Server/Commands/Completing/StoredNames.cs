using Mrq.Server.Commands.Acting;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Tasks;

namespace Mrq.Server.Commands.Completing;

/// <summary>
/// Names as the program and its stores have them, which are read as they are: a key that is pressed changes nothing. What cannot be read in time, or not at all, has
/// none: whoever presses it wants no error.
/// </summary>
/// <param name="settings">Null: they are wrong, and nothing is read.</param>
/// <param name="patience">How long it may take from now on, with the loading of tasks; stores are given 100 ms at least.</param>
internal sealed class StoredNames(ServerSettings? settings, TimeSpan patience, TimeProvider time) : IKnownNames
{
    private static readonly TimeSpan LeastOfStores = TimeSpan.FromMilliseconds(100);

    private readonly long _begun = time.GetTimestamp();

    public async Task<IEnumerable<string>> TasksAsync()
    {
        if (await BuildAsync(tasks: true) is not { } engine)
        {
            return [];
        }

        IReadOnlyList<string> own = [.. engine.Get<TaskRegistry>().PathsForPeople];
        return (await ReadAsync(engine, token => engine.Get<KnownTasks>().ListAsync(token), own)).Union(own, StringComparer.Ordinal).Where(path => path != JobActionTask.Path);
    }

    public async Task<IEnumerable<string>> QueuesAsync() => settings is not null && await BuildAsync(tasks: false) is { } engine
        ? await ReadAsync(engine, async token => (await KnownQueues.ReadAsync(engine, settings, token)).Names, [])
        : [];

    public async Task<IEnumerable<ParamDescription>> ParamsOfAsync(string task)
    {
        if (await BuildAsync(tasks: true) is not { } engine)
        {
            return [];
        }

        await using (engine)
        {
            return engine.Get<TaskRegistry>().Find(task)?.Params ?? [];
        }
    }

    /// <summary>The engine, without its stores; null: it cannot be.</summary>
    private async Task<EngineClient?> BuildAsync(bool tasks)
    {
        try
        {
            return settings is null ? null : await EngineClient.OpenAsync(settings, new ClientNeeds(Tasks: tasks, LogLevel: LogLevel.None, OpensLater: true), CancellationToken.None);
        }
        catch (Exception)
        {
            // Not only what we say of settings and files: the code of tasks runs here, too, and throws what it likes.
            return null;
        }
    }

    /// <summary>What is read of the stores; <paramref name="otherwise"/> when that fails or takes too long. Ends the engine.</summary>
    private async Task<T> ReadAsync<T>(EngineClient engine, Func<CancellationToken, Task<T>> read, T otherwise)
    {
        var left = patience - time.GetElapsedTime(_begun);
        using var late = new CancellationTokenSource(left > LeastOfStores ? left : LeastOfStores, time);

        // On another thread: opening a store may block. Then nobody waits for it any longer, and it ends the engine as soon as it can, or the process does.
        var reading = Task.Run(() => ReadAsync(engine, read, late.Token), CancellationToken.None);
        await ((Task)reading).WaitAsync(late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return reading.IsCompletedSuccessfully ? await reading : otherwise;
    }

    private static async Task<T> ReadAsync<T>(EngineClient engine, Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using (engine)
        {
            await engine.OpenStoresToReadAsync(cancellationToken);
            return await read(cancellationToken);
        }
    }
}

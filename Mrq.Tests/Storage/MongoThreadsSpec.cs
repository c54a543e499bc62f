using Mrq.Storage;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Tests.Storage;

/// <summary>Blocking calls on threads of their own.</summary>
public sealed class MongoThreadsSpec
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_caller_is_never_blocked_when_everything_is_taken()
    {
        await using var threads = new MongoThreads(threads: 1, waiting: 1);
        using var held = new ManualResetEventSlim();
        var begun = new TaskCompletionSource();
        var running = threads.RunAsync(() => Hold(begun, held, 1), Token);
        await begun.Task;

        var waiting = threads.RunAsync(() => 2, Token);
        var beyond = threads.RunAsync(() => 3, Token);

        Assert.False(waiting.IsCompleted || beyond.IsCompleted);
        held.Set();
        int[] results = await Task.WhenAll(running, waiting, beyond);
        Assert.Equal([1, 2, 3], results);
    }

    [Fact]
    public async Task As_many_operations_run_at_once_as_there_are_threads()
    {
        await using var threads = new MongoThreads(threads: 4, waiting: 10);
        using var all = new Barrier(4);

        bool[] met = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => threads.RunAsync(() => all.SignalAndWait(-1, Token), Token)));

        Assert.Equal([true, true, true, true], met);
    }

    [Fact]
    public async Task What_is_cancelled_before_it_begins_never_begins()
    {
        await using var threads = new MongoThreads(threads: 1, waiting: 2);
        using var held = new ManualResetEventSlim();
        using var cancel = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var hasRun = false;
        var running = threads.RunAsync(() => Hold(begun, held, 1), Token);
        await begun.Task;
        var cancelled = threads.RunAsync(() => hasRun = true, cancel.Token);

        await cancel.CancelAsync();
        held.Set();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal((1, false), (await running, hasRun));
    }

    [Fact]
    public async Task A_failure_reaches_its_caller_and_no_other()
    {
        await using var threads = new MongoThreads(threads: 1, waiting: 2);

        await Assert.ThrowsAsync<InvalidDataException>(() => threads.RunAsync<int>(() => throw new InvalidDataException(), Token));

        Assert.Equal(5, await threads.RunAsync(() => 5, Token));
    }

    [Fact]
    public async Task Closing_runs_what_waits_and_takes_nothing_more()
    {
        var threads = new MongoThreads(threads: 1, waiting: 2);
        using var held = new ManualResetEventSlim();
        var begun = new TaskCompletionSource();
        var running = threads.RunAsync(() => Hold(begun, held, 1), Token);
        await begun.Task;
        var waiting = threads.RunAsync(() => 2, Token);

        var closed = threads.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => threads.RunAsync(() => 3, Token));
        held.Set();
        await closed;

        int[] results = await Task.WhenAll(running, waiting);
        Assert.Equal([1, 2], results);
    }

    private static int Hold(TaskCompletionSource begun, ManualResetEventSlim held, int result)
    {
        begun.SetResult();
        held.Wait(Token);
        return result;
    }
}

using System.Runtime.CompilerServices;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>Sub-tasks by themselves, without a job.</summary>
public sealed class PoolingSubTasks
{
    private readonly Gate _gate = new();
    private int _running;
    private int _most;
    private int _begun;
    private int _ended;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<bool> Forms => [false, true];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Sizes_0_and_1_run_one_after_the_other(int size)
    {
        var read = new List<int>();
        IEnumerable<int> Items()
        {
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal(i, _ended);
                read.Add(i);
                yield return i;
            }
        }

        var results = await SubPool.MapAsync(Items(), size, CountAsync, Token);

        Assert.Equal([0, 10, 20, 30, 40], results);
        Assert.Equal((1, 5), (_most, read.Count));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task As_many_run_at_once_as_the_size_says_and_no_more(bool streamed)
    {
        var all = RunAsync(streamed, Enumerable.Range(0, 60), 20, (item, token) => CountAsync(item, HoldAsync, token));

        await _gate.WaitForArrivalsAsync(20);
        Assert.Equal(20, _gate.Arrivals);
        _gate.Open();

        Assert.Equal(Enumerable.Range(0, 60).Select(i => i * 10), await all);
        Assert.Equal(20, _most);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Results_come_in_the_order_of_the_items_whichever_is_ready_first(bool streamed)
    {
        var ends = Enumerable.Range(0, 11).Select(_ => new TaskCompletionSource()).ToArray();
        ends[10].SetResult();

        var results = await RunAsync(streamed, Enumerable.Range(0, 10), 10, async (item, _) =>
        {
            await ends[item + 1].Task;
            ends[item].SetResult();
            return item;
        });

        Assert.Equal(Enumerable.Range(0, 10), results);
    }

    [Fact]
    public async Task A_slow_item_holds_up_none_behind_it()
    {
        var last = new TaskCompletionSource();

        var results = await SubPool.MapAsync(Enumerable.Range(0, 50), 2, async (item, _) =>
        {
            if (item == 0)
            {
                await last.Task;
            }
            else if (item == 49)
            {
                last.SetResult();
            }

            return item;
        }, Token);

        Assert.Equal(Enumerable.Range(0, 50), results);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Of_nothing_comes_nothing(bool streamed) =>
        Assert.Empty(await RunAsync(streamed, [], 5, CountAsync));

    [Theory]
    [InlineData(-1)]
    [InlineData(10_001)]
    public async Task A_size_out_of_range_is_refused_before_anything_runs(int size)
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SubPool.MapAsync([1], size, CountAsync, Token));
        Assert.Throws<ArgumentOutOfRangeException>(() => SubPool.StreamAsync([1], size, CountAsync, Token));
        Assert.Equal(0, _begun);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task The_first_error_ends_the_others_is_thrown_when_they_have_ended_and_keeps_its_line(bool streamed)
    {
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(streamed, Enumerable.Range(0, 100), 5, (item, token) =>
            CountAsync(item, BreakAtFourAsync, token)));

        Assert.Equal("item 4", error.Message);
        Assert.Contains(nameof(Break), error.StackTrace, StringComparison.Ordinal);
        Assert.Equal((5, 5), (_begun, _ended));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task An_error_of_the_input_ends_the_sub_tasks_and_is_thrown(bool streamed)
    {
        IEnumerable<int> Items()
        {
            yield return 0;
            yield return 1;
            throw new InvalidDataException("no third");
        }

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(streamed, Items(), 5, (item, token) => CountAsync(item, HoldAsync, token)));

        Assert.Equal("no third", error.Message);
        Assert.Equal(_begun, _ended);
    }

    [Fact]
    public async Task What_was_read_before_an_error_is_the_begin_of_the_results()
    {
        var seen = new List<int>();

        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (var result in SubPool.StreamAsync(
                Enumerable.Range(0, 10), 1, (item, token) => item == 3 ? throw new InvalidDataException() : CountAsync(item, token), Token))
            {
                seen.Add(result);
            }
        });

        Assert.Equal(Enumerable.Range(0, seen.Count).Select(i => i * 10), seen);
        Assert.Equal(3, _ended);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Who_cancels_waits_until_all_have_ended(bool streamed)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var all = RunAsync(streamed, Enumerable.Range(0, 100), 5, (item, token) => CountAsync(item, HoldAsync, token), stop.Token);
        await _gate.WaitForArrivalsAsync(5);

        await stop.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => all);
        Assert.True(error.CancellationToken.IsCancellationRequested);
        Assert.Equal((5, 5), (_begun, _ended));
    }

    [Fact]
    public async Task A_stream_without_end_is_read_only_as_far_as_needed_and_who_has_read_enough_ends_the_rest()
    {
        var read = 0;
        IEnumerable<int> Endless()
        {
            while (true)
            {
                yield return read++;
            }
        }

        var seen = new List<int>();
        await foreach (var result in SubPool.StreamAsync(Endless(), 4, CountAsync, Token))
        {
            seen.Add(result);
            Assert.InRange(read, seen.Count, seen.Count + (2 * 4) + 1);
            if (seen.Count == 100)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => i * 10), seen);
        Assert.Equal(_begun, _ended);
    }

    [Fact]
    public async Task An_asynchronous_input_is_told_to_end_too()
    {
        var told = new TaskCompletionSource();
        async IAsyncEnumerable<int> ItemsAsync([EnumeratorCancellation] CancellationToken token = default)
        {
            yield return 1;
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
            finally
            {
                told.SetResult();
            }
        }

        await foreach (var result in SubPool.StreamAsync(ItemsAsync(Token), 3, CountAsync, Token))
        {
            Assert.Equal(10, result);
            break;
        }

        Assert.True(told.Task.IsCompleted);
    }

    private static async Task<IReadOnlyList<int>> RunAsync(
        bool streamed, IEnumerable<int> items, int size, Func<int, CancellationToken, Task<int>> run, CancellationToken? stop = null) => streamed
        ? await SubPool.StreamAsync(items, size, run, stop ?? Token).ToListAsync(Token)
        : await SubPool.MapAsync(items, size, run, stop ?? Token);

    private Task<int> CountAsync(int item, CancellationToken token) => CountAsync(
        item,
        static async (i, _) =>
        {
            await Task.Yield();
            return i * 10;
        },
        token);

    private async Task<int> CountAsync(int item, Func<int, CancellationToken, Task<int>> run, CancellationToken token)
    {
        Interlocked.Increment(ref _begun);
        InterlockedMax(ref _most, Interlocked.Increment(ref _running));
        try
        {
            return await run(item, token);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
            Interlocked.Increment(ref _ended);
        }
    }

    private async Task<int> HoldAsync(int item, CancellationToken token)
    {
        await _gate.PassAsync(token);
        return item * 10;
    }

    private async Task<int> BreakAtFourAsync(int item, CancellationToken token)
    {
        if (item == 4)
        {
            await _gate.WaitForArrivalsAsync(4);
            Break();
        }

        return await HoldAsync(item, token);
    }

    private static void Break() => throw new InvalidDataException("item 4");

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}

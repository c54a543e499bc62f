using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mrq.Diagnostics;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>What a process knows of stores that go away and come back.</summary>
public sealed class WatchingTheStores : IAsyncLifetime
{
    private readonly FakeClock _clock = new();
    private readonly StoresOfTheTest _stores = new();
    private readonly CollectedLog<StorageHealth> _log = new();
    private readonly Channel<bool> _changes = Channel.CreateUnbounded<bool>();
    private readonly StorageHealth _health;

    public WatchingTheStores()
    {
        _health = new StorageHealth(_stores, _clock, _log);
        _health.Changed += (_, _) => _changes.Writer.TryWrite(true);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _health.StartAsync(Token);

    public async ValueTask DisposeAsync()
    {
        await _health.StopAsync(CancellationToken.None);
        _health.Dispose();
    }

    [Fact]
    public async Task A_store_is_away_since_the_first_look_that_did_not_find_it()
    {
        var lost = await LookAfterAsync(TimeSpan.FromHours(1), "Redis");
        var still = await LookAfterAsync(TimeSpan.FromMinutes(5), "Redis");

        Assert.Equal([new StoreAway("Redis", "Redis is gone.", Start.AddHours(1))], lost);
        Assert.Equal(lost, still);
    }

    [Fact]
    public async Task Each_store_has_its_own_time()
    {
        await LookAfterAsync(TimeSpan.FromMinutes(1), "Redis");
        var both = await LookAfterAsync(TimeSpan.FromMinutes(1), "Redis", "MongoDB");
        var one = await LookAfterAsync(TimeSpan.FromMinutes(1), "MongoDB");

        Assert.Equal([("Redis", Start.AddMinutes(1)), ("MongoDB", Start.AddMinutes(2))], both.Select(store => (store.Store, store.Since)));
        Assert.Equal([("MongoDB", Start.AddMinutes(2))], one.Select(store => (store.Store, store.Since)));
    }

    [Fact]
    public async Task What_comes_back_and_goes_again_is_away_since_the_second_time()
    {
        await LookAfterAsync(TimeSpan.FromMinutes(1), "Redis");
        Assert.Empty(await LookAfterAsync(TimeSpan.FromMinutes(1)));

        var again = await LookAfterAsync(TimeSpan.FromMinutes(1), "Redis");

        Assert.Equal(Start.AddMinutes(3), Assert.Single(again).Since);
    }

    [Fact]
    public async Task It_looks_by_itself_and_tells_both_changes()
    {
        _stores.Away = ["Redis"];
        _clock.Advance(StorageHealth.Pace);
        await _changes.Reader.ReadAsync(Token);
        Assert.Equal("Redis", Assert.Single(_health.Away).Store);

        _stores.Away = [];
        await _health.LookAsync(Token);

        Assert.Empty(_health.Away);
        Assert.True(_changes.Reader.TryRead(out _));
        Assert.Equal([(LogLevel.Error, "Redis is away: Redis is gone. Everything goes on when it is back"), (LogLevel.Information, "Redis is back after 0 s")], _log.Lines);
    }

    [Fact]
    public async Task Nothing_is_told_while_nothing_changes()
    {
        await LookAfterAsync(TimeSpan.FromMinutes(1));
        await LookAfterAsync(TimeSpan.FromMinutes(1), "Redis");
        Assert.True(_changes.Reader.TryRead(out _));

        await LookAfterAsync(TimeSpan.FromMinutes(1), "Redis");

        Assert.False(_changes.Reader.TryRead(out _));
        Assert.Single(_log.Lines);
    }

    [Fact]
    public async Task Callers_that_come_during_a_look_share_the_next()
    {
        var answer = _stores.Hold();
        var first = _health.LookAsync(Token);
        await _stores.Asked.ReadAsync(Token);
        var others = Enumerable.Range(0, 5).Select(_ => _health.LookAsync(Token)).ToList();
        _stores.Away = ["Redis"];

        answer.SetResult();

        Assert.Empty(await first);
        Assert.All(await Task.WhenAll(others), away => Assert.Single(away));
        await _stores.Asked.ReadAsync(Token);
        Assert.False(_stores.Asked.TryRead(out _));
    }

    [Fact]
    public async Task A_store_that_fails_when_it_is_asked_counts_as_away()
    {
        _stores.Failure = new InvalidOperationException("a defect");

        Assert.Equal("InvalidOperationException: a defect", Assert.Single(await _health.LookAsync(Token)).Reason);
    }

    private static DateTimeOffset Start { get; } = new FakeClock().GetUtcNow();

    // A jump: what the timer would have looked for meanwhile is not the test's subject.
    private async Task<IReadOnlyList<StoreAway>> LookAfterAsync(TimeSpan time, params string[] away)
    {
        await _health.LookAsync(Token);
        _stores.Away = away;
        _clock.SetUtcNow(_clock.GetUtcNow() + time);
        return await _health.LookAsync(Token);
    }

    /// <summary>Stores of which the test says what is away.</summary>
    private sealed class StoresOfTheTest : IStorage
    {
        private readonly Channel<bool> _asked = Channel.CreateUnbounded<bool>();
        private volatile TaskCompletionSource? _held;

        public volatile IReadOnlyList<string> Away = [];

        public volatile Exception? Failure;

        public ChannelReader<bool> Asked => _asked.Reader;

        public string Description => "Redis and MongoDB";

        /// <summary>Lets the next question wait for its answer, which is the one from before.</summary>
        public TaskCompletionSource Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task OpenToReadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task<IReadOnlyList<StorageProblem>> CheckAsync(CancellationToken cancellationToken)
        {
            var away = Away;
            var held = Interlocked.Exchange(ref _held, null);
            _asked.Writer.TryWrite(true);
            await (held?.Task ?? Task.CompletedTask).WaitAsync(cancellationToken);
            return Failure is { } failure ? throw failure : [.. away.Select(store => new StorageProblem(store, $"{store} is gone."))];
        }
    }
}

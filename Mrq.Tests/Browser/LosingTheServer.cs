using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

public sealed class LosingTheServer(Chromium chromium) : Journey(chromium)
{
    private readonly Outage _outage = new();

    [Fact]
    public async Task A_page_comes_back_by_itself_with_its_filter_after_a_restart_of_the_server()
    {
        await GoAsync($"jobs?queue={Parked}");
        await MarkAsync();

        await RestartServerAsync();

        await Page.WaitForFunctionAsync("!window.sameDocument && document.body?.classList.contains('started')");
        await Expect(Page.Locator(".chip")).ToContainTextAsync(Parked);
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await Expect(Row(id)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task While_the_store_is_away_the_page_keeps_its_data_and_says_so()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await GoAsync("jobs");
        await Expect(Row(id)).ToBeVisibleAsync();
        await MarkAsync();

        _outage.Away = true;
        Server.Get<ICoordination>().Publish(Changes.Jobs);
        await Expect(Page.Locator(".banner")).ToContainTextAsync("is away since");
        await Expect(Row(id)).ToBeVisibleAsync();
        _outage.Away = false;

        await Expect(Page.Locator(".banner")).ToHaveCountAsync(0);
        await AssertNotReloadedAsync();
    }

    [Fact]
    public async Task A_store_that_takes_no_writes_is_told_of_although_it_can_be_read()
    {
        await GoAsync("jobs");
        await Expect(Page.Locator("#live-toggle")).ToHaveTextAsync("Live");

        _outage.TakesNoWrites = true;
        await Expect(Page.Locator(".banner")).ToContainTextAsync("the database is locked");
        await Expect(Page.Locator("#live-toggle")).ToHaveTextAsync("Store away");
        _outage.TakesNoWrites = false;

        await Expect(Page.Locator(".banner")).ToHaveCountAsync(0);
        await Expect(Page.Locator("#live-toggle")).ToHaveTextAsync("Live");
    }

    protected override void Host(WebApplicationBuilder builder)
    {
        var real = builder.Services.Last(s => s.ServiceType == typeof(IJobQueries));
        builder.Services.AddSingleton(services =>
        {
            var queries = (IJobQueries)(real.ImplementationFactory?.Invoke(services) ?? real.ImplementationInstance ?? ActivatorUtilities.CreateInstance(services, real.ImplementationType!));
            var faulty = DispatchProxy.Create<IJobQueries, FaultyQueries>();
            ((FaultyQueries)(object)faulty).Use(queries, _outage);
            return faulty;
        });
        var storage = builder.Services.Last(s => s.ServiceType == typeof(IStorage));
        builder.Services.AddSingleton<IStorage>(services => new LockedStorage((IStorage)storage.ImplementationFactory!(services), _outage));
    }

    private sealed class LockedStorage(IStorage real, Outage outage) : IStorage
    {
        public string Description => real.Description;

        public Task OpenAsync(CancellationToken cancellationToken) => real.OpenAsync(cancellationToken);

        public Task OpenToReadAsync(CancellationToken cancellationToken) => real.OpenToReadAsync(cancellationToken);

        public Task<IReadOnlyList<StorageProblem>> CheckAsync(CancellationToken cancellationToken) =>
            outage.TakesNoWrites ? Task.FromResult<IReadOnlyList<StorageProblem>>([new StorageProblem(Description, "the database is locked")]) : real.CheckAsync(cancellationToken);
    }

    public sealed class Outage
    {
        private volatile bool _away;
        private volatile bool _takesNoWrites;

        public bool Away
        {
            get => _away;
            set => _away = value;
        }

        public bool TakesNoWrites
        {
            get => _takesNoWrites;
            set => _takesNoWrites = value;
        }
    }

    /// <summary>The real reads, until the outage.</summary>
    public class FaultyQueries : DispatchProxy
    {
        private IJobQueries _real = null!;
        private Outage _outage = null!;

        public void Use(IJobQueries real, Outage outage) => (_real, _outage) = (real, outage);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            _outage.Away ? throw new StorageUnavailableException("the disk is gone") : targetMethod!.Invoke(_real, args);
    }
}

using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

public sealed class StorageAwaySpec : ApiSpec
{
    private readonly Switch _away = new();

    // No worker: what is away here is away for requests only.
    protected override Task<MrqServer> StartAsync() =>
        MrqServer.StartAsync(Tasks.Register, s => s with { Workers = false }, host =>
        {
            Wrap<IJobStore>(host.Services);
            Wrap<IJobQueries>(host.Services);
            Wrap<IQueueStore>(host.Services);
            Wrap<IWorkerStore>(host.Services);
            Wrap<IJobLogStore>(host.Services);
            Wrap<IAuditStore>(host.Services);
            Wrap<IStorage>(host.Services);
        });

    [Theory]
    [InlineData("GET", "/api/jobs", null)]
    [InlineData("GET", "/api/jobs/000000000000000000000000", null)]
    [InlineData("GET", "/api/jobs/000000000000000000000000?wait=5", null)]
    [InlineData("GET", "/api/jobs/000000000000000000000000/logs", null)]
    [InlineData("POST", "/api/jobs", """{"path":"test.nothing"}""")]
    [InlineData("POST", "/api/jobs/bulk", """[{"path":"test.nothing"}]""")]
    [InlineData("PUT", "/api/jobs/000000000000000000000000", """{"queue":"a"}""")]
    [InlineData("DELETE", "/api/jobs/000000000000000000000000", null)]
    [InlineData("POST", "/api/jobs/000000000000000000000000/requeue", null)]
    [InlineData("POST", "/api/jobs/actions", """{"action":"cancel","filter":{}}""")]
    [InlineData("GET", "/api/queues", null)]
    [InlineData("GET", "/api/queues/a", null)]
    [InlineData("POST", "/api/queues/a/pause", null)]
    [InlineData("GET", "/api/workers", null)]
    [InlineData("POST", "/api/workers/a/stop", null)]
    [InlineData("GET", "/api/tasks", null)]
    [InlineData("GET", "/api/exceptions", null)]
    [InlineData("GET", "/api/stats", null)]
    [InlineData("GET", "/api/audit", null)]
    [InlineData("GET", "/metrics", null)]
    [InlineData("GET", "/health/ready", null)]
    public async Task Every_request_that_needs_it_is_answered_with_503(string method, string address, string? body)
    {
        _away.IsOn = true;

        AssertProblem(await Server.SendAsync(new HttpMethod(method), address, body), 503, "the disk is full");
    }

    [Fact]
    public async Task The_process_is_live_and_ready_again_when_the_store_is_back()
    {
        _away.IsOn = true;
        Assert.Equal(200, (await Server.GetAsync("/health/live")).Status);
        Assert.Equal(503, (await Server.GetAsync("/health/ready")).Status);

        _away.IsOn = false;

        Assert.Equal("{\"status\":\"ready\"}\n", (await Server.GetAsync("/health/ready")).Text);
    }

    private void Wrap<T>(IServiceCollection services)
        where T : class
    {
        var own = services.Last(s => s.ServiceType == typeof(T));
        services.Remove(own);
        services.AddSingleton(provider =>
        {
            var inner = own.ImplementationFactory?.Invoke(provider) ?? own.ImplementationInstance ?? ActivatorUtilities.CreateInstance(provider, own.ImplementationType!);
            return AwayStore<T>.Around((T)inner, _away);
        });
    }

    public sealed class Switch
    {
        public bool IsOn { get; set; }
    }

    /// <summary>A store that is away while the switch is on, but for being opened.</summary>
    public class AwayStore<T> : DispatchProxy
        where T : class
    {
        private T _inner = null!;
        private Switch _away = null!;

        internal static T Around(T inner, Switch away)
        {
            var proxy = Create<T, AwayStore<T>>();
            ((AwayStore<T>)(object)proxy)._inner = inner;
            ((AwayStore<T>)(object)proxy)._away = away;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            !_away.IsOn || targetMethod!.IsSpecialName ? targetMethod!.Invoke(_inner, args)
            : targetMethod.Name == nameof(IStorage.CheckAsync) ? Task.FromResult<IReadOnlyList<StorageProblem>>([new StorageProblem("SQLite", "the disk is full")])
            : throw new StorageUnavailableException("the disk is full");
    }
}

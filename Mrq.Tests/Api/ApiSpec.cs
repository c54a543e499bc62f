using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

/// <summary>A server for each test, with the tasks of <see cref="TestTasks"/>.</summary>
public abstract class ApiSpec : ApiExpectations, IAsyncLifetime
{
    protected TestTasks Tasks { get; } = new();

    protected MrqServer Server { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync() => Server = await StartAsync();

    protected virtual Task<MrqServer> StartAsync() => MrqServer.StartAsync(Tasks.Register);

    public async ValueTask DisposeAsync()
    {
        Tasks.Release();
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

/// <summary>One server for all tests of a class, for those that leave nothing behind.</summary>
public abstract class SharedApiSpec(SharedServer shared) : ApiExpectations, IClassFixture<SharedServer>
{
    protected MrqServer Server => shared.Server;
}

/// <summary>The server of a <see cref="SharedApiSpec"/>.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public MrqServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await MrqServer.StartAsync(new TestTasks().Register);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

/// <summary>A server for each test, with the tasks of <see cref="TestTasks"/>.</summary>
public abstract class ApiSpec : IAsyncLifetime
{
    protected const string UnknownId = "000000000000000000000000";

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

    /// <summary>An error answer of this status, whose text names all of these words.</summary>
    protected static void AssertProblem(Answer answer, int status, params string[] words)
    {
        Assert.True(answer.Status == status, $"{answer.Status} instead of {status}: {answer.Text}");
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.False(string.IsNullOrEmpty(answer.At("title")));
        foreach (var word in words)
        {
            Assert.Contains(word, answer.At("detail"), StringComparison.Ordinal);
        }
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Dashboard.Api;
using Mrq.Diagnostics;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

public sealed class AuditAwaySpec : ApiSpec
{
    private readonly AuditEntries _entries = new();

    protected override Task<MrqServer> StartAsync() =>
        MrqServer.StartAsync(Tasks.Register, s => s with { Workers = false }, host => host.Services.AddSingleton<IAuditStore>(_entries));

    [Theory]
    [InlineData("POST", "/api/queues/slow/pause", null, 200)]
    [InlineData("POST", "/api/queues/slow/purge", null, 200)]
    [InlineData("PUT", "/api/jobs/{id}", """{"queue":"a"}""", 200)]
    [InlineData("POST", "/api/jobs/{id}/cancel", null, 200)]
    [InlineData("DELETE", "/api/jobs/{id}", null, 200)]
    [InlineData("POST", "/api/jobs/actions", """{"action":"cancel","filter":{}}""", 202)]
    public async Task A_deed_that_is_done_is_answered_so_although_it_cannot_be_noted(string method, string address, string? body, int status)
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });
        _entries.Failure = new InvalidOperationException("the disk is full");

        var answer = await Server.SendAsync(new HttpMethod(method), address.Replace("{id}", id, StringComparison.Ordinal), body);

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Counts_that_cannot_be_written_are_written_the_next_time()
    {
        var audit = Make(_entries);
        _entries.Failure = new InvalidOperationException("not even a storage failure");
        audit.Note("anonymous", "a", 3);
        audit.Note("anonymous", "b");
        await audit.WriteAsync();
        audit.Note("anonymous", "a", 2);
        _entries.Failure = null;

        await audit.WriteAsync();
        await audit.WriteAsync();

        Assert.Equal([("a", 5), ("b", 1)], _entries.All.Select(e => (e.Target, e.Count)).Order());
    }

    [Fact]
    public async Task Counts_are_written_at_the_stop_also_when_its_time_is_up()
    {
        var audit = Make(_entries);
        audit.Note("anonymous", "a", 3);

        await audit.StopAsync(new CancellationToken(canceled: true));

        Assert.Equal(3, Assert.Single(_entries.All).Count);
    }

    private static EnqueueAudit Make(AuditEntries entries) =>
        new(new Audit(entries, TimeProvider.System, NullLogger<Audit>.Instance), TimeProvider.System, NullLogger<EnqueueAudit>.Instance);

    /// <summary>Keeps entries in memory, or fails.</summary>
    private sealed class AuditEntries : IAuditStore
    {
        public List<AuditEntry> All { get; } = [];

        public Exception? Failure { get; set; }

        public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Failure is not null)
            {
                return Task.FromException(Failure);
            }

            All.Add(entry);
            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<AuditEntry>> ListAsync(long? before, int limit, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<AuditEntry>>(All);

        public Task<int> DeleteBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) => Task.FromResult(0);
    }
}

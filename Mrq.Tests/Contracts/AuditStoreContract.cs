using Mrq.Storage;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IAuditStore"/> does.</summary>
public abstract class AuditStoreContract(StoreFamily family) : StoreContract(family)
{
    [Fact]
    public async Task Entries_come_newest_first_with_growing_numbers()
    {
        await AppendAsync("job.cancel", count: 3);
        await AppendAsync("queue.pause", count: null);

        var entries = await Stores.Audit.ListAsync(null, 10, Token);

        Assert.Equal(["queue.pause", "job.cancel"], entries.Select(entry => entry.Action));
        Assert.True(entries[0].Number > entries[1].Number);
        Assert.Equal(new AuditEntry(entries[1].Number, Now, "ann", "job.cancel", "status=queued", 3), entries[1]);
        Assert.Null(entries[0].Count);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap()
    {
        for (var i = 0; i < 7; i++)
        {
            await AppendAsync($"a{i}", null);
        }

        var first = await Stores.Audit.ListAsync(null, 4, Token);
        var second = await Stores.Audit.ListAsync(first[^1].Number, 4, Token);

        Assert.Equal(["a6", "a5", "a4", "a3", "a2", "a1", "a0"], first.Concat(second).Select(entry => entry.Action));
        Assert.Empty(await Stores.Audit.ListAsync(second[^1].Number, 4, Token));
    }

    [Fact]
    public async Task Old_entries_are_deleted_and_their_numbers_not_given_again()
    {
        await AppendAsync("old", null);
        var old = Assert.Single(await Stores.Audit.ListAsync(null, 10, Token)).Number;
        Clock.Advance(TimeSpan.FromDays(1));

        Assert.Equal(0, await Stores.Audit.DeleteBeforeAsync(Now.AddDays(-1), Token));
        Assert.Equal(1, await Stores.Audit.DeleteBeforeAsync(Now, Token));
        await AppendAsync("new", null);
        Assert.True(Assert.Single(await Stores.Audit.ListAsync(null, 10, Token)).Number > old);
    }

    private Task AppendAsync(string action, long? count) =>
        Stores.Audit.AppendAsync(new AuditEntry(0, Now, "ann", action, "status=queued", count), Token);
}

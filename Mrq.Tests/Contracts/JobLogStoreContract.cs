using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IJobLogStore"/> does.</summary>
public abstract class JobLogStoreContract(StoreFamily family) : StoreContract(family)
{
    [Fact]
    public async Task Lines_are_numbered_by_job_in_the_order_written()
    {
        var (a, b) = (await InsertAsync(), await InsertAsync());

        await Stores.Logs.AppendAsync([Line(a.Id, "a1"), Line(b.Id, "b1"), Line(a.Id, "a2")], Token);
        await Stores.Logs.AppendAsync([Line(a.Id, "a3", JobLogLevel.Error)], Token);

        Assert.Equal(
            [Line(a.Id, "a1") with { Number = 1 }, Line(a.Id, "a2") with { Number = 2 }, Line(a.Id, "a3", JobLogLevel.Error) with { Number = 3 }],
            await Stores.Logs.ReadAsync(a.Id, 0, 10, Token));
        Assert.Equal([Line(b.Id, "b1") with { Number = 1 }], await Stores.Logs.ReadAsync(b.Id, 0, 10, Token));
    }

    [Fact]
    public async Task Reading_goes_on_after_a_number_and_the_tail_gives_the_last()
    {
        var job = await InsertAsync();
        await Stores.Logs.AppendAsync([.. Enumerable.Range(1, 20).Select(i => Line(job.Id, $"line {i}"))], Token);

        Assert.Equal([6L, 7, 8], (await Stores.Logs.ReadAsync(job.Id, 5, 3, Token)).Select(line => line.Number));
        Assert.Empty(await Stores.Logs.ReadAsync(job.Id, 20, 3, Token));
        Assert.Equal(["line 18", "line 19", "line 20"], (await Stores.Logs.TailAsync(job.Id, 3, Token)).Select(line => line.Message));
        Assert.Empty(await Stores.Logs.TailAsync(JobId.New(Clock), 3, Token));
    }

    [Fact]
    public async Task Any_text_comes_back_as_it_was_written()
    {
        var job = await InsertAsync();
        string[] texts = ["", " ", "zeile\nzeile\r\n", "世界 🎉", "a\0b", new string('x', 100_000)];

        await Stores.Logs.AppendAsync([.. texts.Select(text => Line(job.Id, text))], Token);

        Assert.Equal(texts, (await Stores.Logs.ReadAsync(job.Id, 0, 10, Token)).Select(line => line.Message));
    }

    [Fact]
    public async Task Lines_of_a_job_that_is_gone_do_no_harm()
    {
        var job = await InsertAsync();
        await Stores.Logs.AppendAsync([Line(JobId.New(Clock), "lost"), Line(job.Id, "kept")], Token);
        await Stores.Logs.AppendAsync([], Token);

        Assert.Equal("kept", Assert.Single(await Stores.Logs.ReadAsync(job.Id, 0, 10, Token)).Message);
    }

    [Fact]
    public async Task Lines_of_many_writers_get_each_number_once()
    {
        var job = await InsertAsync();
        var other = await OpenAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            (i % 2 == 0 ? Stores : other).Logs.AppendAsync([Line(job.Id, "x"), Line(job.Id, "y")], Token)));

        Assert.Equal(Enumerable.Range(1, 40).Select(i => (long)i), (await Stores.Logs.ReadAsync(job.Id, 0, 100, Token)).Select(line => line.Number));
    }

    private JobLogLine Line(JobId job, string message, JobLogLevel level = JobLogLevel.Information) =>
        new(job, 0, 1, Now, level, "my.Category", message);
}

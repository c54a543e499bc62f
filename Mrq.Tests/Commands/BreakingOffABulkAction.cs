using System.Text;
using System.Text.RegularExpressions;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Tests.Support;

namespace Mrq.Tests.Commands;

/// <summary>An action of <c>mrq jobs</c> on all that match, which ends before it is done. The process is stopped while the spec looks, so that it is in the middle for sure.</summary>
public sealed partial class BreakingOffABulkAction : IDisposable
{
    private const int Count = 30_000;

    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task After_a_signal_it_says_how_far_it_came_and_the_same_call_does_the_rest(string signal, int exitCode)
    {
        await EnqueueAsync(Count, ["--sqlite", _folder.File("mrq.db")]);
        await using var engine = await TestEngine.StartAsync(_ => { }, workers: false, folder: _folder);
        await using (var process = MrqProcess.Start(_folder, ["jobs", "--path", "samples.add", "--delete", "--yes"]))
        {
            await StopInTheMiddleAsync(process, engine);
            await process.SignalAsync(signal);
            await process.SignalAsync("CONT");

            Assert.Equal(exitCode, await process.ExitAsync());
            var left = await engine.Queries.CountAsync(new JobFilter(), long.MaxValue, Token);
            var done = int.Parse(Far().Match(process.Errors).Groups["done"].Value, System.Globalization.NumberStyles.AllowThousands, System.Globalization.CultureInfo.InvariantCulture);
            // The page in hand may have been ended after the last word about it.
            Assert.InRange(Count - left, done, done + 1000);
            Assert.EndsWith("no worker goes on with it. The same call takes the action on the others.", process.Errors, StringComparison.Ordinal);
        }

        var (code, output, _) = await MrqProcess.RunAsync(_folder, ["jobs", "--path", "samples.add", "--delete", "--yes"]);
        Assert.Equal(0, code);
        Assert.EndsWith(" deleted", output, StringComparison.Ordinal);
        Assert.Equal(0, await engine.Queries.CountAsync(new JobFilter(), long.MaxValue, Token));
    }

    [Fact]
    public async Task A_store_that_goes_away_is_told_with_how_far_it_came()
    {
        await using var servers = await StoppableStores.StartAsync();
        await using var stores = servers.Stores;
        await EnqueueAsync(Count / 3, stores.Arguments);
        await using var engine = await TestEngine.StartAsync(_ => { }, workers: false, stores: stores);
        await using var process = MrqProcess.Start(_folder, ["jobs", "--path", "samples.add", "--cancel", "--yes", .. stores.Arguments]);
        await StopInTheMiddleAsync(process, engine);

        await servers.StopMongoAsync();
        await process.SignalAsync("CONT");

        Assert.Equal(2, await process.ExitAsync());
        Assert.Matches(Far(), process.Errors);
    }

    private static async Task StopInTheMiddleAsync(MrqProcess process, TestEngine engine)
    {
        await engine.WaitUntilAsync(async () => (await engine.Get<Audit>().ListAsync(null, 10, Token)).Any(entry => entry.Target.Contains(" by ", StringComparison.Ordinal) && entry.Action.StartsWith("jobs.", StringComparison.Ordinal) && entry.Action != AuditActions.ImportBegin));
        await process.SignalAsync("STOP");
        Assert.DoesNotContain(await engine.Get<Audit>().ListAsync(null, 10, Token), entry => entry.Action.EndsWith(".end", StringComparison.Ordinal) && entry.Action != AuditActions.ImportEnd);
    }

    private async Task EnqueueAsync(int count, IReadOnlyList<string> stores)
    {
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":1,\"b\":2}\n", count)));
        Assert.Equal((0, $"{count:N0} accepted, 0 rejected", ""), await MrqProcess.RunAsync(_folder, ["enqueue", "samples.add", "--from", "-", .. stores], lines));
    }

    [GeneratedRegex("mrq: broken off after (?<done>[0-9,]+)( of 30,000| of 10,000)? jobs; ", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Far();
}

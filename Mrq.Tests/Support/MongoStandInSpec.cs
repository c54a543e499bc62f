using System.Diagnostics;

namespace Mrq.Tests.Support;

/// <summary>The MongoDB stand-in does for MongoDB's own driver what it promises; the checks themselves are in <c>check.mjs</c>.</summary>
public sealed class MongoStandInSpec
{
    [Fact]
    public async Task The_stand_in_passes_its_own_check_through_the_official_driver()
    {
        using var check = Process.Start(new ProcessStartInfo("node", ["check.mjs"])
        {
            WorkingDirectory = MongoServer.StandInFolder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        });
        Assert.NotNull(check);

        var output = await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(check.ExitCode == 0, output);
    }
}

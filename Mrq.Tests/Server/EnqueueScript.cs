using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Mrq.Tests.Architecture;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary>samples/enqueue.sh, as the README tells people to run it.</summary>
public sealed class EnqueueScript
{
    [Fact]
    public async Task A_thousand_jobs_over_the_files_of_the_checkout_succeed()
    {
        using var folder = new TempFolder();
        await using var server = MrqProcess.Start(folder, ["--dashboard_port", "0", "--log_level", "Warning"]);
        using var api = await server.ReadyAsync();
        var start = new ProcessStartInfo("bash", [Path.Combine(Layers.Root, "samples", "enqueue.sh"), api.BaseAddress!.ToString().TrimEnd('/')])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        using var script = Process.Start(start)!;
        var output = script.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = script.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        var stats = await api.GetFromJsonAsync<JsonElement>(new Uri("/api/stats", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.True(script.ExitCode == 0, $"{await output}{await errors}");
        Assert.Contains("1000 succeeded, 0 did not", await output, StringComparison.Ordinal);
        Assert.Equal(1000, stats.GetProperty("statuses").GetProperty("success").GetInt64());
    }
}

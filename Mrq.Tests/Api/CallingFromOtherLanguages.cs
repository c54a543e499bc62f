using System.Diagnostics;
using System.Text.RegularExpressions;
using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

/// <summary>The programs of docs/use-other-languages.md, run as they stand there.</summary>
public sealed partial class CallingFromOtherLanguages
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sh", "bash", "call.sh")]
    [InlineData("python", "python3", "call.py")]
    [InlineData("js", "node", "call.mjs")]
    public async Task They_enqueue_wait_send_many_and_read_errors(string language, string program, string file)
    {
        await using var server = await MrqServer.StartAsync(settings: s => s with { Samples = true });
        using var folder = new TempFolder();
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "use-other-languages.md"), Token);
        await File.WriteAllTextAsync(folder.File(file), Program().Matches(page).Single(m => m.Groups["language"].Value == language).Groups["text"].Value, Token);

        Assert.Equal(
            [
                "success 3", "the same job",
                "1000 accepted, 1 rejected: line 501: params.a: must be a number, not \"one\". params.b: is required (number).",
                "422: path: no task 'samples.ad' is known. Did you mean 'samples.add'?",
            ],
            await RunAsync(program, folder.File(file), server.Address));
    }

    private static async Task<string[]> RunAsync(string program, string file, Uri server)
    {
        using var process = Process.Start(new ProcessStartInfo(program, [file])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["MRQ_URL"] = server.ToString().TrimEnd('/') },
        }) ?? throw new InvalidOperationException($"{program} did not start.");
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
            await process.WaitForExitAsync(Token);
            Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {await output}{await errors}");
            return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    [GeneratedRegex("^```(?<language>[a-z]+)\n(?<text>.*?)^```$", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Program();
}

using Mrq.Tests.Support;

namespace Mrq.Tests.Commands;

/// <summary>What commands say of a store that they cannot use: a line that tells what is wrong, where, and what to do; no stack.</summary>
public sealed class BeginningOnABrokenStore : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_disk_that_is_full_is_named()
    {
        const string mount = "mount -t tmpfs -o size=200k tmpfs .";
        Assert.SkipUnless((await Shell.RunAsync("unshare", ["-rm", "sh", "-c", mount], _folder.Path)).ExitCode == 0, "Nobody may mount a small disk here.");

        var (code, output) = await Shell.RunAsync(
            "unshare", ["-rm", "sh", "-c", $"{mount} && cd . && exec \"$0\" enqueue samples.add a=1 b=2 --sqlite \"$PWD/mrq.db\"", Path.Combine(AppContext.BaseDirectory, "mrq")], _folder.Path);

        Assert.Equal((2, $"mrq: The disk that holds {_folder.File("mrq.db")} is full. Make room; jobs that were accepted are safe.\n"), (code, output));
    }

    [Fact]
    public async Task Servers_that_are_away_are_both_named_and_nobody_is_told_to_wait()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["jobs", "--redis", "redis://127.0.0.1:1", "--mongodb", "mongodb://127.0.0.1:1/x"]);

        Assert.Equal((2, ""), (code, output));
        Assert.Equal(
            """
            mrq: Redis at 127.0.0.1:1 cannot be reached: Connection refused. Check that it runs, and the host and port of the address.
            mrq: MongoDB 127.0.0.1:1/x cannot be reached: Failed to connect to target host: 127.0.0.1:1. Check that it runs and that the address is right.
            """,
            errors);
    }

    [Theory]
    [InlineData("is a directory; the database needs the path of a file, for example", ".")]
    [InlineData("There is no database", "missing/mrq.db")]
    [InlineData("is damaged or is not an MRQ database", "text.db")]
    public async Task A_file_that_cannot_be_one_is_named(string error, string path)
    {
        await File.WriteAllTextAsync(_folder.File("text.db"), "no database", TestContext.Current.CancellationToken);

        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["jobs", "--sqlite", path]);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(error, Assert.Single(errors.Split('\n')), StringComparison.Ordinal);
        Assert.Contains(Path.GetFullPath(path, _folder.Path).TrimEnd('/'), errors, StringComparison.Ordinal);
    }
}

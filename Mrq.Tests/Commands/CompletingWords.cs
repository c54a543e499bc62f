using Microsoft.Data.Sqlite;
using Mrq.Server.Commands.Completing;
using Mrq.Server.Configuration;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Commands;

/// <summary>What shells are told when a person presses Tab.</summary>
public sealed class CompletingWords : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<StorePair> Pairs => [StorePair.Sqlite, StorePair.RedisAndMongo];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("w", "worker")]
    [InlineData("worker --greenlets 5 --log", "--log_level")]
    [InlineData("worker --log-level ", "critical debug error info none trace warning")]
    [InlineData("worker --log-level=e", "--log-level=error")]
    [InlineData("worker --dequeue-strategy b", "burst")]
    [InlineData("--dashboard-p", "--dashboard_port")]
    [InlineData("worker --dashboard_p", "")]
    [InlineData("completion ", "bash fish zsh")]
    [InlineData("help das", "dashboard")]
    [InlineData("worker --samples f", "false")]
    [InlineData("run pai", "paint.wall")]
    [InlineData("enqueue pai", "paint.wall")]
    [InlineData("run --queue slow --wait pai", "paint.wall")]
    [InlineData("ta", "tasks")]
    [InlineData("tasks pai", "paint.wall")]
    [InlineData("tasks paint.wall ", "")]
    [InlineData("jobs --status fa", "failed")]
    [InlineData("jobs --status failed,err", "failed,error failed,error_retry")]
    [InlineData("jobs --status=failed,time", "--status=failed,timeout")]
    [InlineData("jobs --path p", "paint.wall")]
    [InlineData("jobs --queue ", "high low")]
    [InlineData("jobs 6920a1f0c5d3e8b7a6f50001 --requeue --destination_queue h", "high")]
    [InlineData("queues ", "high low")]
    [InlineData("queues high ", "low")]
    [InlineData("worker l", "low")]
    [InlineData("worker --queues high l", "low")]
    [InlineData("worker --queues high,l", "high,low")]
    [InlineData("worker --task_whitelist p", "paint.wall")]
    [InlineData("run paint.wall --queue=l", "--queue=low")]
    [InlineData("run paint.wall ", "colour= coats= dry=")]
    [InlineData("run paint.wall c", "colour= coats=")]
    [InlineData("run paint.wall coats=2 c", "colour=")]
    [InlineData("run paint.wall coats 2 c", "colour=")]
    [InlineData("run paint.wall colour=", "colour=Green colour=Red")]
    [InlineData("run paint.wall colour=G", "colour=Green")]
    [InlineData("run paint.wall colour ", "Green Red")]
    [InlineData("run paint.wall --wait dry=t", "dry=true")]
    [InlineData("run paint.wall coats=", "")]
    [InlineData("run unknown.task ", "")]
    public async Task A_word_can_become(string line, string words) =>
        Assert.Equal(words.Split(' ').Order(StringComparer.Ordinal), (await new Completion(new Names()).OfAsync(line.Split(' '))).Words.DefaultIfEmpty(""));

    [Theory]
    [InlineData("worker --config ")]
    [InlineData("jobs --sqlite=a")]
    [InlineData("enqueue --from x")]
    public async Task Names_of_files_are_left_to_the_shell(string line)
    {
        var completed = await new Completion(new Names()).OfAsync(line.Split(' '));

        Assert.Empty(completed.Words);
        Assert.True(completed.IsFile);
    }

    [Theory]
    [InlineData(0, "--wait_timeout", "run", "--wait_t")]
    [InlineData(0, "burst", "worker", "--dequeue_strategy", "b")]
    [InlineData(0, "samples.add", "run", "--async", "samples.ad")]
    [InlineData(0, "a=\nb=", "run", "samples.add", "")]
    [InlineData(1, "", "run", "--config", "")]
    public async Task The_program_tells_it_whatever_the_words_look_like(int code, string expected, params string[] words) =>
        Assert.Equal((code, expected, ""), await MrqProcess.RunAsync(_folder, ["complete", "--", .. words]));

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Queues_and_tasks_are_those_of_the_stores_that_the_line_names(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        await using var engine = await TestEngine.StartAsync(mrq => mrq.AddTask<object>("elsewhere.task", (_, _, _) => Task.CompletedTask), worker => worker.Queues = [new("mails"), new("sub/")], stores: stores);
        await engine.WaitUntilAsync(async () => (await engine.Get<WorkerControl>().ListAsync(Token)).Any(worker => !worker.IsSystem));
        var names = new StoredNames(stores.Use(new ServerSettings()), TimeSpan.FromMinutes(1), TimeProvider.System);

        Assert.Equal(["default", "mails"], await names.QueuesAsync());
        var tasks = (await names.TasksAsync()).ToList();
        Assert.Contains("elsewhere.task", tasks);
        Assert.Contains("samples.add", tasks);
        Assert.DoesNotContain(JobActionTask.Path, tasks);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task A_store_is_not_brought_up_to_date_by_a_key_and_gives_no_names_before(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        if (pair == StorePair.Sqlite)
        {
            await using (await TestEngine.StartAsync(_ => { }, workers: false, stores: stores))
            {
            }

            SetSchema(stores, version: 1);
        }

        var names = new StoredNames(stores.Use(new ServerSettings()), TimeSpan.FromMinutes(1), TimeProvider.System);

        Assert.Empty(await names.QueuesAsync());
        Assert.Contains("samples.add", await names.TasksAsync());
        Assert.Empty(await names.QueuesAsync());
    }

    [Theory]
    [InlineData("--sqlite", "nowhere.db")]
    [InlineData("--redis", "redis://127.0.0.1:1", "--mongodb", "mongodb://127.0.0.1:1/x")]
    [InlineData("--redis", "nonsense")]
    public async Task A_store_that_is_away_is_no_error(params string[] stores)
    {
        Assert.Equal((0, "", ""), await MrqProcess.RunAsync(_folder, ["complete", "--", "queues", .. stores, "x"]));
        Assert.False(File.Exists(_folder.File("nowhere.db")));
    }

    [Theory]
    [InlineData("mrq work", "worker")]
    [InlineData("mrq jobs --status=fail", "failed")]
    [InlineData("mrq jobs --status fail", "failed")]
    [InlineData("mrq run samples.add a=1 ", "b=")]
    [InlineData("mrq run samples.add --queue default b", "b=")]
    [InlineData("mrq worker --config ", "default")]
    public async Task Bash_completes(string line, string reply)
    {
        var (code, script, _) = await MrqProcess.RunAsync(_folder, ["completion", "bash"]);
        Assert.Equal(0, code);

        // The completion function is called as bash would, with its words, which end at = and :.
        var words = line.Replace("=", " = ", StringComparison.Ordinal).TrimEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries).Concat(line.EndsWith(' ') ? [""] : []).ToList();
        var (_, output) = await Shell.RunAsync(
            "bash",
            [
                "-c",
                $$"""
                {{script}}
                compopt() { if [ "$2" = default ]; then files=default; fi; }
                mrq() { "$0" "$@"; }
                COMP_LINE='{{line}}'; COMP_POINT={{line.Length}}; COMP_WORDS=({{string.Join(' ', words.Select(word => $"'{word}'"))}}); COMP_CWORD={{words.Count - 1}}
                _mrq; printf '%s\n' "${COMPREPLY[@]}" $files
                """,
                Path.Combine(AppContext.BaseDirectory, "mrq"),
            ],
            _folder.Path);

        Assert.Equal(reply, output.Trim());
    }

    private static void SetSchema(TestStores stores, int version)
    {
        using var connection = new SqliteConnection($"Data Source={stores.Use(new ServerSettings()).Sqlite};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA user_version = {version}";
        command.ExecuteNonQuery();
    }

    private sealed class Names : IKnownNames
    {
        public Task<IEnumerable<string>> TasksAsync() => Task.FromResult<IEnumerable<string>>(["paint.wall"]);

        public Task<IEnumerable<string>> QueuesAsync() => Task.FromResult<IEnumerable<string>>(["low", "high"]);

        public Task<IEnumerable<ParamDescription>> ParamsOfAsync(string task) => Task.FromResult<IEnumerable<ParamDescription>>(task == "paint.wall"
            ? [new("coats", "integer", Required: false), new("colour", "string (Red | Green)", Required: true), new("dry", "boolean", Required: false)]
            : []);
    }
}

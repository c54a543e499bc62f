using System.Collections;
using System.Net;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Server.Commands;
using Mrq.Server.Configuration;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Server;

public sealed class SettingsSpec : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Hashtable _environment = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Nothing_given_is_the_defaults()
    {
        var settings = Good(Read());

        Assert.Equal(("mrq.db", 5555, IPAddress.Loopback), (settings.Sqlite, settings.DashboardPort, settings.DashboardIp));
        Assert.Equal(10, WorkerOf(settings).Concurrency);
        Assert.Equal(LogLevel.Information, settings.LogLevel);
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_over_the_file_over_appsettings()
    {
        File.WriteAllText(_folder.File("appsettings.json"), """{ "Mrq": { "concurrency": 1, "prefetch": 1, "sqlite": "1.db", "dashboard_port": 1 } }""");
        File.WriteAllText(_folder.File("mrq.json"), """{ "prefetch": 2, "sqlite": "2.db", "dashboard_port": 2 } // with a remark""");
        _environment["MRQ_SQLITE"] = "3.db";
        _environment["MRQ_DASHBOARD_PORT"] = "3";

        var settings = Good(Read("--dashboard-port", "4"));

        Assert.Equal((1, 2, "3.db", 4), (WorkerOf(settings).Concurrency, WorkerOf(settings).Prefetch, settings.Sqlite, settings.DashboardPort));
    }

    [Fact]
    public void A_named_file_stands_in_for_the_usual_one()
    {
        File.WriteAllText(_folder.File("mrq.json"), """{ "dashboard_port": 1 }""");
        File.WriteAllText(_folder.File("other.json"), """{ "Mrq": { "sqlite": "other.db" } }""");

        var settings = Good(Read("--config", "other.json"));

        Assert.Equal((5555, "other.db"), (settings.DashboardPort, settings.Sqlite));
    }

    [Fact]
    public void A_list_of_schedules_stands_for_itself_and_is_not_mixed_with_that_of_another_file()
    {
        File.WriteAllText(_folder.File("appsettings.json"), """{ "Mrq": { "Schedules": [{ "path": "a", "interval": 1 }, { "path": "b", "interval": 1 }] } }""");
        Assert.Equal(4, SchedulesOf(Good(Read())).Count);

        File.WriteAllText(_folder.File("mrq.json"), """{ "Schedules": [{ "path": "c", "cron": "@daily" }] }""");
        Assert.Equal(["Schedules:0:cron=@daily", "Schedules:0:path=c"], SchedulesOf(Good(Read())));

        File.WriteAllText(_folder.File("mrq.json"), """{ "Schedules": [] }""");
        Assert.Equal(["Schedules="], SchedulesOf(Good(Read())));
        static List<string> SchedulesOf(ServerSettings settings) =>
            [.. settings.Section.Where(s => s.Key.StartsWith("Schedules", StringComparison.Ordinal) && s.Value is not null).Select(s => $"{s.Key}={s.Value}").Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void A_server_schedules_unless_it_is_told_not_to()
    {
        Assert.True(Good(Read()).Scheduler);
        Assert.False(Good(Read("--scheduler", "false")).Scheduler);
    }

    [Theory]
    [InlineData("--gevent", "7")]
    [InlineData("--greenlets", "7")]
    [InlineData("--concurrency=7", null)]
    [InlineData("-g", "7")]
    public void Concurrency_has_the_originals_names_too(string name, string? value) =>
        Assert.Equal(7, WorkerOf(Good(Read(value is null ? [name] : [name, value]))).Concurrency);

    [Theory]
    [InlineData("high,main/ low")]
    [InlineData("high", "main/", "low")]
    public void Queues_are_separated_by_commas_or_spaces(params string[] names) =>
        Assert.Equal([new QueueName("high"), new QueueName("main/"), new QueueName("low")], WorkerOf(Good(Read(["--queues", .. names]))).Queues);

    [Fact]
    public void Queues_of_a_file_may_be_an_array()
    {
        File.WriteAllText(_folder.File("mrq.json"), """{ "queues": [ "high", "low" ] }""");

        Assert.Equal([new QueueName("high"), new QueueName("low")], WorkerOf(Good(Read())).Queues);
    }

    [Theory]
    [InlineData("high=5,main/ low=1")]
    [InlineData("high=5", "main/", "low=1")]
    public void Queues_may_have_weights(params string[] queues)
    {
        var worker = WorkerOf(Good(Read(["--dequeue_strategy", "weighted", "--queues", .. queues])));

        Assert.Equal([new QueueName("high"), new QueueName("main/"), new QueueName("low")], worker.Queues);
        Assert.Equal([new(new QueueName("high"), 5), new(new QueueName("low"), 1)], worker.Weights);
        Assert.Equal(DequeueStrategy.Weighted, worker.DequeueStrategy);
    }

    [Theory]
    [InlineData("sequential")]
    [InlineData("parallel")]
    [InlineData("burst")]
    public void Weights_are_refused_with_a_strategy_that_does_not_heed_them(string strategy)
    {
        var error = Assert.Single(Read("--dequeue_strategy", strategy, "--queues", "high=5", "low").Errors);

        Assert.Contains($"(high=5), which only dequeue_strategy weighted heeds; this is {strategy}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_strategy_is_read_from_a_file_and_the_environment_too()
    {
        File.WriteAllText(_folder.File("mrq.json"), """{ "dequeue_strategy": "burst", "queues": [ "high", "low" ] }""");
        Assert.Equal(DequeueStrategy.Burst, WorkerOf(Good(Read())).DequeueStrategy);

        _environment["MRQ_DEQUEUE_STRATEGY"] = "Weighted";
        Assert.Equal(DequeueStrategy.Weighted, WorkerOf(Good(Read())).DequeueStrategy);
    }

    [Fact]
    public void Lists_of_tasks_are_separated_by_commas_or_spaces_and_may_name_tasks_that_nobody_knows()
    {
        var worker = WorkerOf(Good(Read("--task_whitelist", "a.b,c", "d", "--task-blacklist", "x")));

        Assert.Equal(["a.b", "c", "d"], worker.TaskWhitelist);
        Assert.Equal(["x"], worker.TaskBlacklist);
        Assert.Empty(WorkerOf(Good(Read())).TaskWhitelist);
    }

    [Fact]
    public void A_task_that_both_lists_name_is_refused()
    {
        _environment["MRQ_TASK_BLACKLIST"] = "b, c";

        Assert.Contains("both name b: leave it away", Assert.Single(Read("--task_whitelist", "a", "b").Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Spans_and_sizes_may_have_units()
    {
        var settings = Good(Read("--default_timeout", "1.5h", "--abort_grace=500ms", "--report_interval", "2", "--max_params_size", "2MB"));
        var engine = new MrqOptions();
        settings.Engine(engine);

        Assert.Equal((TimeSpan.FromMinutes(90), TimeSpan.FromMilliseconds(500), 2 * 1024 * 1024), (engine.DefaultTimeout, engine.AbortGrace, engine.MaxParamsSize));
        Assert.Equal(TimeSpan.FromSeconds(2), WorkerOf(settings).ReportInterval);
    }

    [Fact]
    public void A_switch_needs_no_value()
    {
        var settings = Good(Read("--allow_anonymous", "--dashboard_ip", "0.0.0.0", "--samples", "false"));

        Assert.Equal((true, false, true), (settings.AllowAnonymous, settings.Samples, settings.Workers));
    }

    [Theory]
    [InlineData("--concurrency", "0", "1 to 10,000")]
    [InlineData("--concurrency", "1e3", "1 to 10,000")]
    [InlineData("--dashboard_port", "65536", "0 to 65,535")]
    [InlineData("--dashboard_ip", "example.com", "not an IP address")]
    [InlineData("--queues", ",", "names no queue")]
    [InlineData("--queues", "high=0", "whole number from 1 to 1,000")]
    [InlineData("--queues", "high=", "whole number from 1 to 1,000")]
    [InlineData("--queues", "=5", "needs a name")]
    [InlineData("--dequeue_strategy", "random", "sequential, parallel, weighted, burst")]
    [InlineData("--report_interval", "0", "0.1 to 3,600")]
    [InlineData("--default_timeout", "NaN", "number of seconds")]
    [InlineData("--default_timeout", "1e400", "number of seconds")]
    [InlineData("--max_params_size", "10GB", "number of bytes")]
    [InlineData("--log_level", "loud", "not a level")]
    [InlineData("--workers", "maybe", "true or false")]
    [InlineData("--sqlite", "", "empty")]
    [InlineData("--config", "nope.json", "no file")]
    [InlineData("serve", null, "Did you mean mrq server?")]
    [InlineData("--dashboard_httpauth", "admin", "joined by a colon")]
    [InlineData("--dashbord_port", "1", "Did you mean --dashboard_port?")]
    [InlineData("--port", "1", "Did you mean --admin_port or --dashboard_port?")]
    public void A_wrong_option_is_named(string name, string? value, string word)
    {
        var read = Read(value is null ? [name] : [name, value]);

        Assert.Null(read.Settings);
        Assert.Contains(word, Assert.Single(read.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "concurency": 5 }""", "Did you mean concurrency?")]
    [InlineData("""{ "concurrency": "many" }""", "mrq.json: concurrency: 'many'")]
    [InlineData("""{ "concurrency": 5 """, "cannot be read")]
    [InlineData("nope", "cannot be read")]
    public void A_wrong_file_is_named(string content, string word)
    {
        File.WriteAllText(_folder.File("mrq.json"), content);

        Assert.Contains(word, Assert.Single(Read().Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Redis_and_MongoDB_are_named_together()
    {
        _environment["MRQ_REDIS"] = "redis://:pw@cache/2";

        var settings = Good(Read(
            "--mongodb", "mongodb://db/jobs", "--redis-prefix", "{shop}", "--mongodb_write_concern", "2", "--mongodb_logs_size", "1GB"));

        Assert.Equal(("redis://:pw@cache/2", "mongodb://db/jobs", "{shop}"), (settings.Redis, settings.MongoDb, settings.RedisPrefix));
        Assert.Equal(("2", 1L << 30), (settings.MongoDbWriteConcern, settings.MongoDbLogsSize));
    }

    [Theory]
    [InlineData("mongodb://h")]
    [InlineData("mongodb://me:p%40w@h1:27017,h2:27018/mrq?replicaSet=rs")]
    [InlineData("mongodb://[::1]:27017,[::2]/mrq")]
    [InlineData("mongodb://%2Ftmp%2Fmongodb-27017.sock/mrq")]
    [InlineData("mongodb+srv://me:pw@cluster.example.com/mrq?appName=a@b:c")]
    public void All_forms_of_a_MongoDB_address_are_taken(string address) => Assert.Equal(address, Good(Read("--redis", "redis://h", "--mongodb", address)).MongoDb);

    [Theory]
    [InlineData("give --mongodb too", "--redis", "redis://h")]
    [InlineData("give --redis too", "--mongodb", "mongodb://h")]
    [InlineData("--redis and --sqlite exclude each other", "--redis", "redis://h", "--mongodb", "mongodb://h", "--sqlite", "a.db")]
    [InlineData("--mongodb and MRQ_SQLITE exclude each other", "--mongodb", "mongodb://h")]
    [InlineData("MRQ_REDIS keeps the queues only", "--concurrency", "3")]
    public void Half_a_pair_of_stores_or_two_kinds_are_an_error(string word, params string[] arguments)
    {
        foreach (var (name, value) in new[] { ("MRQ_SQLITE", "a.db"), ("MRQ_REDIS", "redis://h") }.Where(variable => word.Contains(variable.Item1, StringComparison.Ordinal)))
        {
            _environment[name] = value;
        }

        Assert.Contains(word, Assert.Single(Read(arguments).Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.05", 50, 50)]
    [InlineData("10ms-80ms", 10, 80)]
    [InlineData("0-1m", 0, 60_000)]
    public void An_added_latency_is_one_time_or_two(string text, int least, int most)
    {
        var read = Read("--redis", "redis://h", "--mongodb", "mongodb://h", "--add_network_latency", text);

        Assert.Empty(read.Warnings);
        Assert.Equal(new AddedLatency(TimeSpan.FromMilliseconds(least), TimeSpan.FromMilliseconds(most)), Good(read).NetworkLatency);
    }

    [Theory]
    [InlineData("1-0.5", "has the longer time first")]
    [InlineData("61", "is not a number of seconds from 0 to 60")]
    [InlineData("-1", "is not a number of seconds from 0 to 60")]
    [InlineData("1-", "is not a number of seconds from 0 to 60")]
    [InlineData("1-2-3", "is not a number of seconds from 0 to 60")]
    public void A_latency_that_cannot_be_is_refused(string text, string word) =>
        Assert.Contains(word, Assert.Single(Read("--redis", "redis://h", "--mongodb", "mongodb://h", $"--add_network_latency={text}").Errors), StringComparison.Ordinal);

    [Fact]
    public void What_only_servers_have_is_a_warning_on_SQLite()
    {
        _environment["MRQ_PRINT_MONGODB"] = "1";

        var read = Read("--add_network_latency", "0.05");

        Assert.Equal(
            [
                "--add_network_latency does nothing here: the jobs are kept in SQLite, which has no network.",
                "MRQ_PRINT_MONGODB does nothing here: the jobs are kept in SQLite.",
            ],
            read.Warnings);
        Assert.Empty(Read("--add_network_latency", "0", "--print_mongodb=false").Warnings);
    }

    [Theory]
    [InlineData("begins with 'http://'", "--redis", "http://:secret@h")]
    [InlineData("user without a password", "--redis", "redis://secret@h")]
    [InlineData("is not a number from 1 to 65535", "--redis", "redis://me:secret")]
    [InlineData("looks like mongodb://", "--mongodb", "secret@h")]
    [InlineData("has a port that is not a whole number", "--mongodb", "mongodb://h:secret")]
    [InlineData("has a port that is not a whole number", "--mongodb", "mongodb://me:pw@h1:27017,[::1]:99999/mrq")]
    [InlineData("has a port that is not a whole number", "--mongodb", "mongodb://me:secret/1@h/mrq")]
    [InlineData("lacks a host", "--mongodb", "mongodb:///mrq")]
    [InlineData("has one host and no port", "--mongodb", "mongodb+srv://h:27017/mrq")]
    [InlineData("prefix 'a b' must be", "--redis_prefix", "a b")]
    [InlineData("concern 0 is not from 1", "--mongodb_write_concern", "0")]
    [InlineData("'redis://…' is not a command", "redis://:secret@h")]
    [InlineData("'redis://…' is not understood", "server", "redis://:secret@h")]
    public void What_is_wrong_with_a_store_is_said_without_its_password(string word, params string[] arguments)
    {
        var errors = string.Join('\n', Read(arguments).Errors);

        Assert.Contains(word, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_that_says_the_default_beats_the_file_all_the_same()
    {
        File.WriteAllText(_folder.File("mrq.json"), """{ "log_level": "debug", "concurrency": 3 }""");
        _environment["MRQ_CONCURRENCY"] = "10";

        var settings = Good(Read("--log_level", "info"));

        Assert.Equal((LogLevel.Information, 10), (settings.LogLevel, WorkerOf(settings).Concurrency));
    }

    [Fact]
    public void Quiet_can_be_undone()
    {
        File.WriteAllText(_folder.File("mrq.json"), """{ "quiet": true, "log_level": "debug" }""");

        Assert.Equal(LogLevel.Warning, Good(Read()).ConsoleLevel);
        Assert.Equal(LogLevel.Debug, Good(Read("--quiet", "false")).ConsoleLevel);
        Assert.Equal(LogLevel.Error, Good(Read("--log_level", "error")).ConsoleLevel);
    }

    [Fact]
    public void What_stands_beside_our_section_of_a_file_is_for_the_tasks()
    {
        File.WriteAllText(_folder.File("mrq.json"), """{ "Mrq": { "concurrency": 3 }, "Shop": { "url": "here" } }""");
        Assert.Equal(_folder.File("mrq.json"), Good(Read()).File);

        File.WriteAllText(_folder.File("mrq.json"), """{ "concurrency": 3, "Shop": { "url": "here" } }""");
        Assert.Contains("Shop is not an option", Assert.Single(Read().Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_of_the_original_that_mean_nothing_here_are_a_warning_each()
    {
        File.WriteAllText(_folder.File("mrq.json"), """{ "scheduler_interval": 5 }""");
        _environment["MRQ_REDIS_TIMEOUT"] = "30";

        var read = Read("--worker_class", "a.b", "--no_import_patch", "--concurrency", "3");

        Assert.Equal(3, WorkerOf(Good(read)).Concurrency);
        Assert.Equal(
            ["--no_import_patch", "--worker_class", "MRQ_REDIS_TIMEOUT", "mrq.json: scheduler_interval"],
            read.Warnings.Select(warning => warning.Split(" is an option of the original")[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_mistyped_variable_is_a_warning_and_those_of_orchestrators_are_none()
    {
        _environment["MRQ_CONCURENCY"] = "5";
        _environment["MRQ_SERVICE_HOST"] = "10.0.0.1";
        _environment["MRQ_PORT_5555_TCP_ADDR"] = "10.0.0.1";

        var read = Read();

        Assert.NotNull(read.Settings);
        Assert.Contains("Did you mean MRQ_CONCURRENCY?", Assert.Single(read.Warnings), StringComparison.Ordinal);
    }

    private ReadSettings Read(params string[] arguments)
    {
        var call = Assert.IsType<CommandLineResult.Call>(CommandLine.Parse(arguments));
        var read = new SettingsReader(_folder.Path, _environment, call.Command.Groups, new ConfigurationFiles()).Read(call.Options);
        string[] errors = [.. call.Errors, .. read.Errors];
        return read with { Errors = errors, Settings = errors.Length > 0 ? null : read.Settings, Warnings = [.. call.Warnings, .. read.Warnings] };
    }

    private static ServerSettings Good(ReadSettings read)
    {
        Assert.Empty(read.Errors);
        return read.Settings!;
    }

    private static WorkerOptions WorkerOf(ServerSettings settings)
    {
        var worker = new WorkerOptions();
        settings.Worker(worker);
        return worker;
    }
}

using System.Diagnostics;
using Mrq.Server.Commands;
using Mrq.Server.Configuration;
using Mrq.Server.Processes;
using Mrq.Workers;

namespace Mrq.Tests.Processes;

/// <summary>A supervisor and its list of commands (docs/processes.md), with processes of the shell.</summary>
public sealed class KeepingCommandsRunning
{
    // Says that it runs, and runs until it is told to end.
    private const string Waits = "echo runs; exec sleep 3600";

    [Fact]
    public async Task A_finished_command_gets_a_new_process_while_the_living_one_keeps_its_own()
    {
        await using var supervised = new Supervised();
        supervised.Supervisor.Start([Supervised.Shell("1/2", Waits), Supervised.Shell("2/2", Waits)]);
        await RunAsync(supervised, 2);
        var before = supervised.Supervisor.ProcessIds;

        Kill(before["1/2"]);
        await RunAsync(supervised, 3);

        var after = supervised.Supervisor.ProcessIds;
        Assert.NotEqual(before["1/2"], after["1/2"]);
        Assert.Equal(before["2/2"], after["2/2"]);
        Assert.Contains("killed by SIGKILL", Assert.Single(await supervised.Log.UntilAsync("1/2 ended by itself")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_others_start_when_the_first_one_is_up()
    {
        await using var supervised = new Supervised();
        // Of a program that would say when it is up, and does not.
        supervised.Supervisor.Start([Supervised.Shell("1", Waits) with { Notifies = true }, Supervised.Shell("2", Waits)]);
        await RunAsync(supervised, 1);

        Assert.Equal(["1"], supervised.Supervisor.ProcessIds.Keys);
        Assert.False(supervised.Supervisor.AllUp.IsCompleted);
    }

    [Fact]
    public async Task Wrong_settings_are_said_once_and_end_the_supervisor_with_the_same_code()
    {
        await using var supervised = new Supervised();
        const string Wrong = "echo 'mrq: this is wrong' >&2; exit 2";
        supervised.Supervisor.Start([Supervised.Shell("1/2", Wrong) with { Notifies = true }, Supervised.Shell("2/2", Wrong) with { Notifies = true }]);

        Assert.Equal(2, await supervised.ExitAsync());
        Assert.EndsWith("] mrq: this is wrong", Assert.Single(supervised.Errors.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_have_become_wrong_are_an_error_in_the_log_and_the_others_run_on()
    {
        await using var supervised = new Supervised();
        supervised.Supervisor.Start([Supervised.Shell("1/2", Waits), Supervised.Shell("2/2", "echo 'mrq: this is wrong' >&2; exit 2") with { Notifies = true }]);

        await supervised.Log.UntilAsync("2/2 cannot start with the settings or the store as they are now", 2);

        Assert.False(supervised.Ended.IsCompleted);
        Assert.Contains("1/2", supervised.Supervisor.ProcessIds.Keys);
    }

    [Fact]
    public async Task A_program_that_is_not_there_ends_the_supervisor()
    {
        await using var supervised = new Supervised();
        supervised.Supervisor.Start([Supervised.Shell("1", Waits) with { FileName = "/no/such/program", Notifies = true }]);

        Assert.Equal(2, await supervised.ExitAsync());
        await supervised.Log.UntilAsync("/no/such/program");
    }

    [Fact]
    public async Task What_lets_processes_die_at_once_is_tried_again_ever_more_seldom()
    {
        await using var supervised = new Supervised();
        supervised.Supervisor.Start([Supervised.Shell("1", Waits), Supervised.Shell("2", "exit 3")]);

        var deaths = await supervised.Log.UntilAsync("2 ended by itself, exit code 3", 3);

        var delays = deaths.Select(line => double.Parse(line.Split(" again in ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.InRange(delays[0], 0.3, 0.7);
        Assert.InRange(delays[2], 1.5, 2.5);
    }

    [Theory]
    [InlineData(0, 0.375, 0.625)]
    [InlineData(3, 3, 5)]
    [InlineData(40, 22.5, 37.5)]
    public void The_delay_doubles_up_to_half_a_minute(int deathsBefore, double least, double most)
    {
        var delay = new RestartDelay();
        var early = new ChildEnd(1, TimeSpan.FromSeconds(1), WasUp: true, null);
        for (var i = 0; i < deathsBefore; i++)
        {
            delay.After(early);
        }

        Assert.InRange(delay.After(early).TotalSeconds, least, most);
        Assert.Equal(TimeSpan.Zero, delay.After(early with { Lived = RestartDelay.LivedWell }));
        Assert.InRange(delay.After(early).TotalSeconds, 0.375, 0.625);
        Assert.Equal(TimeSpan.Zero, delay.After(early with { ExitCode = 0 }));
        // So quickly that it had not come to say that it was up.
        Assert.Equal(TimeSpan.Zero, delay.After(early with { ExitCode = 0, WasUp = false, EndReason = EndReason.MaxJobs }));
    }

    [Fact]
    public async Task The_first_signal_is_passed_on_and_the_second_as_second()
    {
        await using var supervised = new Supervised();
        const string Stubborn = "trap 'echo heard; n=$((n+1)); [ $n -ge 2 ] && exit 0' INT TERM; n=0; echo runs; while :; do sleep 0.05; done";
        supervised.Supervisor.Start([Supervised.Shell("1", Stubborn), Supervised.Shell("2", Stubborn)]);
        await RunAsync(supervised, 2);

        supervised.Supervisor.Stop(Posix.Interrupt);
        await supervised.Output.UntilAsync(line => line.EndsWith("heard", StringComparison.Ordinal), 2);
        Assert.False(supervised.Ended.IsCompleted);
        supervised.Supervisor.Stop(Posix.Terminate);

        Assert.Equal(0, await supervised.ExitAsync());
        Assert.Equal(4, supervised.Output.Lines.Count(line => line.EndsWith("heard", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_signal_to_read_the_configuration_again_is_passed_on_and_ends_nothing()
    {
        await using var supervised = new Supervised();
        const string Listens = "trap 'echo heard' HUP; echo runs; while :; do sleep 0.05; done";
        supervised.Supervisor.Start([Supervised.Shell("1", Listens), Supervised.Shell("2", Listens)]);
        await RunAsync(supervised, 2);
        var before = supervised.Supervisor.ProcessIds;

        supervised.Supervisor.Signal(Posix.Hangup);

        await supervised.Output.UntilAsync(line => line.EndsWith("heard", StringComparison.Ordinal), 2);
        Assert.Equal(before, supervised.Supervisor.ProcessIds);
    }

    [Fact]
    public async Task What_does_not_end_in_its_time_is_killed_and_the_exit_code_says_so()
    {
        await using var supervised = new Supervised(o => o with { StopTime = TimeSpan.FromSeconds(0.2) });
        supervised.Supervisor.Start([Supervised.Shell("1", "trap '' TERM; echo runs; while :; do sleep 0.05; done"), Supervised.Shell("2", Waits)]);
        await RunAsync(supervised, 2);

        supervised.Supervisor.Stop(Posix.Terminate);

        Assert.Equal(Supervisor.Killed, await supervised.ExitAsync());
        await supervised.Log.UntilAsync("1 has ended, killed by SIGKILL");
    }

    [Fact]
    public async Task A_process_that_says_nothing_is_killed_and_replaced()
    {
        await using var supervised = new Supervised(o => o with { StartTime = TimeSpan.FromSeconds(0.2), Silence = TimeSpan.FromSeconds(0.4) });
        supervised.Supervisor.Start([Supervised.Shell("1", Waits) with { Notifies = true }]);

        await RunAsync(supervised, 2);
        await supervised.Log.UntilAsync("it was not up after 0.2 s; it is started again");
    }

    [Fact]
    public async Task A_process_that_no_longer_says_that_it_is_alive_is_replaced_whatever_else_it_says()
    {
        await using var supervised = new Supervised(o => o with { Silence = TimeSpan.FromSeconds(0.4) });
        supervised.Supervisor.Start([Supervised.Shell("1", "echo \"$NOTIFY_SOCKET\"; exec sleep 3600") with { Notifies = true }]);
        var inbox = Assert.Single(await supervised.Output.UntilAsync(_ => true)).Split("] ")[1];
        using var itself = NotifySocket.Open(inbox, null);
        itself!.Send("READY=1");
        await supervised.Log.UntilAsync("1 is up");
        using var stop = new CancellationTokenSource();

        var talking = TalkAsync(itself, stop.Token);

        await supervised.Log.UntilAsync("it had not said for 0.4 s that it is alive; it is started again");
        await stop.CancelAsync();
        await talking;

        static async Task TalkAsync(NotifySocket socket, CancellationToken stop)
        {
            using var often = new PeriodicTimer(TimeSpan.FromSeconds(0.02));
            while (!stop.IsCancellationRequested)
            {
                socket.Send("STATUS=1 job running", "X_MRQ_RUNNING_JOBS=1");
                await often.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }

    [Fact]
    public async Task A_full_disk_loses_lines_and_stops_no_process()
    {
        await using var supervised = new Supervised();
        supervised.Output.IsFull = true;
        // More than a pipe holds: who is not read does not come to its end.
        const string Writes = "trap 'echo heard' HUP; head -c 300000 /dev/zero | tr '\\0' x; echo; echo written >&2; while :; do sleep 0.05; done";
        supervised.Supervisor.Start([Supervised.Shell("1", Writes)]);
        await supervised.Errors.UntilAsync(line => line.EndsWith("] written", StringComparison.Ordinal));

        supervised.Output.IsFull = false;
        supervised.Supervisor.Signal(Posix.Hangup);

        await supervised.Output.UntilAsync(line => line.EndsWith("] heard", StringComparison.Ordinal));
        Assert.Contains("mrq: lines are missing here, which could not be written: No space left on device", supervised.Output.Lines);
    }

    [Fact]
    public async Task A_process_whose_last_words_cannot_be_written_is_started_again()
    {
        await using var supervised = new Supervised();
        supervised.Output.IsFull = true;
        supervised.Supervisor.Start([Supervised.Shell("1", "printf 'no end of a line'; exit 3")]);

        await supervised.Log.UntilAsync("1 ended by itself, exit code 3", 2);
    }

    [Fact]
    public async Task A_failure_of_the_supervisor_itself_ends_the_others_in_good_order_and_then_itself()
    {
        await using var supervised = new Supervised();
        // No list of commands has a program without a name.
        supervised.Supervisor.Start([Supervised.Shell("1", Waits), Supervised.Shell("2", Waits) with { FileName = "" }]);

        Assert.Equal(Supervisor.Killed, await supervised.ExitAsync());
        await supervised.Log.UntilAsync("The supervisor failed with worker process 2");
        await supervised.Log.UntilAsync("1 has ended, killed by SIGTERM");
    }

    [Fact]
    public async Task Every_line_has_the_name_and_the_pid_before_it_and_the_last_one_is_not_lost()
    {
        await using var supervised = new Supervised();
        supervised.Supervisor.Start([Supervised.Shell("2/4", "echo one; echo two >&2; printf 'thr'; printf 'ee\\n\\nfour'; kill -9 $$")]);

        await supervised.Log.UntilAsync("2/4 ended by itself, killed by SIGKILL");

        Assert.Matches(@"^\[2/4 pid \d+\] one$", supervised.Output.Lines[0]);
        Assert.Equal(["one", "three", "", "four"], supervised.Output.Lines.Take(4).Select(line => line.Split("] ")[1]));
        Assert.Matches(@"^\[2/4 pid \d+\] two$", supervised.Errors.Lines[0]);
    }

    [Fact]
    public async Task Long_lines_of_several_processes_stay_whole()
    {
        await using var supervised = new Supervised();
        const string Writes = "for i in 1 2 3 4 5 6 7 8; do head -c 20000 /dev/zero | tr '\\0' $0; echo; done; echo runs; exec sleep 3600";
        supervised.Supervisor.Start([.. "abcd".Select(letter => Supervised.Shell($"{letter}", Writes.Replace("$0", $"{letter}", StringComparison.Ordinal)))]);

        await RunAsync(supervised, 4);

        var lines = supervised.Output.Lines.Where(line => !line.EndsWith("runs", StringComparison.Ordinal)).ToList();
        Assert.Equal(32, lines.Count);
        Assert.All(lines, line => Assert.Equal(new string(line[1], 20_000), line.Split("] ")[1]));
    }

    [Fact]
    public async Task What_a_process_has_started_does_not_hold_up_its_end()
    {
        await using var supervised = new Supervised();
        // It keeps the output open when its parent has ended; and is not ours to end.
        supervised.Supervisor.Start([Supervised.Shell("1", "sleep 3600 & echo $!; exec sleep 3600")]);
        var line = Assert.Single(await supervised.Output.UntilAsync(_ => true));
        try
        {
            supervised.Supervisor.Stop(Posix.Terminate);

            Assert.Equal(0, await supervised.ExitAsync());
        }
        finally
        {
            Kill(int.Parse(line.Split("] ")[1], System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Theory]
    [InlineData("/usr/bin/mrq", "/usr/bin/mrq", "/usr/bin/mrq")]
    [InlineData("/usr/share/dotnet/dotnet", "/opt/mrq/mrq.dll", "/usr/share/dotnet/dotnet /opt/mrq/mrq.dll")]
    [InlineData("/home/me/.dotnet/tools/mrq", "/home/me/.dotnet/tools/.store/mrq.dll", "/home/me/.dotnet/tools/mrq")]
    public void The_program_is_started_again_as_it_was(string executable, string program, string expected)
    {
        var command = SelfStart.Of(executable, program).Commands(2, ["worker", "high"], [], new HandedFiles(new ConfigurationFiles()))[1];

        Assert.Equal($"{expected} [2/2] worker high", string.Join(' ', command.Arguments.Prepend(command.FileName)));
        Assert.Equal(("2/2", 2, 2), (command.Name, command.Worker!.Index, command.Worker.Count));
        Assert.Equal(["worker", "high"], command.Worker.Arguments);
    }

    [Fact]
    public void Passwords_are_given_to_a_process_and_shown_in_no_list_of_processes()
    {
        string[] arguments = ["server", "--redis", "redis://:secret@far:6379/1", "--dashboard_httpauth=ada:love:lace", "-p", "2"];
        var given = Assert.IsType<CommandLineResult.Call>(CommandLine.Parse(arguments)).Options;

        var command = new SelfStart("mrq", []).Commands(2, arguments, given, new HandedFiles(new ConfigurationFiles()))[0];

        Assert.Equal(["[1/2]", "server", "--redis", "redis://:***@far:6379/1", "--dashboard_httpauth=ada:***", "-p", "2"], command.Arguments);
        Assert.Equal(arguments, command.Worker!.Arguments);
    }

    private static Task<IReadOnlyList<string>> RunAsync(Supervised supervised, int times) =>
        supervised.Output.UntilAsync(line => line.EndsWith("] runs", StringComparison.Ordinal), times);

    private static void Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
    }
}

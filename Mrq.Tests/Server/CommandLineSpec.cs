using Mrq.Server.Commands;
using Mrq.Server.Configuration;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

public sealed class CommandLineSpec
{
    public static TheoryData<string> Commands => [.. CommandTable.Shown.Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_explains_itself_with_what_it_heeds_and_nothing_else(string name)
    {
        var command = CommandTable.Find(name)!;

        var help = Assert.IsType<CommandLineResult.Print>(CommandLine.Parse([name, "--help"])).Text;

        Assert.StartsWith($"mrq {name}: {command.Summary}", help, StringComparison.Ordinal);
        Assert.Equal(help, Assert.IsType<CommandLineResult.Print>(CommandLine.Parse(["help", name])).Text);
        Assert.All(command.Options, option => Assert.Contains($"--{option.Name}", help, StringComparison.Ordinal));
        Assert.All(ServerOptions.All, option => Assert.Equal(command.Groups.Contains(option.Group), help.Contains($"--{option.Name} ", StringComparison.Ordinal) || help.Contains($"--{option.Name},", StringComparison.Ordinal)));
        Assert.All(help.Split('\n'), line => Assert.True(line.Length <= 110 || !line.TrimStart().Contains(' ', StringComparison.Ordinal), line));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_wrong_option_of_a_command_is_named_with_where_to_look(string name)
    {
        var call = Call(name, "--concurency", "5");

        var error = Assert.Single(call.Errors, e => e.Contains("--concurency", StringComparison.Ordinal));
        Assert.Contains($"See mrq {name} --help.", error, StringComparison.Ordinal);
        Assert.Equal(call.Command.Groups.Contains(OptionGroup.Worker), error.Contains("Did you mean --concurrency?", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_command_it_is_a_server()
    {
        Assert.Equal("server", Call().Command.Name);
        Assert.Equal("server", Call("--concurrency", "3").Command.Name);
    }

    [Fact]
    public void The_queues_of_a_worker_need_no_name()
    {
        var call = Call("worker", "high", "-g", "5", "low", "--samples", "false");

        Assert.Empty(call.Errors);
        Assert.Equal(
            ["concurrency=5", "queues=high,low", "samples=false"],
            call.Options.Select(given => $"{given.Option.Name}={given.Text}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_switch_does_not_take_the_argument_after_it()
    {
        var call = Call("worker", "--samples", "high");

        Assert.Equal(["queues=high", "samples=true"], call.Options.Select(given => $"{given.Option.Name}={given.Text}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("say the same: leave one away", "worker", "high", "--queues", "low")]
    [InlineData("--dashboard_port is an option of mrq server, mrq dashboard, mrq check, mrq config, and not of mrq worker.", "worker", "--dashboard_port", "80")]
    [InlineData("'x' is not understood", "dashboard", "x")]
    [InlineData("Did you mean mrq worker?", "wrker")]
    [InlineData("'worker' is not understood", "--samples", "false", "worker")]
    public void Wrong_use_is_told(string word, params string[] arguments) => Assert.Contains(word, Assert.Single(Call(arguments).Errors), StringComparison.Ordinal);

    [Fact]
    public void What_follows_two_dashes_is_arguments()
    {
        var call = Call("run", "samples.add", "--", "-v", "--help");

        Assert.Equal(["samples.add", "-v", "--help"], call.Arguments);
        Assert.Empty(call.Errors);
        Assert.Contains("'x' is not understood", Assert.Single(Call("dashboard", "--", "x").Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void The_version_is_told_when_nothing_else_is_asked()
    {
        Assert.StartsWith("mrq ", Assert.IsType<CommandLineResult.Print>(CommandLine.Parse(["-v"])).Text, StringComparison.Ordinal);
        Assert.Contains("-v is not an option", Assert.Single(Call("enqueue", "samples.add", "-v").Errors), StringComparison.Ordinal);
        Assert.Contains("Did you mean mrq worker?", Assert.Single(Call("help", "wrker").Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Help_on_what_is_no_command_is_an_error()
    {
        Assert.Contains("'frob' is not a command", Assert.Single(Call("frob", "--help").Errors), StringComparison.Ordinal);
        Assert.Contains("Did you mean mrq worker?", Assert.Single(Call("wrker", "--concurrency", "-h").Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_settings_is_written_from_their_definition()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "configuration.md"), TestContext.Current.CancellationToken);

        // Else: dotnet run --project Mrq.Server -- config --docs > docs/configuration.md
        Assert.Equal(ConfigurationPage.Write(), page);
    }

    private static CommandLineResult.Call Call(params string[] arguments) => Assert.IsType<CommandLineResult.Call>(CommandLine.Parse(arguments));
}

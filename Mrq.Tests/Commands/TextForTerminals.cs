using System.Text.Json;
using Mrq.Server.Output;

namespace Mrq.Tests.Commands;

public sealed class TextForTerminals
{
    [Theory]
    [InlineData("plain, ünïcödé 漢字 😀", "plain, ünïcödé 漢字 😀")]
    [InlineData("\u001b]0;title\u0007", "\\u001b]0;title\\u0007")]
    [InlineData("a\tb\r\nc", "a\\tb\\r\\nc")]
    [InlineData("\u009b31m\u007f", "\\u009b31m\\u007f")]
    [InlineData("\u202etxt.exe\u2066", "\\u202etxt.exe\\u2066")]
    [InlineData("[red]markup[/]", "[red]markup[/]")]
    public void Nothing_commands_the_terminal_from_within_a_line(string text, string shown) => Assert.Equal(shown, SafeText.Line(text));

    [Fact]
    public void Lines_and_tabs_stay_in_a_block() => Assert.Equal("a\n\tb\\u001b\\rc", SafeText.Block("a\r\n\tb\u001b\rc"));

    [Fact]
    public void JSON_means_the_same_as_before()
    {
        const string json = "{\r\n\t\"a\u009b\": \"\u202e \\u001b\"\r}";

        var safe = SafeText.Json(json);

        Assert.DoesNotContain(safe, c => char.IsControl(c) && c is not ('\n' or '\t'));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(json), JsonElement.Parse(safe)));
    }
}

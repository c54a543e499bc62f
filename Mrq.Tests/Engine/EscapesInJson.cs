using Mrq.Jobs;

namespace Mrq.Tests.Engine;

public sealed class EscapesInJson
{
    [Theory]
    [InlineData("""{"a":"b"}""")]
    [InlineData("""{"\u0061":"\u00e4\n\\"}""")]
    [InlineData("""{"\ud83d\ude00":"\uD83D\uDE00"}""")]
    [InlineData("""{"a":"\\ud800"}""")]
    public void Text_is_whole(string json) => Assert.True(JsonEscapes.AreWhole(json));

    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":"\uDC00"}""")]
    [InlineData("""{"a":"\ud83d\u0041"}""")]
    [InlineData("""{"a":"\ud83d\ud83d\ude00"}""")]
    [InlineData("""{"a":"\\\ud800"}""")]
    public void Half_of_a_surrogate_pair_is_not(string json) => Assert.False(JsonEscapes.AreWhole(json));
}

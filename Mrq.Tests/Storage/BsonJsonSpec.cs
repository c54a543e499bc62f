using System.Text;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Tests.Storage;

/// <summary>JSON text and BSON values.</summary>
public sealed class BsonJsonSpec
{
    [Theory]
    [InlineData("""{}""")]
    [InlineData("""[]""")]
    [InlineData("""null""")]
    [InlineData("""true""")]
    [InlineData("""0""")]
    [InlineData("""-1""")]
    [InlineData("""2147483648""")]
    [InlineData("""-9223372036854775808""")]
    [InlineData("""2.5""")]
    [InlineData("""3.0""")]
    [InlineData("""-0.001""")]
    [InlineData("""1E+300""")]
    [InlineData("\"\"")]
    [InlineData("\"a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0000\\u001f/\"")]
    [InlineData("\"Grüße, 世界 🎉\"")]
    [InlineData("""{"a":{"b":[1,[2,{"c":null}],"d"],"é":false},"a b":1}""")]
    public void Gives_back_what_it_was_given(string json) => Assert.Equal(json, Convert(json));

    [Theory]
    [InlineData("""{ "a" : [ 1 , 2 ] }""", """{"a":[1,2]}""")]
    [InlineData("\"\\u00fc\\/\"", "\"ü/\"")]
    [InlineData("""1e3""", """1000.0""")]
    [InlineData("""-0""", """0""")]
    [InlineData("""12345678901234567890""", """1.2345678901234567E+19""")]
    public void Says_the_same_in_its_own_way(string json, string expected) => Assert.Equal(expected, Convert(json));

    [Theory]
    [InlineData("""{"":1}""")]
    [InlineData("""{"$set":1}""")]
    [InlineData("""{"a.b":1}""")]
    [InlineData("""{"a":{"b":[{"c\u0000":1}]}}""")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("")]
    public void Writes_nothing_where_it_cannot(string json)
    {
        var writer = new BsonWriter();
        writer.BeginDocument().Int32("before"u8, 1);

        Assert.False(BsonJson.TryWrite(writer, "value"u8, Encoding.UTF8.GetBytes(json)));

        writer.Int32("after"u8, 2).End();
        Assert.Equal(["before", "after"], NamesOf(writer.Written.Span));
    }

    [Fact]
    public void Nests_ninety_levels_and_no_more()
    {
        Assert.NotNull(Convert(new string('[', 90) + new string(']', 90)));
        Assert.Null(Convert(new string('[', 91) + new string(']', 91)));
    }

    private static string? Convert(string json)
    {
        var writer = new BsonWriter();
        writer.BeginDocument();
        if (!BsonJson.TryWrite(writer, "value"u8, Encoding.UTF8.GetBytes(json)))
        {
            return null;
        }

        writer.End();
        return BsonReader.TryFind(writer.Written.Span, "value"u8, out var value) ? BsonJson.ToText(value) : null;
    }

    private static List<string> NamesOf(ReadOnlySpan<byte> document)
    {
        var names = new List<string>();
        var field = new BsonReader(document);
        while (field.Next())
        {
            names.Add(field.NameText);
        }

        return names;
    }
}

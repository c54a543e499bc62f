using System.Text.Json;

namespace Mrq.Jobs;

/// <summary>Says what is wrong with a JSON text, for people.</summary>
public static class JsonFault
{
    // The parser tells its programmer how to allow this; whoever wrote the text cannot.
    private const string ParserHint = " which is not supported in this mode. Change the reader options.";

    /// <summary>Where, counted from 1 as editors do, and what: <c>at line 1, position 7: '1' is an invalid end of a number.</c></summary>
    public static string Of(JsonException exception)
    {
        var text = exception.Message;
        var cut = text.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return $"at line {exception.LineNumber + 1}, position {exception.BytePositionInLine + 1}: {(cut < 0 ? text : text[..cut]).Replace(ParserHint, ".", StringComparison.Ordinal)}";
    }
}

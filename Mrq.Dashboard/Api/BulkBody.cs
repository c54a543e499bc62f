using System.Buffers;
using System.Text.Json;

namespace Mrq.Dashboard.Api;

/// <summary>Cuts a streamed body into jobs: NDJSON, or one JSON array. It holds no more than one job that is not yet whole.</summary>
internal sealed class BulkBody(int longestItem)
{
    private const byte NewLine = (byte)'\n';

    private bool? _isArray;
    private bool _skipsLine;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = JsonDepth.OfJobs });

    /// <summary>Gets one whole item; its bytes are valid only during the call.</summary>
    public delegate void Item(long line, ReadOnlySequence<byte> utf8);

    /// <summary>Number of the last line, or of the last element of the array, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>True: nothing more is to be read.</summary>
    public bool Ended { get; private set; }

    /// <summary>Hands out whole items from the start of the buffer, until <paramref name="isEnough"/>.</summary>
    /// <param name="isLast">No more bytes will come.</param>
    /// <param name="refuse">Told of an item that cannot be cut out, and why.</param>
    /// <returns>Where the next call must begin, and whether it needs more bytes than these.</returns>
    public (SequencePosition Consumed, bool NeedsMore) Take(
        ReadOnlySequence<byte> buffer, bool isLast, Item item, Action<long, string> refuse, Func<bool> isEnough)
    {
        if (_isArray is null && !TryFindKind(buffer))
        {
            Ended = isLast;
            return (buffer.Start, true);
        }

        return _isArray!.Value ? TakeElements(buffer, isLast, item, refuse, isEnough) : TakeLines(buffer, isLast, item, refuse, isEnough);
    }

    private bool TryFindKind(ReadOnlySequence<byte> buffer)
    {
        foreach (var piece in buffer)
        {
            // Whitespace, or one of the three bytes of a byte order mark.
            var first = piece.Span.IndexOfAnyExcept(BeforeContent);
            if (first >= 0)
            {
                _isArray = piece.Span[first] == '[';
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> BeforeContent => [(byte)' ', (byte)'\t', (byte)'\r', (byte)'\n', 0xEF, 0xBB, 0xBF];

    private (SequencePosition Consumed, bool NeedsMore) TakeLines(
        ReadOnlySequence<byte> buffer, bool isLast, Item item, Action<long, string> refuse, Func<bool> isEnough)
    {
        var reader = new SequenceReader<byte>(buffer);
        while (!isEnough())
        {
            if (reader.TryReadTo(out ReadOnlySequence<byte> line, NewLine))
            {
                TakeLine(line, item, refuse);
                continue;
            }

            if (isLast)
            {
                TakeLine(reader.UnreadSequence, item, refuse);
                Ended = true;
                return (buffer.End, true);
            }

            if (reader.Remaining <= longestItem && !_skipsLine)
            {
                return (reader.Position, true);
            }

            if (!_skipsLine)
            {
                refuse(Line + 1, TooLong());
            }

            // The rest of a line that is too long is let through unread, up to its end.
            _skipsLine = true;
            return (buffer.End, true);
        }

        return (reader.Position, false);
    }

    private void TakeLine(ReadOnlySequence<byte> line, Item item, Action<long, string> refuse)
    {
        if (_skipsLine)
        {
            _skipsLine = false;
            Line++;
        }
        else if (line.Length > longestItem)
        {
            refuse(++Line, TooLong());
        }
        else if (!IsBlank(line))
        {
            item(++Line, line);
        }
        else
        {
            Line++;
        }
    }

    private (SequencePosition Consumed, bool NeedsMore) TakeElements(
        ReadOnlySequence<byte> buffer, bool isLast, Item item, Action<long, string> refuse, Func<bool> isEnough)
    {
        try
        {
            var reader = new Utf8JsonReader(buffer, isLast, _state);
            while (!isEnough())
            {
                var (start, state) = (reader.Position, reader.CurrentState);
                if (!reader.Read())
                {
                    Ended = isLast;
                    _state = reader.CurrentState;
                    return (reader.Position, true);
                }

                if (reader.CurrentDepth == 0 && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray)
                {
                    continue;
                }

                var from = reader.TokenStartIndex;
                if (!reader.TrySkip())
                {
                    _state = state;
                    if (buffer.Length - from > longestItem)
                    {
                        refuse(++Line, $"{TooLong()} The rest of the array was not read.");
                        Ended = true;
                    }

                    return (start, true);
                }

                item(++Line, buffer.Slice(from, reader.BytesConsumed - from));
            }

            _state = reader.CurrentState;
            return (reader.Position, false);
        }
        catch (JsonException e)
        {
            refuse(++Line, $"{JsonBody.Explain(e)} The rest of the array was not read.");
            Ended = true;
            return (buffer.End, true);
        }
    }

    private string TooLong() => $"is longer than {longestItem:N0} bytes.";

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (var piece in line)
        {
            if (piece.Span.ContainsAnyExcept((byte)' ', (byte)'\t', (byte)'\r'))
            {
                return false;
            }
        }

        return true;
    }
}

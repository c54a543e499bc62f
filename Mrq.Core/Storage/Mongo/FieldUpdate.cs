using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// Writes update documents that set some fields and remove others. Between <see cref="Begin"/> and <see cref="EndFields"/> fields are set and removed; behind it
/// further operators may follow, and the caller ends the document.
/// </summary>
internal sealed class FieldUpdate(BsonWriter writer)
{
    private readonly BsonWriter _unset = new();
    private bool _hasUnset;

    /// <summary>Where fields are set.</summary>
    public BsonWriter Set => writer;

    public void Begin()
    {
        _unset.Clear();
        _unset.BeginDocument();
        _hasUnset = false;
        writer.BeginDocument().BeginDocument("$set"u8);
    }

    public void EndFields()
    {
        writer.End();
        _unset.End();
        if (_hasUnset)
        {
            writer.Raw("$unset"u8, BsonType.Document, _unset.Written.Span);
        }
    }

    /// <summary>Removes a field.</summary>
    public void Unset(ReadOnlySpan<byte> name)
    {
        _unset.Int32(name, 1);
        _hasUnset = true;
    }

    public void SetOrUnset(ReadOnlySpan<byte> name, DateTimeOffset? value)
    {
        if (value is { } date)
        {
            writer.Date(name, date);
        }
        else
        {
            Unset(name);
        }
    }

    public void SetOrUnset(ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number)
        {
            writer.Double(name, number);
        }
        else
        {
            Unset(name);
        }
    }

    public void SetOrUnset(ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            writer.Int64(name, number);
        }
        else
        {
            Unset(name);
        }
    }

    public void SetOrUnset(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            writer.String(name, value);
        }
        else
        {
            Unset(name);
        }
    }

    /// <inheritdoc cref="JobDocument.WriteJson"/>
    public void SetOrUnsetJson(ReadOnlySpan<byte> name, ReadOnlySpan<byte> textName, string? json)
    {
        var (isField, isText) = json is null ? (false, false) : JobDocument.WriteJson(writer, name, textName, json);
        if (!isField)
        {
            Unset(name);
        }

        if (!isText)
        {
            Unset(textName);
        }
    }
}

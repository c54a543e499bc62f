using System.Text;
using Microsoft.Data.Sqlite;
using Mrq.Jobs;
using SQLitePCL;

namespace Mrq.Storage.Sqlite;

/// <summary>
/// A prepared statement that is used again and again. It speaks to SQLite directly: the commands of ADO.NET cost as much
/// per call as the statements of the hot path themselves. Parameters count from 1, columns from 0. Not thread-safe.
/// </summary>
internal sealed class SqliteStatement(sqlite3 database, sqlite3_stmt handle) : IDisposable
{
    private byte[] _text = new byte[512];

    public SqliteStatement Bind(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(handle, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, long? value) => value is { } number ? Bind(parameter, number) : BindNull(parameter);

    public SqliteStatement Bind(int parameter, double? value)
    {
        Check(value is { } number ? raw.sqlite3_bind_double(handle, parameter, number) : raw.sqlite3_bind_null(handle, parameter));
        return this;
    }

    public SqliteStatement Bind(int parameter, string? value)
    {
        if (value is null)
        {
            return BindNull(parameter);
        }

        if (value.Length == 0)
        {
            // An empty span would be bound as NULL.
            Check(raw.sqlite3_bind_text(handle, parameter, value));
            return this;
        }

        if (_text.Length < value.Length * 3)
        {
            _text = new byte[value.Length * 3];
        }

        Check(raw.sqlite3_bind_text(handle, parameter, _text.AsSpan(0, Encoding.UTF8.GetBytes(value, _text))));
        return this;
    }

    public SqliteStatement Bind(int parameter, JobId value)
    {
        Span<byte> bytes = stackalloc byte[JobId.Size];
        value.Write(bytes);
        return Bind(parameter, bytes);
    }

    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(handle, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, JobId? value) => value is { } id ? Bind(parameter, id) : BindNull(parameter);

    /// <summary>Binds a time as unix milliseconds.</summary>
    public SqliteStatement Bind(int parameter, DateTimeOffset? value) => Bind(parameter, value?.ToUnixTimeMilliseconds());

    /// <summary>Binds a span as milliseconds.</summary>
    public SqliteStatement Bind(int parameter, TimeSpan? value) => Bind(parameter, value is { } span ? (long)span.TotalMilliseconds : null);

    private SqliteStatement BindNull(int parameter)
    {
        Check(raw.sqlite3_bind_null(handle, parameter));
        return this;
    }

    /// <summary>Goes to the next row. False: there is none, and the statement is ready to be used again.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        var reset = raw.sqlite3_reset(handle);
        Check(code == raw.SQLITE_DONE ? reset : code);
        return false;
    }

    /// <summary>Ends a statement before its last row. Until then it keeps its read transaction open.</summary>
    public void Reset() => raw.sqlite3_reset(handle);

    /// <summary>Runs a statement for its effect and answers how many rows it changed.</summary>
    public int Execute()
    {
        while (Step())
        {
        }

        return raw.sqlite3_changes(database);
    }

    /// <summary>The number in the first column of the first row; null: no row, or NULL.</summary>
    public long? Scalar()
    {
        if (!Step())
        {
            return null;
        }

        var value = Integer(0);
        Reset();
        return value;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Number(int column) => raw.sqlite3_column_int64(handle, column);

    public long? Integer(int column) => IsNull(column) ? null : Number(column);

    public double? Real(int column) => IsNull(column) ? null : raw.sqlite3_column_double(handle, column);

    public JobId? IdOrNull(int column) => IsNull(column) ? null : Id(column);

    public JobId Id(int column) => JobId.Read(raw.sqlite3_column_blob(handle, column));

    /// <summary>A text that is not NULL.</summary>
    public string Text(int column) => Encoding.UTF8.GetString(Utf8(column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>A text's bytes. They are gone with the next step.</summary>
    public ReadOnlySpan<byte> Utf8(int column) => raw.sqlite3_column_blob(handle, column);

    /// <summary>A time that is not NULL.</summary>
    public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(Number(column));

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    public TimeSpan? SpanOrNull(int column) => IsNull(column) ? null : TimeSpan.FromMilliseconds(Number(column));

    public void Dispose() => handle.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(code, database);
        }
    }
}

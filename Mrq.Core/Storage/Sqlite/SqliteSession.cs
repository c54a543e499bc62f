using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Mrq.Storage.Sqlite;

/// <summary>One connection with the statements that were prepared on it. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3 _database;

    // By reference: the statements are constants, and hashing their text costs as much as running them.
    private readonly Dictionary<string, SqliteStatement> _statements = new(ReferenceEqualityComparer.Instance);

    private SqliteSession(SqliteConnection connection, sqlite3 database) => (_connection, _database) = (connection, database);

    /// <summary>Opens the file, making it where <paramref name="create"/> says so.</summary>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public static SqliteSession Open(string path, bool create, TimeSpan busyTimeout)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            var database = connection.Handle ?? throw new InvalidOperationException("An open connection has a handle.");
            raw.sqlite3_busy_timeout(database, (int)busyTimeout.TotalMilliseconds);
            return new SqliteSession(connection, database);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>True where the file or its directory cannot be written.</summary>
    public bool IsReadOnly => raw.sqlite3_db_readonly(_database, "main") == 1;

    /// <summary>The statement of a constant, prepared at its first use.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
        {
            return statement;
        }

        statement = Compile(sql);
        _statements.Add(sql, statement);
        return statement;
    }

    /// <summary>Runs a text of one or more statements once.</summary>
    public void Execute(string sql)
    {
        var code = raw.sqlite3_exec(_database, sql);
        if (code != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(code, _database);
        }
    }

    /// <summary>Runs a pragma once and answers its first column as text.</summary>
    public string? Ask(string sql)
    {
        using var statement = Compile(sql);
        if (!statement.Step())
        {
            return null;
        }

        var answer = statement.TextOrNull(0);
        statement.Reset();
        return answer;
    }

    /// <summary>Ends every statement: after an exception some may stand on a row, which would hold a transaction open.</summary>
    public void ResetAll()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Reset();
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
        _connection.Dispose();
    }

    private SqliteStatement Compile(string sql)
    {
        var code = raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out var handle);
        if (code != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(code, _database);
        }

        return new SqliteStatement(_database, handle);
    }
}

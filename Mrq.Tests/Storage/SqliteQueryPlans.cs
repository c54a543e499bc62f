using System.Reflection;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Storage.Sqlite;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>Every statement of the embedded store finds its rows by an index: its cost does not grow with the number of jobs.</summary>
public sealed class SqliteQueryPlans : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mrq-test-").FullName;

    /// <summary>A plan says "SCAN" and the table. The due jobs are read from the begin of their own, partial index, those that failed from the end of theirs.</summary>
    private static readonly string[] Forbidden = ["SCAN jobs", "SCAN job_tags", "SCAN job_logs", "SCAN queue_entries", "SCAN raw_entries"];
    private static readonly string[] Verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
    private static readonly string[] Allowed = ["SCAN jobs USING INDEX jobs_due", "SCAN jobs USING INDEX jobs_failed"];

    public static TheoryData<string, string> Statements()
    {
        var statements = new TheoryData<string, string>();
        foreach (var type in typeof(SqliteDatabase).Assembly.GetTypes().Where(t => t.Namespace == typeof(SqliteDatabase).Namespace))
        {
            foreach (var field in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            {
                if (field.IsLiteral && field.GetRawConstantValue() is string sql &&
                    Verbs.Any(verb => sql.StartsWith(verb, StringComparison.Ordinal)))
                {
                    statements.Add($"{type.Name}.{field.Name}", sql);
                }
            }
        }

        return statements;
    }

    public async ValueTask InitializeAsync()
    {
        await using var database = new SqliteDatabase(
            new SqliteOptions { Path = Path.Combine(_folder, "mrq.db") }, new FakeClock(), NullLogger<SqliteDatabase>.Instance);
        await database.OpenAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(Statements))]
    public void A_statement_scans_no_table_that_grows_with_the_jobs(string name, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "mrq.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {sql}";
        for (var i = 1; i <= 32 && sql.Contains($"?{i}", StringComparison.Ordinal); i++)
        {
            command.Parameters.AddWithValue($"?{i}", 1);
        }

        using var plan = command.ExecuteReader();
        var steps = new List<string>();
        while (plan.Read())
        {
            steps.Add(plan.GetString(3));
        }

        Assert.DoesNotContain(steps, step => !Allowed.Contains(step) && Forbidden.Any(scan => step.StartsWith(scan, StringComparison.Ordinal)));
        Assert.NotEmpty(name);
    }
}

using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage.Sqlite;
using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

/// <summary>The SQLite adapters on a file in a folder of the test.</summary>
public sealed class SqliteFamily : StoreFamily
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mrq-test-").FullName;

    public string Path => System.IO.Path.Combine(_folder, "mrq.db");

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    protected internal override void Register(IServiceCollection services) => services.AddSqliteStorage(Path);
}

using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage.Sqlite;
using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>The SQLite adapters on a file in a folder of the test.</summary>
public sealed class SqliteFamily : StoreFamily
{
    private readonly TempFolder _folder = new();

    public string Path => _folder.File("mrq.db");

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override void Register(IServiceCollection services) => services.AddSqliteStorage(Path);
}

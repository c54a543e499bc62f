using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Storage.Sqlite;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>What the embedded store says and does at its start and its end.</summary>
public sealed class SqliteStart : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mrq-test-").FullName;
    private readonly List<SqliteDatabase> _opened = [];

    private string DatabasePath => Path.Combine(_folder, "mrq.db");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _opened)
        {
            await database.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_new_file_is_made()
    {
        var database = await OpenAsync(DatabasePath);

        Assert.True(File.Exists(DatabasePath));
        Assert.Equal($"SQLite {DatabasePath}", database.Description);
        Assert.Empty(await database.CheckAsync(Token));
    }

    [Fact]
    public async Task An_empty_file_is_taken_for_a_new_one()
    {
        await File.WriteAllBytesAsync(DatabasePath, [], Token);

        Assert.Empty(await (await OpenAsync(DatabasePath)).CheckAsync(Token));
    }

    [Fact]
    public async Task Opening_twice_is_opening_once()
    {
        var database = await OpenAsync(DatabasePath);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => database.OpenAsync(Token)));

        Assert.Empty(await database.CheckAsync(Token));
    }

    [Fact]
    public async Task Processes_that_start_at_once_make_one_database()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => OpenAsync(DatabasePath), Token)));

        foreach (var database in databases)
        {
            Assert.Empty(await database.CheckAsync(Token));
        }
    }

    [Fact]
    public async Task Jobs_are_there_again_after_an_orderly_end()
    {
        var database = await OpenAsync(DatabasePath);
        var jobs = await InsertAsync(database, 10);
        await database.DisposeAsync();

        Assert.Equal(jobs, await FindAllAsync(await OpenAsync(DatabasePath)));
        Assert.DoesNotContain(Directory.GetFiles(_folder), file => file.EndsWith("-journal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_accepted_outlives_a_process_that_dies_without_closing()
    {
        var jobs = await InsertAsync(await OpenAsync(DatabasePath), 10);

        // What a killed process leaves behind: its files as they are.
        var copy = Path.Combine(_folder, "copy.db");
        File.Copy(DatabasePath, copy);
        File.Copy($"{DatabasePath}-wal", $"{copy}-wal");

        Assert.Equal(jobs, await FindAllAsync(await OpenAsync(copy)));
    }

    [Fact]
    public async Task Writes_that_wait_are_committed_before_the_end()
    {
        var database = await OpenAsync(DatabasePath);
        var store = new SqliteJobStore(database);
        var jobs = Enumerable.Range(0, 200).Select(_ => NewJob()).ToList();
        var writes = jobs.Select(job => store.InsertAsync([job], Token)).ToList();

        await database.DisposeAsync();

        await Task.WhenAll(writes);
        Assert.Equal(jobs.Select(job => job.Id).Order(), await FindAllAsync(await OpenAsync(DatabasePath)));
    }

    [Fact]
    public async Task After_its_end_the_store_is_unavailable()
    {
        var database = await OpenAsync(DatabasePath);
        await database.DisposeAsync();
        await database.DisposeAsync();

        await Assert.ThrowsAsync<StorageUnavailableException>(() => InsertAsync(database, 1));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => FindAllAsync(database));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.OpenAsync(Token));
    }

    [Fact]
    public async Task Before_its_start_the_store_is_unavailable()
    {
        var database = Make(DatabasePath);

        await Assert.ThrowsAsync<StorageUnavailableException>(() => InsertAsync(database, 1));
        Assert.Single(await database.CheckAsync(Token));
    }

    [Fact]
    public Task A_missing_directory_is_named() =>
        AssertRefusedAsync(Path.Combine(_folder, "missing", "mrq.db"), Path.Combine(_folder, "missing"), "Make it");

    [Fact]
    public Task A_directory_is_not_taken_for_a_file() => AssertRefusedAsync(_folder, _folder, "is a directory");

    [Fact]
    public Task A_place_where_nothing_can_be_written_is_named() =>
        AssertRefusedAsync("/proc/self/mrq.db", "/proc/self/mrq.db", "cannot be");

    [Fact]
    public async Task A_read_only_file_is_named()
    {
        await (await OpenAsync(DatabasePath)).DisposeAsync();
        await ProtectAsync("+i");
        try
        {
            Assert.SkipUnless(IsProtected(), "Here every file can be written.");

            await AssertRefusedAsync(DatabasePath, DatabasePath, "is read-only");
        }
        finally
        {
            await ProtectAsync("-i");
        }
    }

    [Theory]
    [InlineData("this is not a database, it is a long text that somebody wrote by mistake over it")]
    [InlineData("x")]
    public async Task A_file_that_is_no_database_is_left_alone(string text)
    {
        await File.WriteAllTextAsync(DatabasePath, text, Token);

        await AssertRefusedAsync(DatabasePath, DatabasePath, "damaged");

        Assert.Equal(text, await File.ReadAllTextAsync(DatabasePath, Token));
    }

    [Fact]
    public async Task A_damaged_database_is_named()
    {
        await (await OpenAsync(DatabasePath)).DisposeAsync();
        var bytes = await File.ReadAllBytesAsync(DatabasePath, Token);
        bytes.AsSpan(100, 3_000).Fill(0x5A);
        await File.WriteAllBytesAsync(DatabasePath, bytes, Token);

        await AssertRefusedAsync(DatabasePath, DatabasePath, "damaged");
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_left_alone()
    {
        await (await OpenAsync(DatabasePath)).DisposeAsync();
        Execute("PRAGMA user_version = 999");

        await AssertRefusedAsync(DatabasePath, DatabasePath, "newer MRQ (schema 999");
    }

    [Fact]
    public async Task What_is_opened_to_be_read_is_read_and_takes_no_write()
    {
        var written = await OpenAsync(DatabasePath);
        var jobs = await InsertAsync(written, 3);
        await using var database = Make(DatabasePath);

        await database.OpenToReadAsync(Token);

        Assert.Equal(jobs, await FindAllAsync(database));
        Assert.Contains("to be read only", (await Assert.ThrowsAsync<StorageUnavailableException>(() => InsertAsync(database, 1))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(999)]
    public async Task A_database_of_another_version_is_not_opened_to_be_read_and_stays_as_it_is(int version)
    {
        await (await OpenAsync(DatabasePath)).DisposeAsync();
        Execute($"PRAGMA user_version = {version}");
        var before = await File.ReadAllBytesAsync(DatabasePath, Token);

        await using (var database = Make(DatabasePath))
        {
            var error = await Assert.ThrowsAsync<StorageUnavailableException>(() => database.OpenToReadAsync(Token));
            Assert.Contains($"has the schema {version}", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, await File.ReadAllBytesAsync(DatabasePath, Token));
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_not_made_to_be_read()
    {
        await using var database = Make(DatabasePath);

        await Assert.ThrowsAsync<StorageUnavailableException>(() => database.OpenToReadAsync(Token));

        Assert.False(File.Exists(DatabasePath));
    }

    [Fact]
    public async Task A_database_of_another_program_is_left_alone()
    {
        Execute("CREATE TABLE recipes (name TEXT)");

        await AssertRefusedAsync(DatabasePath, DatabasePath, "another program");
    }

    [Fact]
    public async Task A_database_that_another_program_locks_is_named()
    {
        await (await OpenAsync(DatabasePath)).DisposeAsync();
        using var other = Connect();
        using var command = other.CreateCommand();
        command.CommandText = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;";
        command.ExecuteNonQuery();

        await AssertRefusedAsync(DatabasePath, DatabasePath, "locked by another program");
    }

    [Fact]
    public async Task A_write_lock_that_lasts_fails_the_writes_and_only_as_long_as_it_lasts()
    {
        var database = await OpenAsync(DatabasePath);
        using var other = Connect();
        Execute(other, "BEGIN IMMEDIATE");

        var failure = await Assert.ThrowsAsync<StorageUnavailableException>(() => InsertAsync(database, 1));
        Assert.Contains("locked", failure.Message, StringComparison.Ordinal);
        Assert.Contains("locked", Assert.Single(await database.CheckAsync(Token)).Reason, StringComparison.Ordinal);
        Assert.Empty(await FindAllAsync(database));

        Execute(other, "ROLLBACK");
        Assert.Equal(await InsertAsync(database, 1), await FindAllAsync(database));
        Assert.Empty(await database.CheckAsync(Token));
    }

    [Fact]
    public async Task A_write_that_fails_does_not_harm_those_that_were_committed_with_it()
    {
        var database = await OpenAsync(DatabasePath);
        var store = new SqliteJobStore(database);
        var good = Enumerable.Range(0, 50).Select(_ => NewJob()).ToList();

        var writes = good.Select(job => store.InsertAsync([job], Token)).ToList<Task>();
        var bad = database.WriteAsync<int>(1, _ => throw new FormatException("broken"), Token);
        writes.AddRange(good.Select(job => store.InsertAsync([job], Token)));

        await Task.WhenAll(writes);
        await Assert.ThrowsAsync<FormatException>(() => bad);
        Assert.Equal(good.Select(job => job.Id).Order(), await FindAllAsync(database));
        Assert.Equal(50, Assert.Single(await new SqliteJobQueries(database).CountsAsync(Token)).Count);
    }

    [Fact]
    public async Task The_file_shrinks_after_many_jobs_have_expired()
    {
        var database = await OpenAsync(DatabasePath);
        var store = new SqliteJobStore(database);
        var large = new string('x', 1_000_000);
        for (var i = 0; i < 40; i++)
        {
            await store.InsertAsync([NewJob() with { Params = $$"""{"text":"{{large}}"}""", DateExpires = DateTimeOffset.UnixEpoch }], Token);
        }

        for (var i = 0; i < 10; i++)
        {
            await store.DeleteExpiredAsync(TimeProvider.System.GetUtcNow(), 100, Token);
        }

        await database.DisposeAsync();
        Assert.InRange(new FileInfo(DatabasePath).Length, 0, 30_000_000);
    }

    [Fact]
    public async Task A_file_that_is_gone_is_noticed()
    {
        var database = await OpenAsync(DatabasePath);
        File.Delete(DatabasePath);

        Assert.Contains("gone", Assert.Single(await database.CheckAsync(Token)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_accepted_into_a_file_that_is_gone()
    {
        var database = await OpenAsync(DatabasePath);
        var queues = new SqliteQueueStore(database);
        File.Delete(DatabasePath);

        // The file is looked for twice a second: until then writes may still reach it.
        StorageUnavailableException? refused = null;
        while (refused is null)
        {
            try
            {
                await queues.SetPausedAsync(new QueueName("any"), paused: true, Token);
            }
            catch (StorageUnavailableException e)
            {
                refused = e;
            }
        }

        Assert.Contains("gone", refused.Message, StringComparison.Ordinal);
    }

    private async Task AssertRefusedAsync(string path, params string[] said)
    {
        var database = Make(path);
        var failure = await Assert.ThrowsAsync<StorageUnavailableException>(() => database.OpenAsync(Token));
        Assert.All(said, text => Assert.Contains(text, failure.Message, StringComparison.Ordinal));
        Assert.Single(await database.CheckAsync(Token));
    }

    /// <summary>Takes the right to write the file, or gives it back. Rights do not hold back root; the attribute "immutable" does.</summary>
    private async Task ProtectAsync(string attribute)
    {
        if (OperatingSystem.IsLinux())
        {
            if (attribute == "+i")
            {
                File.SetUnixFileMode(DatabasePath, UnixFileMode.UserRead);
            }

            using var chattr = Process.Start(new ProcessStartInfo("chattr", [attribute, DatabasePath]) { UseShellExecute = false, RedirectStandardError = true });
            await (chattr?.WaitForExitAsync(Token) ?? Task.CompletedTask);
        }
    }

    private bool IsProtected()
    {
        try
        {
            File.OpenWrite(DatabasePath).Dispose();
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
    }

    private SqliteDatabase Make(string path)
    {
        var database = new SqliteDatabase(
            new SqliteOptions { Path = path, BusyTimeout = TimeSpan.FromMilliseconds(100) }, new FakeClock(), NullLogger<SqliteDatabase>.Instance);
        lock (_opened)
        {
            _opened.Add(database);
        }

        return database;
    }

    private async Task<SqliteDatabase> OpenAsync(string path)
    {
        var database = Make(path);
        await database.OpenAsync(Token);
        return database;
    }

    private static Job NewJob() => new()
    {
        Id = JobId.New(TimeProvider.System),
        Path = "task",
        Params = "{}",
        Queue = QueueName.Default,
        Status = JobStatus.Queued,
        DateQueued = TimeProvider.System.GetUtcNow(),
        DateUpdated = TimeProvider.System.GetUtcNow(),
    };

    private static async Task<IEnumerable<JobId>> InsertAsync(SqliteDatabase database, int count)
    {
        var jobs = Enumerable.Range(0, count).Select(_ => NewJob()).ToList();
        await new SqliteJobStore(database).InsertAsync(jobs, Token);
        return jobs.Select(job => job.Id);
    }

    private static async Task<IEnumerable<JobId>> FindAllAsync(SqliteDatabase database)
    {
        var page = await new SqliteJobQueries(database).FindAsync(new JobFilter(), new JobPageRequest(Limit: 1_000), Token);
        return page.Jobs.Select(job => job.Id).Order();
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=false");
        connection.Open();
        return connection;
    }

    private void Execute(string sql)
    {
        using var connection = Connect();
        Execute(connection, sql);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

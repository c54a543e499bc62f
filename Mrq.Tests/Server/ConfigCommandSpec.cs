using System.Text.Json;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

public sealed class ConfigCommandSpec : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_value_has_its_source_and_passwords_are_hidden()
    {
        await File.WriteAllTextAsync(
            _folder.File("mrq.json"), """{ "prefetch": 2, "mongodb": "mongodb://me:secret1@db/mrq?tlsCertificateKeyFilePassword=secret2", "Tasks": { "samples.add": { "queue": "math", "Secrets": [ "secret5" ], "Connection": "Server=db;Password=secret6;Port=1" } } }""", TestContext.Current.CancellationToken);

        var (code, output, errors) = await MrqProcess.RunAsync(
            _folder, ["config", "--json", "--concurrency", "10"], ("MRQ_REDIS", "redis://:secret3@cache/2"), ("MRQ_DASHBOARD_HTTPAUTH", "admin:secret4"), ("MRQ_MAX_LATENCY", "1m"));

        Assert.Equal((0, ""), (code, errors));
        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);
        var settings = JsonElement.Parse(output);
        Assert.Equal(("10", "--concurrency"), Of("concurrency", JsonValueKind.Number));
        Assert.Equal(("2", "mrq.json: prefetch"), Of("prefetch", JsonValueKind.Number));
        Assert.Equal(("redis://:***@cache/2", "MRQ_REDIS"), Of("redis"));
        Assert.Equal(("mongodb://me:***@db/mrq?tlsCertificateKeyFilePassword=***", "mrq.json: mongodb"), Of("mongodb"));
        Assert.Equal(("admin:***", "MRQ_DASHBOARD_HTTPAUTH"), Of("dashboard_httpauth"));
        Assert.Equal(("5555", "default"), Of("dashboard_port", JsonValueKind.Number));
        Assert.Equal(("60", "MRQ_MAX_LATENCY"), Of("max_latency", JsonValueKind.Number));
        Assert.Equal(("4294967296", "default"), Of("mongodb_logs_size", JsonValueKind.Number));
        Assert.Equal(("true", "default"), Of("samples", JsonValueKind.True));
        Assert.Equal(("", "default"), Of("max_memory", JsonValueKind.Null));
        Assert.Equal("math", settings.GetProperty("sections").GetProperty("Tasks:samples.add:queue").GetString());
        Assert.All(Mrq.Server.Configuration.ServerOptions.All, option => settings.GetProperty(option.Name));

        (string, string?) Of(string name, JsonValueKind kind = JsonValueKind.String)
        {
            var value = settings.GetProperty(name).GetProperty("value");
            Assert.Equal(kind, value.ValueKind);
            return (kind == JsonValueKind.String ? value.GetString()! : kind == JsonValueKind.Null ? "" : value.GetRawText(), settings.GetProperty(name).GetProperty("source").GetString());
        }
    }

    [Fact]
    public async Task For_people_it_is_a_table_that_names_the_files()
    {
        var (code, output, _) = await MrqProcess.RunAsync(_folder, ["config"], ("MRQ_CONCURRENCY", "3"));

        Assert.Equal(0, code);
        Assert.Matches(@"\n  concurrency +3 +MRQ_CONCURRENCY\n", output);
        Assert.Matches(@"\n  sqlite +mrq\.db +default\n", $"\n{output}");
        Assert.Contains($"{_folder.File("mrq.json")}  (is not there)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_is_told_beside_what_holds()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["config", "--concurrency", "many"], ("MRQ_PREFETCH", "3"));

        Assert.Equal(2, code);
        Assert.StartsWith("mrq: --concurrency: 'many' is not a whole number", errors, StringComparison.Ordinal);
        Assert.Contains("MRQ_PREFETCH", output, StringComparison.Ordinal);
    }
}

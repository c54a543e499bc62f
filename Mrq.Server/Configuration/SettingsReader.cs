using System.Collections;
using System.Net;
using System.Text.Json;
using Mrq.Workers;

namespace Mrq.Server.Configuration;

/// <summary>The value that someone gave an option.</summary>
/// <param name="Shown">Where and under which name, for errors: <c>--queues</c>, <c>MRQ_QUEUES</c>, <c>mrq.json: queues</c>.</param>
internal sealed record GivenOption(OptionDefinition Option, string Shown, string Text);

/// <summary>Settings, or everything that is wrong with them.</summary>
/// <param name="Settings">Null: there are errors.</param>
/// <param name="Given">The values that hold, of options that someone gave one; the others have their defaults.</param>
/// <param name="Warnings">What was given but is not used.</param>
/// <param name="Files">The files that were read, or that would be if they were there, the later over the earlier.</param>
/// <param name="Content">What they said.</param>
internal sealed record ReadSettings(
    ServerSettings? Settings, IReadOnlyList<GivenOption> Given, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings, IReadOnlyList<string> Files, ConfigurationFiles Content);

/// <summary>Joins what the files, the environment and the command line say, the later over the earlier.</summary>
/// <param name="directory">Where files are looked for.</param>
/// <param name="heeded">Options of other groups may stand in files and in the environment, and are left alone.</param>
/// <param name="content">What the files say.</param>
internal sealed class SettingsReader(string directory, IDictionary environment, IReadOnlyList<OptionGroup> heeded, ConfigurationFiles content)
{
    private const string Section = "Mrq";
    private const string Prefix = "MRQ_";

    private readonly List<string> _errors = [];
    private readonly List<string> _warnings = [];
    private readonly List<string> _files = [];
    private string? _file;
    private readonly Dictionary<string, string?> _section = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="commandLine">What the command line says.</param>
    public ReadSettings Read(IReadOnlyList<GivenOption> commandLine)
    {
        var fromEnvironment = FromEnvironment();
        var config = commandLine.Concat(fromEnvironment).FirstOrDefault(o => o.Option == ServerOptions.Config);
        var all = FromFiles(config).Concat(fromEnvironment).Concat(commandLine).Where(given => heeded.Contains(given.Option.Group)).ToList();

        var settings = new ServerSettings();
        var holding = new Dictionary<OptionDefinition, GivenOption>();
        foreach (var given in all)
        {
            if (given.Option.Apply(settings, given.Text, out var error) is { } applied)
            {
                settings = applied;
                holding[given.Option] = given;
            }
            else
            {
                _errors.Add($"{given.Shown}: {error}");
            }
        }

        CheckStores(all);
        WarnOfVain(settings, holding);
        if (heeded.Contains(OptionGroup.Dashboard))
        {
            CheckAddress(settings);
        }

        if (heeded.Contains(OptionGroup.Worker))
        {
            CheckWorker(settings);
        }

        return new ReadSettings(_errors.Count > 0 ? null : settings with { Section = _section, File = _file, Files = content }, [.. holding.Values], _errors, _warnings, _files, content);
    }

    /// <summary>SQLite alone, or Redis and MongoDB together: half a pair or both kinds is a mistake, wherever it was made.</summary>
    private void CheckStores(IReadOnlyList<GivenOption> all)
    {
        var (sqlite, redis, mongo) = (Last(ServerOptions.Sqlite), Last(ServerOptions.Redis), Last(ServerOptions.MongoDb));
        if (sqlite is not null && (redis ?? mongo) is { } other)
        {
            _errors.Add($"{other.Shown} and {sqlite.Shown} exclude each other: jobs are kept either in SQLite, or in Redis and MongoDB. Leave one away.");
        }
        else if (redis is not null && mongo is null)
        {
            _errors.Add($"{redis.Shown} keeps the queues only, and the jobs need a place: give --mongodb too, for example --mongodb mongodb://localhost:27017/mrq.");
        }
        else if (redis is null && mongo is not null)
        {
            _errors.Add($"{mongo.Shown} keeps the jobs only, and the queues need a place: give --redis too, for example --redis redis://localhost:6379/0.");
        }

        GivenOption? Last(OptionDefinition option) => all.LastOrDefault(given => given.Option == option);
    }

    private void WarnOfVain(ServerSettings settings, Dictionary<OptionDefinition, GivenOption> holding)
    {
        if (settings is { Redis: null, MongoDb: null })
        {
            Warn(settings.NetworkLatency is not null, ServerOptions.NetworkLatency, "SQLite, which has no network");
            Warn(settings.PrintMongoDb, ServerOptions.PrintMongoDb, "SQLite");
        }

        void Warn(bool isOn, OptionDefinition option, string store)
        {
            if (isOn && holding.TryGetValue(option, out var given))
            {
                _warnings.Add($"{given.Shown} does nothing here: the jobs are kept in {store}.");
            }
        }
    }

    // Options that are good each by itself, and not together.
    private void CheckWorker(ServerSettings settings)
    {
        var worker = new WorkerOptions();
        settings.Worker(worker);
        _errors.AddRange(worker.Validate());
    }

    private void CheckAddress(ServerSettings settings)
    {
        if (!IPAddress.IsLoopback(settings.DashboardIp) && !settings.AllowAnonymous && settings.DashboardHttpAuth is null)
        {
            _errors.Add(
                $"dashboard_ip: {settings.DashboardIp} can be reached from other machines, and nobody has to log in: whoever reaches it runs jobs. "
                + "Ask for a password with --dashboard_httpauth, listen on 127.0.0.1 and put a proxy with a login before it, or say --allow_anonymous.");
        }
    }

    private List<GivenOption> FromEnvironment()
    {
        var given = new List<GivenOption>();
        foreach (var variable in environment.Cast<DictionaryEntry>().OrderBy(v => (string)v.Key, StringComparer.Ordinal))
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var plain = name[Prefix.Length..];
            if (OptionNames.Find(plain) is { } option)
            {
                given.Add(new GivenOption(option, name, (string?)variable.Value ?? ""));
            }
            else if (FormerOptions.Find(plain) is { } former)
            {
                _warnings.Add(Former(name, former));
            }
            else if (OptionNames.DidYouMean(plain, Names.Select(n => n.ToUpperInvariant()), Prefix) is { Length: > 0 } suggestion)
            {
                // Not an error: orchestrators set variables of their own, for example MRQ_SERVICE_HOST for a service named mrq.
                _warnings.Add($"{name} is not an option and is not used.{suggestion}");
            }
        }

        return given;
    }

    private List<GivenOption> FromFiles(GivenOption? config)
    {
        var given = new List<GivenOption>();
        foreach (var folder in new[] { AppContext.BaseDirectory, directory }.Distinct(StringComparer.Ordinal))
        {
            given.AddRange(FromFile(Path.Combine(folder, "appsettings.json"), "appsettings.json", required: false, onlySection: true));
        }

        given.AddRange(config is null
            ? FromFile(Path.Combine(directory, "mrq.json"), "mrq.json", required: false, onlySection: false)
            : FromFile(Path.GetFullPath(config.Text, directory), config.Shown, required: true, onlySection: false));
        return given;
    }

    private List<GivenOption> FromFile(string path, string shown, bool required, bool onlySection)
    {
        _files.Add(path);
        try
        {
            if (content.Read(path) is null)
            {
                if (required)
                {
                    _errors.Add($"{shown}: there is no file '{path}'.");
                }

                return [];
            }

            var builder = new ConfigurationBuilder();
            content.AddTo(builder, path);
            var file = builder.Build();
            var section = file.GetSection(Section);
            if (section.Exists() && !onlySection)
            {
                // What stands beside our section is the tasks' own.
                _file = path;
            }

            return FromSection(onlySection || section.Exists() ? section : file, Path.GetFileName(path));
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or IOException or UnauthorizedAccessException or FormatException)
        {
            var cause = e;
            while (cause.InnerException is { } inner && cause is not JsonException)
            {
                cause = inner;
            }

            _errors.Add($"{path} cannot be read: {cause.Message}");
            return [];
        }
    }

    private List<GivenOption> FromSection(IConfiguration section, string file)
    {
        var given = new List<GivenOption>();
        foreach (var child in section.GetChildren())
        {
            var isSchedules = string.Equals(child.Key, FileSections.Schedules, StringComparison.OrdinalIgnoreCase);
            if (isSchedules)
            {
                _section.Keys.Where(key => FileSections.IsPartOf(key, FileSections.Schedules)).ToList().ForEach(key => _section.Remove(key));
            }

            foreach (var (key, value) in child.AsEnumerable())
            {
                var at = section is IConfigurationSection named ? key[(named.Path.Length + 1)..] : key;
                _section[at] = value;
            }

            if (isSchedules)
            {
                continue;
            }

            var parts = child.GetChildren().ToList();
            // An empty one is nothing, or the option of that name, which has no value.
            if (string.IsNullOrEmpty(child.Value) && FileSections.OfSingleThings.Contains(child.Key, StringComparer.OrdinalIgnoreCase) && (parts.Count > 0 || OptionNames.Find(child.Key) is null))
            {
                continue;
            }

            if (OptionNames.Find(child.Key) is not { } option)
            {
                if (FormerOptions.Find(child.Key) is { } former)
                {
                    _warnings.Add(Former($"{file}: {child.Key}", former));
                }
                else
                {
                    _errors.Add($"{file}: {child.Key} is not an option.{OptionNames.DidYouMean(child.Key, Names)}");
                }
            }
            else if (child.Value is { } value)
            {
                given.Add(new GivenOption(option, $"{file}: {child.Key}", value));
            }
            else if (parts.Count > 0)
            {
                given.Add(new GivenOption(option, $"{file}: {child.Key}", string.Join(',', parts.Select(p => p.Value))));
            }
        }

        return given;
    }

    private static IEnumerable<string> Names => ServerOptions.All.SelectMany(option => option.Names);

    /// <summary>What is said of an option of the original that has no meaning here.</summary>
    public static string Former(string shown, FormerOption option) => $"{shown} is an option of the original and is not used here. {option.Reason}";
}

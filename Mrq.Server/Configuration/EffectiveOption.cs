namespace Mrq.Server.Configuration;

/// <summary>What an option is in the end, and who said so.</summary>
/// <param name="Text">As it was given, or the default, without passwords; null: nothing.</param>
/// <param name="Source"><c>--queues</c>, <c>MRQ_QUEUES</c>, <c>mrq.json: queues</c> or <c>default</c>.</param>
internal sealed record EffectiveOption(string? Text, string Source)
{
    public string Value => Text ?? "-";

    public static EffectiveOption Of(OptionDefinition option, ReadSettings read) =>
        Find(option, read) is { } held
            ? new EffectiveOption(option.Shown(held.Text), held.Shown)
            : new EffectiveOption(option.Default, "default");

    /// <summary>True: its value is another, whoever says so. Passwords are compared, though never shown.</summary>
    public static bool IsChanged(OptionDefinition option, ReadSettings before, ReadSettings after) =>
        (Find(option, before)?.Text ?? option.Default) != (Find(option, after)?.Text ?? option.Default);

    private static GivenOption? Find(OptionDefinition option, ReadSettings read) => read.Given.FirstOrDefault(given => given.Option == option);

    /// <summary>What the files say of single tasks and queues and of schedules, without what is named like a secret.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Sections(ReadSettings read) => (read.Settings?.Section ?? new Dictionary<string, string?>())
        .Where(entry => entry.Value is not null && entry.Key.Contains(':', StringComparison.Ordinal) && OptionNames.Find(entry.Key.Split(':')[0]) is null or { IsList: false })
        .OrderBy(entry => entry.Key, StringComparer.OrdinalIgnoreCase)
        .Select(entry => KeyValuePair.Create(entry.Key, entry.Key.Split(':').Any(Secrets.IsSecretName) ? Secrets.Hidden : Secrets.MaskWithin(entry.Value ?? "")));
}

using Microsoft.Extensions.Configuration;

namespace Mrq.Tasks;

/// <summary>Reads a task's options out of the configuration (<c>Mrq:Tasks:path</c>, spans in seconds); they win over the attribute's.</summary>
internal static class TaskConfiguration
{
    /// <exception cref="InvalidOperationException">An option is unknown or wrong; each is named.</exception>
    public static TaskDefinition Apply(TaskDefinition task, IConfigurationSection section)
    {
        if (!section.Exists())
        {
            return task;
        }

        var errors = new List<string>();
        var options = new TaskOptions();
        foreach (var given in section.GetChildren())
        {
            var name = given.Key.Replace('-', '_').ToLowerInvariant();
            if (TaskOptionTable.Find(name) is not { } option)
            {
                errors.Add($"{section.Path}:{given.Key} is not an option of a task. Known: {string.Join(", ", TaskOptionTable.All.Select(o => o.Name))}.");
                continue;
            }

            try
            {
                options = option.Set(options, TextOf(given));
            }
            catch (FormatException e)
            {
                errors.Add($"{section.Path}:{name}: {e.Message}");
            }
        }

        errors.AddRange(task.CheckKeys(options).Select(wrong => $"{section.Path}:{wrong.Field}: {wrong.Error}"));
        return errors.Count == 0 ? task.With(options.Over(task.Options)) : throw new InvalidOperationException(string.Join(Environment.NewLine, errors));
    }

    // A list of a configuration file comes as children by their number.
    private static string TextOf(IConfigurationSection given) =>
        given.Value ?? string.Join(',', given.GetChildren().Select(item => item.Value));
}

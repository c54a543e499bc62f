using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Tasks;

/// <summary>Runs one attempt: params in, result out as JSON text (null: the task returns nothing).</summary>
internal delegate Task<string?> TaskRunner(IServiceProvider scope, Job job, JobContext context, CancellationToken cancellationToken);

/// <summary>A task that this process can run.</summary>
public sealed class TaskDefinition
{
    private readonly ParamsBinder _binder;

    internal TaskDefinition(string path, TaskOptions options, ParamsBinder binder, TaskRunner run, string source, string? summary = null)
    {
        Path = path;
        Options = options;
        _binder = binder;
        Run = run;
        Source = source;
        Summary = summary;
    }

    public string Path { get; }

    public TaskOptions Options { get; }

    /// <summary>The type its params bind to.</summary>
    public Type ParamsType => _binder.Type;

    /// <summary>Where its code lies: an assembly's name, or the file it was loaded from.</summary>
    public string Source { get; }

    /// <summary>What it does, for people: the text of its <see cref="System.ComponentModel.DescriptionAttribute"/>; null: it has none.</summary>
    public string? Summary { get; }

    internal TaskRunner Run { get; }

    /// <summary>The same task, known to come from a file.</summary>
    internal TaskDefinition From(string file) => new(Path, Options, _binder, Run, file, Summary);

    /// <summary>The same task with other options.</summary>
    internal TaskDefinition With(TaskOptions options) => new(Path, options, _binder, Run, Source, Summary);

    /// <summary>Names, JSON types, need and defaults of its params, for people and editors.</summary>
    public IReadOnlyList<ParamDescription> Params => _binder.Described;

    /// <summary>What is wrong with the keys of these options: a <c>{param}</c> that the task does not have would be empty in all of them. A task with free params has any.</summary>
    internal IEnumerable<FieldError> CheckKeys(TaskOptions options) =>
        from key in new (string Name, string? Template)[] { ("max_concurrency_key", options.MaxConcurrencyKey), ("rate_limit_key", options.RateLimitKey) }
        where key.Template is not null && KeyTemplate.Check(key.Template) is null
        from name in KeyTemplate.NamesIn(key.Template)
        let error = _binder.CheckName(name)
        where error is not null
        select new FieldError(key.Name, $"'{key.Template}' asks for {{{name}}}, and {error}");

    /// <summary>Every way in which these params do not bind; empty when they do.</summary>
    public IReadOnlyList<FieldError> Check(JsonElement parameters) => _binder.Check(parameters);
}

/// <summary>One field of a task's params.</summary>
/// <param name="Type">A JSON type: string, number, boolean, array or object.</param>
/// <param name="Default">What holds where it is left out, as JSON text; null: it is required, or its default does not show before the task runs.</param>
/// <param name="Summary">What it means, for people: the text of its <see cref="System.ComponentModel.DescriptionAttribute"/>; null: it has none.</param>
/// <param name="Minimum">The lowest number that its <see cref="System.ComponentModel.DataAnnotations.RangeAttribute"/> allows; null: none is the lowest.</param>
/// <param name="Maximum">The highest; null: none is.</param>
public sealed record ParamDescription(
    string Name, string Type, bool Required, string? Default = null, string? Summary = null, decimal? Minimum = null, decimal? Maximum = null);

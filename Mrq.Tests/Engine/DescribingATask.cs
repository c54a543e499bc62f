using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Mrq.Dashboard.Actions;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Tests.Engine;

/// <summary>What a task says of itself to people: what it does, what it takes and what holds where that is left out.</summary>
public sealed class DescribingATask
{
    public enum Speed
    {
        Fast,
        Slow,
    }

    [Fact]
    public void Its_description_is_its_summary() => Assert.Equal("Does nothing.", TaskDefinitions.OfType(typeof(Described)).Summary);

    [Fact]
    public void So_is_that_of_a_lambda() =>
        Assert.Equal("Counts.", TaskDefinitions.OfLambda("count", [Description("Counts.")] (object _, JobContext _, CancellationToken _) => Task.FromResult(1), new TaskOptions()).Summary);

    [Fact]
    public void Defaults_are_those_of_a_record_or_of_a_new_object()
    {
        Assert.Equal(
            [
                new ParamDescription("address", "string", true, null, "Where it is."),
                new ParamDescription("at_once", "integer", false, "10"),
                new ParamDescription("speed", "string (Fast | Slow)", false, "\"Slow\""),
                new ParamDescription("note", "string", false, "null"),
            ],
            TaskDefinitions.OfType(typeof(Described)).Params);
        Assert.Equal(
            [new ParamDescription("steps", "integer", false, "3"), new ParamDescription("names", "array", false, "[\"a\"]"), new ParamDescription("key", "string", true)],
            TaskDefinitions.OfLambda("any", (Settable _, JobContext _, CancellationToken _) => Task.CompletedTask, new TaskOptions()).Params);
    }

    [Fact]
    public void The_bounds_of_a_number_are_known_as_far_as_there_are_any()
    {
        var task = TaskDefinitions.OfLambda("any", (Ranged _, JobContext _, CancellationToken _) => Task.CompletedTask, new TaskOptions());

        Assert.Equal(
            [(1m, 100m), (0.5m, null), (null, -1m), ((decimal?)null, (decimal?)null)],
            task.Params.Select(param => (param.Minimum, param.Maximum)));
        Assert.Equal("{\n  \"steps\": 1,\n  \"share\": 0.5,\n  \"below\": -1\n}", ParamsHint.Blank(task));
        Assert.Equal(
            ["integer, 1 to 100", "number, at least 0.5", "integer, at most -1", "integer, default 7"],
            task.Params.Select(ParamsHint.Describe));
    }

    [Fact]
    public void What_breaks_a_rule_is_said_after_the_name_of_the_field_which_is_said_once()
    {
        var task = TaskDefinitions.OfLambda("any", (Ruled _, JobContext _, CancellationToken _) => Task.CompletedTask, new TaskOptions());

        var errors = task.Check(JsonElement.Parse("""{"steps": 0, "name": "", "mail": "no", "day": 9}"""));

        Assert.Equal(
            [
                new FieldError("steps", "must be between 1 and 100."),
                new FieldError("name", "is required."),
                new FieldError("mail", "is not a valid e-mail address."),
                new FieldError("day", "Days of the week are 1 to 7."),
            ],
            errors);
    }

    [Fact]
    public void Params_that_cannot_be_made_by_themselves_are_described_without_defaults() => Assert.Equal(
        [new ParamDescription("steps", "integer", false)],
        TaskDefinitions.OfLambda("any", (Unwilling _, JobContext _, CancellationToken _) => Task.CompletedTask, new TaskOptions()).Params);

    public sealed record DescribedParams([Description("Where it is.")] string Address, int AtOnce = 10, Speed Speed = Speed.Slow, string? Note = null);

    [Description("Does nothing.")]
    public sealed class Described : IJobTask<DescribedParams>
    {
        public Task RunAsync(DescribedParams parameters, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    public sealed record Ranged([Range(1, 100)] int Steps, [Range(0.5, double.MaxValue)] double Share, [Range(int.MinValue, -1)] int Below, int Any = 7);

    public sealed record Ruled(
        [Range(1, 100)] int Steps, [Required] string Name, [EmailAddress] string Mail, [Range(1, 7, ErrorMessage = "Days of the week are 1 to 7.")] int Day);

    public sealed class Settable
    {
        public int Steps { get; set; } = 3;

        public IReadOnlyList<string> Names { get; init; } = ["a"];

        public required string Key { get; init; }
    }

    public sealed class Unwilling
    {
        public Unwilling() => throw new InvalidOperationException("not now");

        public int Steps { get; set; }
    }
}

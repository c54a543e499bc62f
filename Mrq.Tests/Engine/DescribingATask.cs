using System.ComponentModel;
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
    public void Params_that_cannot_be_made_by_themselves_are_described_without_defaults() => Assert.Equal(
        [new ParamDescription("steps", "integer", false)],
        TaskDefinitions.OfLambda("any", (Unwilling _, JobContext _, CancellationToken _) => Task.CompletedTask, new TaskOptions()).Params);

    public sealed record DescribedParams([Description("Where it is.")] string Address, int AtOnce = 10, Speed Speed = Speed.Slow, string? Note = null);

    [Description("Does nothing.")]
    public sealed class Described : IJobTask<DescribedParams>
    {
        public Task RunAsync(DescribedParams parameters, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

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

using FsCheck;
using FsCheck.Fluent;

namespace Mrq.Tests.Contracts;

/// <summary>One thing that happens. Its numbers choose among what is there by then, so that any steps make sense in any order.</summary>
/// <param name="Act">What: one of the acts that were asked for.</param>
/// <param name="Who">Which taker.</param>
/// <param name="What">Which queue, job or entry.</param>
/// <param name="Count">1 to 4.</param>
public sealed record Step(string Act, int Who, int What, int Count)
{
    /// <summary>The one of these that it means.</summary>
    public T Of<T>(IReadOnlyList<T> things) => things[What % things.Count];
}

/// <summary>What a random story found wrong, with the story.</summary>
public sealed class StoryException(string wrong, IEnumerable<string> story)
    : Exception($"{wrong}{Environment.NewLine}{string.Join(Environment.NewLine, story.Select((line, i) => $"{i + 1,3}. {line}"))}");

/// <summary>Random stories, told to what must bear them. One that it does not bear is told again with as few steps as show it. <c>MRQ_TEST_CASES</c> asks for more.</summary>
public static class RandomSteps
{
    private const int MostSteps = 40;

    private static int Stories => 5 * (int.TryParse(Environment.GetEnvironmentVariable("MRQ_TEST_CASES"), out var cases) ? cases : 8);

    /// <param name="acts">What may happen, and how often beside the others.</param>
    /// <param name="tell">Tells a story; what it throws says what went wrong.</param>
    public static void Check(IReadOnlyList<(int Weight, string Act)> acts, Func<IReadOnlyList<Step>, Task> tell)
    {
        var step =
            from act in Gen.Frequency([.. acts.Select(act => (act.Weight, Gen.Constant(act.Act)))])
            from who in Gen.Choose(0, 2)
            from what in Gen.Choose(0, 1000)
            from count in Gen.Choose(1, 4)
            select new Step(act, who, what, count);
        var story =
            from length in Gen.Choose(1, MostSteps)
            from steps in step.ArrayOf(length)
            select steps;
        Prop.ForAll(
            Arb.From(story, Shorter),
            steps =>
            {
                tell(steps).GetAwaiter().GetResult();
                return true;
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(Stories).WithQuietOnSuccess(true));
    }

    // Without half of it, a quarter, ..., one step.
    private static IEnumerable<Step[]> Shorter(Step[] steps)
    {
        for (var size = steps.Length / 2; size > 0; size /= 2)
        {
            for (var from = 0; from + size <= steps.Length; from += size)
            {
                yield return [.. steps[..from], .. steps[(from + size)..]];
            }
        }
    }
}

using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

/// <summary>What every spec of the API expects of answers.</summary>
public abstract class ApiExpectations
{
    protected const string UnknownId = "000000000000000000000000";

    /// <summary>An error answer of this status, whose text names all of these words.</summary>
    protected static void AssertProblem(Answer answer, int status, params string[] words)
    {
        Assert.True(answer.Status == status, $"{answer.Status} instead of {status}: {answer.Text}");
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.False(string.IsNullOrEmpty(answer.At("title")));
        foreach (var word in words)
        {
            Assert.Contains(word, answer.At("detail"), StringComparison.Ordinal);
        }
    }
}

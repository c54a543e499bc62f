using System.Text.RegularExpressions;
using Mrq.Tests.Support;

namespace Mrq.Tests.Architecture;

/// <summary>docs/parity.md names specs: each of them must be there.</summary>
public sealed partial class ParityTable
{
    [Fact]
    public async Task Every_spec_that_it_names_is_one()
    {
        var table = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "parity.md"), TestContext.Current.CancellationToken);
        var named = NameOfSpec().Matches(table).Select(match => (Class: match.Groups["class"].Value, Method: match.Groups["method"].Value)).ToList();
        var specs = typeof(ParityTable).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttributes(typeof(FactAttribute), inherit: true).Length > 0)
                .Select(method => (Class: type.Name, Method: method.Name)))
            .ToHashSet();

        Assert.True(named.Count > 50);
        Assert.Equal([], named.Except(specs));
    }

    [GeneratedRegex("`(?<class>[A-Z][A-Za-z]+)\\.(?<method>[A-Z][A-Za-z]*_[A-Za-z0-9_]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameOfSpec();
}

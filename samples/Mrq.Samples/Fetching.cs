using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Mrq.Tasks;

namespace Mrq.Samples;

/// <param name="Urls">http or https.</param>
/// <param name="AtOnce">Most at once, 1 to 100.</param>
public sealed record FetchManyParams(IReadOnlyList<Uri> Urls, [Range(1, 100)] int AtOnce = 10);

public sealed record FetchManyResult(int Pages, long Bytes, IReadOnlyDictionary<int, int> Statuses);

/// <summary>Fetches many pages in one job, some at once: sub-tasks. One that cannot be fetched fails the job and ends the others.</summary>
[MrqTask("samples.fetch_many", Timeout = 600)]
[Description("Fetches many pages in one job, some at once.")]
public sealed class FetchMany(TimeProvider time) : IJobTask<FetchManyParams, FetchManyResult>
{
    public async Task<FetchManyResult> RunAsync(FetchManyParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        var fetch = new Fetch(time);
        var pages = new List<FetchResult>();
        await foreach (var page in SubPool.StreamAsync(
            parameters.Urls, parameters.AtOnce, (url, token) => fetch.RunAsync(new FetchParams(url), context, token), cancellationToken))
        {
            pages.Add(page);
            context.SetProgress((double)pages.Count / parameters.Urls.Count, $"{pages.Count:N0} of {parameters.Urls.Count:N0} pages");
        }

        return new FetchManyResult(
            pages.Count, pages.Sum(page => page.Bytes), pages.CountBy(page => page.Status).ToDictionary(status => status.Key, status => status.Value));
    }
}

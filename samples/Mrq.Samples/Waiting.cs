using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Mrq.Tasks;

namespace Mrq.Samples;

/// <param name="Seconds">0 to 86,400.</param>
public sealed record SleepParams([Range(0, 86_400)] double Seconds);

/// <summary>Waits, and ends at once when it is told to.</summary>
[MrqTask("samples.sleep")]
[Description("Waits, and ends at once when it is told to.")]
public sealed class Sleep(TimeProvider time) : IJobTask<SleepParams, double>
{
    public async Task<double> RunAsync(SleepParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(parameters.Seconds), time, cancellationToken);
        return parameters.Seconds;
    }
}

/// <param name="Steps">1 to 100,000.</param>
/// <param name="Seconds">Time for all steps together.</param>
public sealed record ProgressParams([Range(1, 100_000)] int Steps, [Range(0, 86_400)] double Seconds);

/// <summary>Counts its steps: progress and a log line for each.</summary>
[MrqTask("samples.progress")]
[Description("Counts its steps: progress and a log line for each.")]
public sealed partial class Progress(TimeProvider time, ILogger<Progress> logger) : IJobTask<ProgressParams, int>
{
    public async Task<int> RunAsync(ProgressParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        for (var step = 1; step <= parameters.Steps; step++)
        {
            await Task.Delay(TimeSpan.FromSeconds(parameters.Seconds / parameters.Steps), time, cancellationToken);
            LogStep(step, parameters.Steps);
            context.SetProgress((double)step / parameters.Steps, $"step {step:N0} of {parameters.Steps:N0}");
        }

        return parameters.Steps;
    }

    [LoggerMessage(LogLevel.Information, "Step {Step} of {Steps} is done")]
    private partial void LogStep(int step, int steps);
}

/// <param name="Url">http or https.</param>
public sealed record FetchParams(Uri Url);

public sealed record FetchResult(int Status, string? ContentType, long Bytes, double Seconds);

/// <summary>Fetches a page and tells its status, type and size.</summary>
[MrqTask("samples.fetch", Timeout = 60)]
[Description("Fetches a page and tells its status, type and size.")]
public sealed class Fetch(TimeProvider time) : IJobTask<FetchParams, FetchResult>
{
    private static readonly HttpClient Http = new();

    public async Task<FetchResult> RunAsync(FetchParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var response = await Http.GetAsync(parameters.Url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[81920];
        long bytes = 0;
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            bytes += read;
        }

        return new FetchResult(
            (int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), bytes, Math.Round(time.GetElapsedTime(started).TotalSeconds, 3));
    }
}

using Microsoft.Extensions.Options;
using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Hosting;

/// <summary>Checks all options at start and names every error at once.</summary>
internal sealed class MrqOptionsValidator(IReadOnlyList<WorkerOptions> pools) : IValidateOptions<MrqOptions>
{
    public ValidateOptionsResult Validate(string? name, MrqOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (!QueueName.TryParse(options.DefaultQueue, out _, out var error))
        {
            errors.AddError($"default_queue: {error}");
        }

        Check("default_timeout", options.DefaultTimeout, TimeSpan.FromMilliseconds(1));
        Check("default_result_ttl", options.DefaultResultTtl, TimeSpan.Zero);
        Check("default_abort_ttl", options.DefaultAbortTtl, TimeSpan.Zero);
        Check("default_cancel_ttl", options.DefaultCancelTtl, TimeSpan.Zero);
        Check("default_retry_delay", options.DefaultRetryDelay, TimeSpan.Zero);
        if (options.AbortGrace < TimeSpan.Zero || options.AbortGrace > TimeSpan.FromDays(1))
        {
            errors.AddError($"abort_grace must be 0 to 86,400 s, not {options.AbortGrace.TotalSeconds} s.");
        }

        Check("lost_job_grace", options.LostJobGrace, TimeSpan.FromSeconds(1));
        if (options.MaintenanceInterval < TimeSpan.FromMilliseconds(100) || options.MaintenanceInterval > TimeSpan.FromHours(1))
        {
            errors.AddError($"maintenance_interval must be 0.1 to 3,600 s, not {options.MaintenanceInterval.TotalSeconds} s.");
        }

        CheckNumber("default_max_retries", options.DefaultMaxRetries, 0, 1_000_000);
        CheckNumber("max_params_size", options.MaxParamsSize, 100, 100_000_000);
        CheckNumber("max_result_size", options.MaxResultSize, 100, 100_000_000);
        CheckNumber("max_log_lines_per_job", options.MaxLogLinesPerJob, 0, 1_000_000);
        CheckNumber("max_log_line_length", options.MaxLogLineLength, 100, 1_000_000);
        if (options.ReportFile is { } file && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
        {
            errors.AddError($"report_file: there is no folder '{Path.GetDirectoryName(Path.GetFullPath(file))}'. Make it first.");
        }

        if (options.TraceMemory && pools.Where(pool => !pool.IsSystem).Sum(pool => pool.Concurrency) is > 1 and var concurrency)
        {
            errors.AddError($"trace_memory needs --concurrency 1, not {concurrency:N0}: what jobs that run at once leave in memory cannot be told apart.");
        }

        foreach (var problem in pools.SelectMany(p => p.Validate()))
        {
            errors.AddError(problem);
        }

        return errors.Build();

        void Check(string option, TimeSpan value, TimeSpan least)
        {
            if (value < least || value > TimeSpan.FromDays(3650))
            {
                errors.AddError($"{option} must be {(least > TimeSpan.Zero ? $"at least {least.TotalSeconds} s" : "0 or more")} and at most 10 years, not {value.TotalSeconds} s.");
            }
        }

        void CheckNumber(string option, int value, int least, int most)
        {
            if (value < least || value > most)
            {
                errors.AddError($"{option} must be {least:N0} to {most:N0}, not {value:N0}.");
            }
        }
    }
}

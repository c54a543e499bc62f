namespace Mrq.Tasks;

/// <summary>Code that jobs run: one instance for each attempt, made in a scope of its own, so that constructors may take scoped services.</summary>
/// <typeparam name="TParams">What the job's params bind to: a record whose required members must be given.</typeparam>
/// <typeparam name="TResult">What is stored as the job's result, as JSON.</typeparam>
public interface IJobTask<in TParams, TResult>
{
    /// <summary>Runs one attempt.</summary>
    /// <param name="cancellationToken">Cancelled on timeout, abort and stop of the worker; end soon after.</param>
    Task<TResult> RunAsync(TParams parameters, JobContext context, CancellationToken cancellationToken);
}

/// <summary>Code that jobs run and that returns nothing.</summary>
/// <inheritdoc cref="IJobTask{TParams, TResult}"/>
public interface IJobTask<in TParams>
{
    /// <inheritdoc cref="IJobTask{TParams, TResult}.RunAsync"/>
    Task RunAsync(TParams parameters, JobContext context, CancellationToken cancellationToken);
}

/// <summary>Params of a task that takes none.</summary>
public sealed record NoParams;

namespace Mrq.Storage.Sqlite;

/// <summary>One thing to do within a transaction of the writer, and the caller who waits for its commit.</summary>
internal abstract class WriteOperation(int rows)
{
    /// <summary>About how many rows it writes.</summary>
    public int Rows { get; } = rows;

    public abstract void Run(WriteTransaction transaction);

    /// <summary>Its transaction is committed.</summary>
    public abstract void Succeed();

    public abstract void Fail(Exception failure);
}

/// <inheritdoc/>
internal sealed class WriteOperation<T>(int rows, Func<WriteTransaction, T> run, CancellationToken cancellationToken) : WriteOperation(rows)
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;
    private bool _ran;

    public Task<T> Task => _answer.Task;

    public override void Run(WriteTransaction transaction)
    {
        _ran = false;
        if (!cancellationToken.IsCancellationRequested)
        {
            _result = run(transaction);
            _ran = true;
        }
    }

    public override void Succeed()
    {
        if (_ran)
        {
            // Run has set it: T itself says whether it may be null.
            _answer.SetResult(_result!);
        }
        else
        {
            _answer.SetCanceled(cancellationToken);
        }
    }

    public override void Fail(Exception failure) => _answer.SetException(failure);
}

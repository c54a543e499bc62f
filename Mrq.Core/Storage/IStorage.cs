namespace Mrq.Storage;

/// <summary>The life of the stores as one: made ready at start, asked for their health, closed at the end.</summary>
public interface IStorage
{
    /// <summary>What the data lies in, for people: for example <c>SQLite mrq.db</c>. Never with a password.</summary>
    string Description { get; }

    /// <summary>Opens or makes the stores and brings their schema up to date.</summary>
    /// <exception cref="StorageUnavailableException">They cannot be used; the message says what is wrong, where, and what to do.</exception>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Opens the stores as they are, for who only reads: nothing is made, and no schema is brought up to date. Who has opened them so does not open them to write afterwards.</summary>
    /// <exception cref="StorageUnavailableException">They cannot be used, are not there, or have another schema than this MRQ reads.</exception>
    Task OpenToReadAsync(CancellationToken cancellationToken);

    /// <summary>Asks each store whether it can be used now, for some seconds at most. Empty: all can.</summary>
    Task<IReadOnlyList<StorageProblem>> CheckAsync(CancellationToken cancellationToken);
}

/// <summary>A store that cannot be used now.</summary>
/// <param name="Store">Its <see cref="IStorage.Description"/>.</param>
/// <param name="Reason">What is wrong, a sentence for people.</param>
public sealed record StorageProblem(string Store, string Reason);

/// <summary>What a failed call leaves open.</summary>
public enum StorageFailure
{
    /// <summary>The store does not tell.</summary>
    Unspecified,

    /// <summary>Nothing was sent: the call may be made again.</summary>
    NotSent,

    /// <summary>The connection broke: the call may have been carried out.</summary>
    Unknown,

    /// <summary>The store answered that it will not or cannot.</summary>
    ServerError,

    /// <summary>No answer came in time: the call may have been carried out, or may be later.</summary>
    Timeout,
}

/// <summary>A store cannot be used now: not there, locked, read-only, damaged or out of reach.</summary>
public sealed class StorageUnavailableException : Exception
{
    public StorageUnavailableException(string message)
        : base(message)
    {
    }

    public StorageUnavailableException(string message, Exception cause)
        : base(message, cause)
    {
    }

    /// <summary>Whether the call may have been carried out.</summary>
    public StorageFailure Failure { get; init; }
}

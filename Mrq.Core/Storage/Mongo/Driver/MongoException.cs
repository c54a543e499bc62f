namespace Mrq.Storage.Mongo.Driver;

/// <summary>An operation on MongoDB failed. The cases say what is known of its effect.</summary>
internal abstract class MongoException(string message) : Exception(message);

/// <summary>No server could be reached, or the one reached has not begun: nothing was done, and asking again may help.</summary>
internal sealed class MongoNotSentException(string message) : MongoException(message);

/// <summary>The server is too old for the driver, or too new.</summary>
internal sealed class MongoVersionException(string message) : MongoException(message);

/// <summary>The operation was sent, and no answer came in time or at all: it may have been done. Repeat it only where twice is as good as once.</summary>
internal class MongoUnknownOutcomeException(string message) : MongoException(message);

/// <summary>
/// A server has done the write, and not as many members as the write concern wants have confirmed it: they may be late, or a new primary undoes it.
/// </summary>
internal sealed class MongoUnconfirmedException(string message) : MongoUnknownOutcomeException(message);

/// <summary>A server has refused the operation, or a part of it.</summary>
internal class MongoServerException(int code, string message) : MongoException(message)
{
    private const int MaxTimeExpired = 50;
    private const int ExceededTimeLimit = 262;

    /// <summary>MongoDB's number of the error, for example 26 for a collection that is not there.</summary>
    public int Code { get; } = code;

    /// <summary>The server took longer than it was allowed to, and gave up.</summary>
    public bool IsTimeout => Code is MaxTimeExpired or ExceededTimeLimit;
}

/// <summary>A document would have been the second with a value that a unique index wants once.</summary>
/// <param name="index">Name of the index; empty where the server does not say.</param>
internal sealed class MongoDuplicateKeyException(string index, string message) : MongoServerException(MongoWriteError.DuplicateKey, message)
{
    public string Index { get; } = index;
}

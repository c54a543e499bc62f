using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>Says in the words of a person what MongoDB's failures mean: what is wrong, where, and what to do.</summary>
internal static class MongoFailures
{
    private const int Unauthorized = 13;
    private const int AuthenticationFailed = 18;

    /// <summary>The failure as callers should see it; the failure itself where it is a defect of ours.</summary>
    public static Exception Explain(MongoException failure, string where) => failure switch
    {
        MongoVersionException => new StorageUnavailableException($"{where} has a version that MRQ cannot use; it needs 3.6 or later. {failure.Message}.", failure),
        MongoNotSentException => new StorageUnavailableException(
            $"{where} cannot be reached: {Reason(failure.Message)}. Check that it runs and that the address is right.", failure)
        {
            Failure = StorageFailure.NotSent,
        },
        MongoUnconfirmedException => new StorageUnavailableException(
            $"{where} has written, but not as many members as the write concern wants have confirmed it: {failure.Message}. It may yet be undone.", failure)
        {
            Failure = StorageFailure.Unknown,
        },
        MongoUnknownOutcomeException => new StorageUnavailableException(
            $"{where} has not answered: {failure.Message}. What was asked may have been done.", failure)
        {
            Failure = StorageFailure.Unknown,
        },
        MongoServerException { Code: AuthenticationFailed } => new StorageUnavailableException(
            $"{where} does not accept user and password of the connection string: {failure.Message} Check both, and authSource, the database that knows the user.", failure),
        MongoServerException { Code: Unauthorized } => new StorageUnavailableException(
            $"{where} refuses this user: {failure.Message}. Give it the role readWrite on this database.", failure),
        MongoServerException { IsTimeout: true } => new StorageUnavailableException($"{where} took too long: {failure.Message}.", failure),
        _ => failure,
    };

    /// <summary>Of "No suitable servers found: `serverSelectionTimeoutMS` expired: [reason]", which the driver says of every server that is away, the reason.</summary>
    private static string Reason(string message)
    {
        var (begin, end) = (message.IndexOf('[', StringComparison.Ordinal), message.LastIndexOf(']'));
        return message.StartsWith("No suitable servers found", StringComparison.Ordinal) && begin >= 0 && begin < end ? message[(begin + 1)..end].Replace("] [", "; ", StringComparison.Ordinal) + message[(end + 1)..] : message;
    }

    /// <summary>No MongoDB was found, and somebody listens there.</summary>
    public static StorageUnavailableException ExplainListener(string server, StorageUnavailableException failure) => new(
        $"{failure.Message} Something listens at {server}: it may be another program, have TLS where the address has none or the other way round, or be a member without a primary.", failure)
    {
        Failure = failure.Failure,
    };
}

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
        MongoNotSentException => new StorageUnavailableException(
            $"{where} cannot be reached: {failure.Message}. Check that it runs, that the address is right, and that user and password are.", failure),
        MongoUnknownOutcomeException => new StorageUnavailableException(
            $"{where} has not answered: {failure.Message}. What was asked may have been done.", failure),
        MongoServerException { Code: Unauthorized or AuthenticationFailed } => new StorageUnavailableException(
            $"{where} refuses this user: {failure.Message}. Give it the role readWrite on this database.", failure),
        MongoServerException { IsTimeout: true } => new StorageUnavailableException($"{where} took too long: {failure.Message}.", failure),
        _ => failure,
    };
}

namespace Mrq.Storage.Mongo.Driver;

/// <summary>What a write of many parts has done.</summary>
/// <param name="Errors">The parts that were refused; in an unordered write all others were done.</param>
internal sealed record MongoWriteResult(
    int Inserted, int Matched, int Modified, int Deleted, int Upserted, IReadOnlyList<MongoWriteError> Errors)
{
    public static MongoWriteResult Nothing { get; } = new(0, 0, 0, 0, 0, []);

    /// <summary>The result itself, when nothing was refused.</summary>
    /// <exception cref="MongoServerException">The first refusal.</exception>
    public MongoWriteResult OrThrow() => Errors is [var first, ..] ? throw first.ToException() : this;
}

/// <summary>One part of a write that was refused.</summary>
/// <param name="Place">Its place in the write, from 0.</param>
/// <param name="Index">Of a duplicate key, the name of the unique index; else null.</param>
internal sealed record MongoWriteError(int Place, int Code, string Message, string? Index)
{
    public const int DuplicateKey = 11000;

    public MongoServerException ToException() =>
        Index is not null ? new MongoDuplicateKeyException(Index, Message) : new MongoServerException(Code, Message);
}

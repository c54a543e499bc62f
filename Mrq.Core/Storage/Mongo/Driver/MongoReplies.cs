using System.Text.RegularExpressions;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>Reads what the driver answers: results of writes, and errors as exceptions.</summary>
internal static partial class MongoReplies
{
    // mongoc-error.h
    private const uint ClientDomain = 1;
    private const uint StreamDomain = 2;
    private const uint ProtocolDomain = 3;
    private const uint ServerSelectionDomain = 15;
    private const uint WriteConcernDomain = 16;
    private const uint ServerDomain = 17;
    private const uint Authenticate = 11;
    private const uint BadWireVersion = 15;
    private const uint NameResolution = 3;
    private const uint Connect = 5;
    private const uint NotEstablished = 6;

    // error_codes.yml of the server
    private const uint HostUnreachable = 6;
    private const uint HostNotFound = 7;
    private const uint AuthenticationFailed = 18;
    private const uint NetworkTimeout = 89;
    private const uint SocketException = 9001;
    private const uint FailedToSatisfyReadPreference = 133;
    private const uint NotWritablePrimary = 10107;
    private const uint NotPrimaryNoSecondaryOk = 13435;
    private const uint NotPrimaryOrSecondary = 13436;
    private const uint ShutdownInProgress = 91;
    private const uint PrimarySteppedDown = 189;
    private const uint InterruptedAtShutdown = 11600;
    private const uint InterruptedByStepDown = 11602;

    /// <summary>The exception for an error of the driver.</summary>
    public static MongoException ToException(in MongocError error) => (error.Domain, error.Code) switch
    {
        (ClientDomain, Authenticate) => new MongoServerException((int)AuthenticationFailed, error.Text),
        (ProtocolDomain, BadWireVersion) => new MongoVersionException(error.Text),
        (ServerSelectionDomain or ClientDomain, _) => new MongoNotSentException(error.Text),
        (StreamDomain, NameResolution or Connect or NotEstablished) => new MongoNotSentException(error.Text),
        (StreamDomain or ProtocolDomain, _) => new MongoUnknownOutcomeException(error.Text),
        (WriteConcernDomain, _) => new MongoUnconfirmedException(error.Text),
        // The last is a router's that finds no primary.
        (ServerDomain, NotWritablePrimary or NotPrimaryNoSecondaryOk or NotPrimaryOrSecondary or FailedToSatisfyReadPreference) =>
            new MongoNotSentException(error.Text),
        (ServerDomain, ShutdownInProgress or PrimarySteppedDown or InterruptedAtShutdown or InterruptedByStepDown) =>
            new MongoUnknownOutcomeException(error.Text),
        // A router has lost its own way to the members.
        (ServerDomain, HostUnreachable or HostNotFound or NetworkTimeout or SocketException) => new MongoUnknownOutcomeException(error.Text),
        (_, MongoWriteError.DuplicateKey) => new MongoDuplicateKeyException(IndexIn(error.Text) ?? "", error.Text),
        _ => new MongoServerException((int)error.Code, error.Text),
    };

    /// <summary>The result of a write. Refused parts are told in it; any other failure is thrown.</summary>
    public static MongoWriteResult ReadWrite(bool isDone, in MongocError error, ReadOnlySpan<byte> reply)
    {
        var (inserted, matched, modified, deleted, upserted) = (0, 0, 0, 0, 0);
        List<MongoWriteError> errors = [];
        List<MongoWriteError> unconfirmed = [];
        var reader = new BsonReader(reply);
        while (reader.Next())
        {
            switch (reader.Name)
            {
                // A bulk write and insert_many name the same number differently.
                case var name when name.SequenceEqual("nInserted"u8) || name.SequenceEqual("insertedCount"u8):
                    inserted = reader.GetInt32();
                    break;
                case var name when name.SequenceEqual("nMatched"u8):
                    matched = reader.GetInt32();
                    break;
                case var name when name.SequenceEqual("nModified"u8):
                    modified = reader.GetInt32();
                    break;
                case var name when name.SequenceEqual("nRemoved"u8):
                    deleted = reader.GetInt32();
                    break;
                case var name when name.SequenceEqual("nUpserted"u8):
                    upserted = reader.GetInt32();
                    break;
                case var name when name.SequenceEqual("writeErrors"u8):
                    errors = ReadErrors(reader.GetDocument());
                    break;
                case var name when name.SequenceEqual("writeConcernErrors"u8):
                    unconfirmed = ReadErrors(reader.GetDocument());
                    break;
            }
        }

        if (unconfirmed is [var first, ..])
        {
            throw new MongoUnconfirmedException(first.Message);
        }

        // The driver reports refused parts as its error, unless something graver came after them.
        var isOnlyRefused = errors.Count > 0 && error.Domain is not (StreamDomain or ServerSelectionDomain or ClientDomain or ProtocolDomain);
        return isDone || isOnlyRefused
            ? new MongoWriteResult(inserted, matched, modified, deleted, upserted, errors)
            : throw ToException(error);
    }

    private static List<MongoWriteError> ReadErrors(BsonReader list)
    {
        var errors = new List<MongoWriteError>();
        while (list.Next())
        {
            var (place, code, message) = (0, 0, "");
            var error = list.GetDocument();
            while (error.Next())
            {
                switch (error.Name)
                {
                    case var name when name.SequenceEqual("index"u8):
                        place = error.GetInt32();
                        break;
                    case var name when name.SequenceEqual("code"u8):
                        code = error.GetInt32();
                        break;
                    case var name when name.SequenceEqual("errmsg"u8):
                        message = error.GetString();
                        break;
                }
            }

            errors.Add(new MongoWriteError(place, code, message, code == MongoWriteError.DuplicateKey ? IndexIn(message) ?? "" : null));
        }

        return errors;
    }

    /// <summary>All servers since 3.6 name the index in these words; only newer ones tell it in a field.</summary>
    private static string? IndexIn(string message) => DuplicateKeyText().Match(message) is { Success: true } match ? match.Groups["index"].Value : null;

    [GeneratedRegex(@"index: (?<index>\S+)( collation:.*)? dup key", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex DuplicateKeyText();
}

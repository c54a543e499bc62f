using System.Text;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>
/// Reads jobs from their documents. What the original wrote is read as well as can be: fields may be missing, null, or of another type of number.
/// </summary>
internal static class JobDocumentReader
{
    private const int LongestName = 32;

    public static Job Read(ReadOnlySpan<byte> document)
    {
        Span<char> buffer = stackalloc char[LongestName];
        var read = new Reading();
        var field = new BsonReader(document);
        while (field.Next())
        {
            if (!field.IsNull || field.Name.SequenceEqual("result"u8))
            {
                read.Take(field.NameIn(buffer), field);
            }
        }

        return read.ToJob();
    }

    /// <summary>A date; of a number, as some write them, unix seconds.</summary>
    private static DateTimeOffset DateOf(in BsonReader field) =>
        field.Type == BsonType.Date ? field.GetDate() : DateTimeOffset.UnixEpoch.AddSeconds(Math.Clamp(field.GetDouble(), 0, 253_402_300_799));

    /// <summary>A text; of any other value, for example the original's id of a worker, its digits.</summary>
    private static string TextOf(in BsonReader field) => field.Type switch
    {
        BsonType.String or BsonType.Symbol or BsonType.Code => field.GetString(),
        BsonType.ObjectId => field.GetObjectId().ToString(),
        _ => BsonJson.ToText(field),
    };

    /// <summary>A status by its name; of one that nobody knows, cancel: nothing will happen to the job by itself.</summary>
    private static JobStatus StatusOf(in BsonReader field) => JobStatuses.TryParseOne(TextOf(field), out var status) ? status : JobStatus.Cancel;

    private static List<string> TagsOf(in BsonReader field)
    {
        var tags = new List<string>();
        if (field.Type == BsonType.Array)
        {
            var item = field.GetDocument();
            while (item.Next())
            {
                tags.Add(TextOf(item));
            }
        }

        return tags;
    }

    private static List<TracebackEntry> HistoryOf(in BsonReader field)
    {
        var history = new List<TracebackEntry>();
        if (field.Type == BsonType.Array)
        {
            var item = field.GetDocument();
            while (item.Next())
            {
                if (item.Type == BsonType.Document)
                {
                    history.Add(FailureOf(item.GetDocument()));
                }
            }
        }

        return history;
    }

    private static TracebackEntry FailureOf(BsonReader field)
    {
        var entry = new TracebackEntry(DateTimeOffset.UnixEpoch, JobStatus.Failed, "", null, null, null);
        while (field.Next())
        {
            entry = field.IsNull ? entry : field.NameText switch
            {
                "date" => entry with { Date = DateOf(field) },
                "status" => entry with { Status = StatusOf(field) },
                "exceptiontype" => entry with { ExceptionType = TextOf(field) },
                "message" => entry with { Message = TextOf(field) },
                "traceback" => entry with { Traceback = TextOf(field) },
                "worker" => entry with { Worker = new WorkerId(TextOf(field)) },
                _ => entry,
            };
        }

        return entry;
    }

    /// <summary>A job as far as its document has been read.</summary>
    private ref struct Reading()
    {
        private JobId _id = default;
        private string _path = "";
        private QueueName _queue = QueueName.Default;
        private QueueName? _rawQueue = null;
        private JobStatus _status = JobStatus.Cancel;
        private string? _params = null;
        private string? _paramsText = null;
        private string? _result = null;
        private string? _resultText = null;
        private DateTimeOffset? _queued = null;
        private DateTimeOffset? _started = null;
        private DateTimeOffset? _updated = null;
        private DateTimeOffset? _expires = null;
        private DateTimeOffset? _retry = null;
        private DateTimeOffset? _runAt = null;
        private DateTimeOffset? _abortRequested = null;
        private int _attempt = 0;
        private int _postponed = 0;
        private int _retryCount = 0;
        private string? _worker = null;
        private string? _exceptionType = null;
        private string? _exceptionMessage = null;
        private string? _traceback = null;
        private IReadOnlyList<TracebackEntry> _history = [];
        private double? _progress = null;
        private string? _progressText = null;
        private double? _totalTime = null;
        private double? _cpuTime = null;
        private long? _switches = null;
        private long? _allocated = null;
        private long? _memoryDiff = null;
        private string? _uniqueKey = null;
        private string? _idempotencyKey = null;
        private IReadOnlyList<string> _tags = [];
        private double? _timeout = null;
        private int? _maxRetries = null;
        private double? _resultTtl = null;
        private int _priority = 0;
        private DateTimeOffset? _expiresAt = null;
        private DateTimeOffset? _uniqueUntil = null;
        private bool _isUniqueWhileQueued = false;
        private JobId? _after = null;
        private JobId? _next = null;
        private string? _resultAs = null;
        private TaskOptions? _options = null;

        public void Take(scoped ReadOnlySpan<char> name, in BsonReader field)
        {
            switch (name)
            {
                case "_id":
                    _id = field.GetObjectId();
                    break;
                case "path":
                    _path = TextOf(field);
                    break;
                case "params":
                    _params = BsonJson.ToText(field);
                    break;
                case "params_json":
                    _paramsText = TextOf(field);
                    break;
                case "queue":
                    _queue = QueueName.Stored(TextOf(field));
                    break;
                case "raw_queue":
                    _rawQueue = QueueName.Stored(TextOf(field));
                    break;
                case "status":
                    _status = StatusOf(field);
                    break;
                case "attempt":
                    _attempt = field.GetInt32();
                    break;
                case "postponed":
                    _postponed = field.GetInt32();
                    break;
                case "retry_count":
                    _retryCount = field.GetInt32();
                    break;
                case "worker":
                    _worker = TextOf(field);
                    break;
                case "result":
                    _result = BsonJson.ToText(field);
                    break;
                case "result_json":
                    _resultText = TextOf(field);
                    break;
                case "tags":
                    _tags = TagsOf(field);
                    break;
                default:
                    TakeTime(name, field);
                    break;
            }
        }

        private void TakeTime(scoped ReadOnlySpan<char> name, in BsonReader field)
        {
            switch (name)
            {
                case "datequeued":
                    _queued = DateOf(field);
                    break;
                case "datestarted":
                    _started = DateOf(field);
                    break;
                case "dateupdated":
                    _updated = DateOf(field);
                    break;
                case "dateexpires":
                    _expires = DateOf(field);
                    break;
                case "dateretry":
                    _retry = DateOf(field);
                    break;
                case "run_at":
                    _runAt = DateOf(field);
                    break;
                case "abort_requested":
                    _abortRequested = DateOf(field);
                    break;
                case "totaltime":
                    _totalTime = field.GetDouble();
                    break;
                case "time":
                    _cpuTime = field.GetDouble();
                    break;
                case "switches":
                    _switches = field.GetInt64();
                    break;
                case "allocated":
                    _allocated = field.GetInt64();
                    break;
                case "memory_diff":
                    _memoryDiff = field.GetInt64();
                    break;
                case "timeout":
                    _timeout = field.GetDouble();
                    break;
                case "result_ttl":
                    _resultTtl = field.GetDouble();
                    break;
                default:
                    TakeRare(name, field);
                    break;
            }
        }

        private void TakeRare(scoped ReadOnlySpan<char> name, in BsonReader field)
        {
            switch (name)
            {
                case "exceptiontype":
                    _exceptionType = TextOf(field);
                    break;
                case "exceptionmessage":
                    _exceptionMessage = TextOf(field);
                    break;
                case "traceback":
                    _traceback = TextOf(field);
                    break;
                case "traceback_history":
                    _history = HistoryOf(field);
                    break;
                case "progress":
                    _progress = field.GetDouble();
                    break;
                case "progress_text":
                    _progressText = TextOf(field);
                    break;
                case "unique_key":
                    _uniqueKey = TextOf(field);
                    break;
                case "idempotency_key":
                    _idempotencyKey = TextOf(field);
                    break;
                case "max_retries":
                    _maxRetries = field.GetInt32();
                    break;
                default:
                    TakeRouting(name, field);
                    break;
            }
        }

        private void TakeRouting(scoped ReadOnlySpan<char> name, in BsonReader field)
        {
            switch (name)
            {
                case "priority":
                    _priority = Math.Clamp(field.GetInt32(), 0, QueuedId.HighestPriority);
                    break;
                case "expires_at":
                    _expiresAt = DateOf(field);
                    break;
                case "unique_until":
                    _uniqueUntil = DateOf(field);
                    break;
                case "unique_while_queued" when field.Type == BsonType.Boolean:
                    _isUniqueWhileQueued = field.GetBoolean();
                    break;
                case "after" when field.Type == BsonType.ObjectId:
                    _after = field.GetObjectId();
                    break;
                case "next" when field.Type == BsonType.ObjectId:
                    _next = field.GetObjectId();
                    break;
                case "result_as":
                    _resultAs = TextOf(field);
                    break;
                case "options" when field.Type == BsonType.Document:
                    _options = TaskOptionsJson.Read(Encoding.UTF8.GetBytes(BsonJson.ToText(field)));
                    break;
            }
        }

        public readonly Job ToJob()
        {
            var queued = _queued ?? _id.Time;
            return new Job
            {
                Id = _id,
                Path = _path,
                Params = _paramsText ?? (_params is ['{', ..] ? _params : "{}"),
                Queue = _queue,
                RawQueue = _rawQueue,
                Status = _status,
                DateQueued = queued,
                DateStarted = _started,
                DateUpdated = _updated ?? _started ?? queued,
                DateExpires = _expires,
                DateRetry = _retry,
                RunAt = _runAt,
                Attempt = _attempt,
                Postponed = _postponed,
                RetryCount = _retryCount,
                Worker = _worker is null ? null : new WorkerId(_worker),
                Result = _resultText ?? _result,
                ExceptionType = _exceptionType,
                ExceptionMessage = _exceptionMessage,
                Traceback = _traceback,
                TracebackHistory = _history,
                Progress = _progress,
                ProgressText = _progressText,
                TotalTime = _totalTime,
                Usage = JobUsage.Of(_cpuTime, _switches, _allocated, _memoryDiff),
                UniqueKey = _uniqueKey,
                IdempotencyKey = _idempotencyKey,
                Tags = _tags,
                Timeout = SpanOf(_timeout),
                MaxRetries = _maxRetries,
                ResultTtl = SpanOf(_resultTtl),
                AbortRequested = _abortRequested,
                Priority = _priority,
                ExpiresAt = _expiresAt,
                IsUniqueWhileQueued = _isUniqueWhileQueued,
                UniqueUntil = _uniqueUntil,
                After = _after,
                Next = _next,
                ResultAs = _resultAs,
                Options = _options,
            };
        }

        private static TimeSpan? SpanOf(double? seconds) =>
            seconds is { } value ? TimeSpan.FromSeconds(Math.Clamp(value, 0, TimeSpan.MaxValue.TotalSeconds / 2)) : null;
    }
}

using System.Globalization;
using System.Text.Json;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Dashboard.Api;

/// <summary>What lies in raw queues: looked at, put in, taken out, counted by score. A slash in a name is written as %2F.</summary>
internal sealed class RawQueuesApi(RawQueueControl control, RawQueueClient client, Audit audit, TimeProvider time) : IApiResource
{
    private const int MostBody = 32 * 1024 * 1024;
    private static readonly string[] Fields = ["params", "scores"];
    private static readonly string[] RejectedFields = ["ids", "action"];

    private static readonly ApiParameter Name = ApiParameter.Path("queue", "Raw queue: its name ends in _raw, _set, _sorted_set or _timed_set. A slash in it is written as %2F.", "clicks_raw");
    private static readonly ApiParameter Limit = ApiParameter.Query("limit", "1 to 1,000; 50 when left out.", "integer");
    private static readonly ApiParameter Offset = ApiParameter.Query("offset", "How many to pass over.", "integer");
    private static readonly (int, string) NotRaw = (422, "It is not a raw queue, or a field is wrong.");

    public void Map(ApiRoutes routes)
    {
        routes.Get("/api/queues/{queue}/raw", new ApiDoc("Queues", "List what waits in a raw queue")
        {
            Description = "In the order in which it will be taken; a set has none.",
            Parameters = [Name, Offset, Limit],
            Answer = """{"queue":"later_timed_set","entries":[{"params":"user 7","score":1767225600}]}""",
            Others = [NotRaw],
        }, PeekAsync);
        routes.Post("/api/queues/{queue}/raw", new ApiDoc("Queues", "Put texts into a raw queue")
        {
            Description = "All of them or, when one is wrong, none.",
            Parameters = [Name],
            Request = """{"params":["user 7","user 8"]}""",
            Fields =
            [
                new ApiField("params", "array", "Texts; in a timed set they are due at once."),
                new ApiField("scores", "object", "Texts with their scores: places in a sorted set, unix seconds in a timed set. One that is there moves."),
            ],
            Status = StatusCodes.Status201Created,
            Answer = """{"queue":"clicks_raw","accepted":2}""",
            Others = [NotRaw],
        }, AddAsync);
        routes.Delete("/api/queues/{queue}/raw", new ApiDoc("Queues", "Take texts out of a raw queue")
        {
            Parameters = [Name],
            Request = """{"params":["user 7"]}""",
            Fields = [new ApiField("params", "array", "Texts; from a list the first of each is taken.", Required: true)],
            Answer = """{"queue":"clicks_raw","removed":1}""",
            Others = [NotRaw],
        }, RemoveAsync);
        routes.Get("/api/queues/{queue}/graph", new ApiDoc("Queues", "Count the entries of a sorted or timed set by score")
        {
            Parameters =
            [
                Name,
                ApiParameter.Query("start", "Lowest score; 0, or now for a timed set, when left out.", "number"),
                ApiParameter.Query("stop", "Score that the last slice ends before; start + 100, or + 3,600 for a timed set, when left out.", "number"),
                ApiParameter.Query("slices", "1 to 1,000; 100 when left out.", "integer"),
                ApiParameter.Query("include_inf", "true: the first count is of what lies below start, the last of what lies at stop or above.", "boolean"),
            ],
            Answer = """{"queue":"order_sorted_set","start":1,"stop":4,"counts":[2,1,0]}""",
            Others = [NotRaw],
        }, GraphAsync);
        routes.Get("/api/queues/{queue}/rejected", new ApiDoc("Queues", "List the entries of which no job could be made")
        {
            Description = "Newest first. A queue keeps the newest 1,000; older ones are dropped for good.",
            Parameters = [Name, Offset, Limit],
            Answer = """{"queue":"clicks_raw","rejected":[{"id":"6523f1b29d3c5a0001b2c3d4","params":"?","score":null,"error":"is not JSON"}]}""",
            Others = [NotRaw],
        }, RejectedAsync);
        routes.Post("/api/queues/{queue}/rejected", new ApiDoc("Queues", "Put rejected entries back, or drop them")
        {
            Parameters = [Name],
            Request = """{"action":"put_back","ids":["6523f1b29d3c5a0001b2c3d4"]}""",
            Fields = [new ApiField("action", "string", "put_back or drop.", Required: true), new ApiField("ids", "array", "As GET gives them.", Required: true)],
            Answer = """{"queue":"clicks_raw","settled":1}""",
            Others = [NotRaw],
        }, SettleAsync);
    }

    private static QueueName Queue(ApiCall call) => ApiCall.QueueOf(call.Route("queue"));

    private async Task PeekAsync(ApiCall call)
    {
        var queue = Queue(call);
        var entries = await control.PeekAsync(queue, call.WholeQuery("offset", 0, long.MaxValue, 0), (int)call.WholeQuery("limit", 1, 1000, 50), call.Aborted);
        await AnswerAsync(call, queue, json =>
        {
            json.WriteStartArray("entries");
            foreach (var entry in entries)
            {
                json.WriteStartObject();
                Write(json, entry);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private async Task AddAsync(ApiCall call)
    {
        var queue = Queue(call);
        var entries = await call.ReadBodyAsync(MostBody, root => ReadEntries(root, queue));
        await client.EnqueueAsync(entries, call.Aborted);
        await RecordAsync(call, AuditActions.AddRaw, queue, entries.Count);
        await AnswerAsync(call, queue, json => json.WriteNumber("accepted", entries.Count), StatusCodes.Status201Created);
    }

    private async Task RemoveAsync(ApiCall call)
    {
        var queue = Queue(call);
        var entries = await call.ReadBodyAsync(MostBody, root => ReadEntries(root, queue));
        var removed = await control.RemoveAsync(queue, [.. entries.Select(e => e.Params)], call.Aborted);
        await RecordAsync(call, AuditActions.RemoveRaw, queue, removed);
        await AnswerAsync(call, queue, json => json.WriteNumber("removed", removed));
    }

    private async Task GraphAsync(ApiCall call)
    {
        var queue = Queue(call);
        var isTimed = queue.RawKind == RawQueueKind.TimedSet;
        var start = NumberQuery(call, "start") ?? (isTimed ? time.GetUtcNow().ToUnixTimeSeconds() : 0);
        var stop = NumberQuery(call, "stop") ?? start + (isTimed ? 3600 : 100);
        var counts = await control.CountByScoreAsync(
            queue, new ScoreSlices(start, stop, (int)call.WholeQuery("slices", 1, RawQueueControl.MostSlices, 100)), call.Aborted);
        var shown = call.FlagQuery("include_inf", otherwise: false) ? counts : counts.Take(1..^1);
        await AnswerAsync(call, queue, json =>
        {
            json.WriteNumber("start", start);
            json.WriteNumber("stop", stop);
            json.WriteStartArray("counts");
            foreach (var count in shown)
            {
                json.WriteNumberValue(count);
            }

            json.WriteEndArray();
        });
    }

    private async Task RejectedAsync(ApiCall call)
    {
        var queue = Queue(call);
        var rejected = await control.ListRejectedAsync(
            queue, (int)call.WholeQuery("offset", 0, IRawQueueContents.MostRejected, 0), (int)call.WholeQuery("limit", 1, 1000, 50), call.Aborted);
        await AnswerAsync(call, queue, json =>
        {
            json.WriteStartArray("rejected");
            foreach (var (job, entry, error) in rejected)
            {
                json.WriteStartObject();
                json.WriteString("id", job.ToString());
                Write(json, entry);
                json.WriteString("error", error);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private async Task SettleAsync(ApiCall call)
    {
        var queue = Queue(call);
        var (ids, putBack) = await call.ReadBodyAsync(MostBody, ReadSettlement);
        var settled = await control.SettleRejectedAsync(queue, ids, putBack, call.Aborted);
        await RecordAsync(call, putBack ? AuditActions.PutBackRejected : AuditActions.DropRejected, queue, settled);
        await AnswerAsync(call, queue, json => json.WriteNumber("settled", settled));
    }

    private static double? NumberQuery(ApiCall call, string name) =>
        call.Query(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
        : throw ApiException.BadParameter(name, $"'{ApiCall.Shown(text)}' must be a number.");

    private static List<RawEntry> ReadEntries(JsonElement root, QueueName queue)
    {
        var errors = new List<FieldError>();
        var fields = new JsonFields(root, Fields, errors);
        var entries = fields.Texts("params").Select(text => new RawEntry(queue, text)).ToList();
        if (fields.Object("scores") is not null)
        {
            foreach (var scored in fields.Value("scores").EnumerateObject())
            {
                if (scored.Value.ValueKind == JsonValueKind.Number && scored.Value.TryGetDouble(out var score))
                {
                    entries.Add(new RawEntry(queue, scored.Name, score));
                }
                else
                {
                    fields.Refuse("scores", "must have a number for each text.");
                    break;
                }
            }
        }

        if (entries.Count == 0 && errors.Count == 0)
        {
            fields.Refuse("params", "is required: an array of texts.");
        }

        return errors.Count == 0 ? entries : throw ApiException.BadFields("Entries not accepted", errors);
    }

    private static (List<JobId> Ids, bool PutBack) ReadSettlement(JsonElement root)
    {
        var errors = new List<FieldError>();
        var fields = new JsonFields(root, RejectedFields, errors);
        var action = fields.Required("action");
        var texts = fields.Texts("ids");
        var ids = texts.Where(text => JobId.TryParse(text, out _)).Select(JobId.Parse).ToList();
        if (action is not (null or "put_back" or "drop"))
        {
            fields.Refuse("action", "must be put_back or drop.");
        }

        if (ids.Count < texts.Count || ids.Count == 0)
        {
            fields.Refuse("ids", "must be ids as GET gives them: 24 hexadecimal digits each.");
        }

        return errors.Count == 0 ? (ids, action == "put_back") : throw ApiException.BadFields("Entries not settled", errors);
    }

    private static void Write(Utf8JsonWriter json, RawEntry entry)
    {
        json.WriteString("params", entry.Params);
        if (entry.Score is { } score && double.IsFinite(score))
        {
            json.WriteNumber("score", score);
        }
        else
        {
            json.WriteNull("score");
        }
    }

    private ValueTask RecordAsync(ApiCall call, string action, QueueName queue, long count) =>
        new(audit.RecordAsync(Audit.NameOf(call.Http.User), action, queue.Value, count, CancellationToken.None));

    private static Task AnswerAsync(ApiCall call, QueueName queue, Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK) => call.AnswerAsync(status, json =>
    {
        json.WriteStartObject();
        json.WriteString("queue", queue.Value);
        write(json);
        json.WriteEndObject();
    });
}

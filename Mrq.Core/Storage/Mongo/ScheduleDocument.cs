using System.Buffers.Binary;
using System.Text;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Scheduling;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// A document of <c>mrq_scheduled_jobs</c>. Of the original are <c>hash</c>, <c>path</c>, <c>params</c>, <c>interval</c> (seconds), <c>dailytime</c> (a date of which
/// only the time counts), <c>weekday</c> (0: Monday), <c>monthday</c>, <c>queue</c> and <c>datelastqueued</c>; what it wrote is read as an entry of the configuration.
/// </summary>
internal static class ScheduleDocument
{
    private static readonly DateTimeOffset NeverQueued = DateTimeOffset.UnixEpoch.AddDays(2);

    /// <summary>Writes what a person decides: all but the fields of <see cref="WriteProgress"/>, id, version and fence.</summary>
    public static void WriteContent(BsonWriter writer, ScheduleEntry entry)
    {
        var schedule = entry.Schedule;
        writer.String("hash"u8, entry.Hash).String("origin"u8, ScheduleText.NameOf(entry.Origin)).String("name"u8, schedule.Name).String("path"u8, schedule.Path);
        WriteParams(writer, schedule.Params);
        writer.String("queue"u8, schedule.Queue?.Value);
        WriteInterval(writer, schedule);
        WriteDate(writer, "dailytime"u8, schedule.DailyTime is { } time ? DateTimeOffset.UnixEpoch + time.ToTimeSpan() : null);
        WriteNumber(writer, "weekday"u8, schedule.Weekday is { } day ? ScheduleText.NumberOf(day) : null);
        WriteNumber(writer, "monthday"u8, schedule.MonthDay);
        writer.String("cron"u8, schedule.Cron).String("timezone"u8, schedule.TimeZone)
            .String("misfire"u8, ScheduleText.NameOf(schedule.Misfire)).Int32("misfire_limit"u8, schedule.MisfireLimit)
            .Boolean("paused"u8, entry.Paused).Date("datecreated"u8, entry.Created);
    }

    /// <summary>Writes how far the scheduler has come.</summary>
    public static void WriteProgress(BsonWriter writer, ScheduleEntry entry)
    {
        WriteDate(writer, "datelastqueued"u8, entry.HandledUntil);
        WriteDate(writer, "last_run"u8, entry.LastRun);
        if (entry.LastJob is { } job)
        {
            writer.ObjectId("last_job"u8, job);
        }
        else
        {
            writer.Null("last_job"u8);
        }

        writer.String("last_error"u8, entry.LastError);
    }

    public static ScheduleEntry Read(ReadOnlySpan<byte> document)
    {
        var entry = new ScheduleEntry
        {
            Id = default,
            Schedule = new Schedule { Path = "" },
            Origin = ScheduleOrigin.Config,
            Hash = "",
            Created = DateTimeOffset.UnixEpoch,
        };
        string? text = null;
        var field = new BsonReader(document);
        while (field.Next())
        {
            if (field.Name.SequenceEqual("params_json"u8))
            {
                text = field.GetStringOrNull();
            }
            else if (!field.IsNull)
            {
                entry = With(entry, field);
            }
        }

        var schedule = entry.Schedule;
        return entry with
        {
            // The original gives a daily task an interval of a day, too.
            Schedule = schedule with { Interval = schedule.DailyTime is null ? schedule.Interval : null, Params = text ?? schedule.Params },
            Created = entry.Created == DateTimeOffset.UnixEpoch ? MadeAt(entry.Id) : entry.Created,
        };
    }

    private static ScheduleEntry With(ScheduleEntry entry, BsonReader field) => field.NameText switch
    {
        "_id" => entry with { Id = new ScheduleId(field.GetObjectId()) },
        "hash" => entry with { Hash = field.GetString() },
        "origin" => entry with { Origin = field.GetString() == ScheduleText.NameOf(ScheduleOrigin.Api) ? ScheduleOrigin.Api : ScheduleOrigin.Config },
        "paused" => entry with { Paused = field.GetBoolean() },
        "datecreated" => entry with { Created = field.GetDate() },
        "datelastqueued" => entry with { HandledUntil = field.GetDate() is var date && date > NeverQueued ? date : null },
        "last_run" => entry with { LastRun = field.GetDate() },
        "last_job" => entry with { LastJob = field.GetObjectId() },
        "last_error" => entry with { LastError = field.GetString() },
        "version" => entry with { Version = field.GetInt64() },
        "fence" => entry with { Fence = field.GetInt64() },
        _ => entry with { Schedule = With(entry.Schedule, field) },
    };

    private static Schedule With(Schedule schedule, BsonReader field) => field.NameText switch
    {
        "name" => schedule with { Name = field.GetString() },
        "path" => schedule with { Path = field.GetString() },
        "params" => schedule with { Params = field.Type == BsonType.Document ? BsonJson.ToText(field) : "{}" },
        "queue" => schedule with { Queue = QueueName.Stored(field.GetString()) },
        "interval" => schedule with { Interval = TimeSpan.FromMilliseconds(Math.Round(Math.Clamp(field.GetDouble(), 0, 1e9) * 1000)) },
        "dailytime" => schedule with { DailyTime = TimeOnly.FromTimeSpan(TimeSpan.FromSeconds(Math.Floor(field.GetDate().TimeOfDay.TotalSeconds))) },
        "weekday" => schedule with { Weekday = ScheduleText.DayOf(Math.Clamp(field.GetInt32(), 0, 6)) },
        "monthday" => schedule with { MonthDay = field.GetInt32() },
        "cron" => schedule with { Cron = field.GetString() },
        "timezone" => schedule with { TimeZone = field.GetString() },
        "misfire" => schedule with { Misfire = ScheduleText.TryReadMisfire(field.GetString(), out var misfire, out _) ? misfire : default },
        "misfire_limit" => schedule with { MisfireLimit = field.GetInt32() },
        _ => schedule,
    };

    /// <summary>The params as a document, for people and the original, and as text where the document would not give it back as it was.</summary>
    private static void WriteParams(BsonWriter writer, string json)
    {
        var utf8 = Encoding.UTF8.GetBytes(json);
        var field = new BsonWriter();
        field.BeginDocument();
        var isWhole = BsonJson.TryWrite(field, "params"u8, utf8) && BsonReader.TryFind(field.End().Written.Span, "params"u8, out var written) && BsonJson.ToText(written) == json;
        if (isWhole)
        {
            BsonJson.TryWrite(writer, "params"u8, utf8);
            writer.Null("params_json"u8);
        }
        else if (BsonJson.TryWrite(writer, "params"u8, utf8))
        {
            writer.Utf8("params_json"u8, utf8);
        }
        else
        {
            writer.Null("params"u8).Utf8("params_json"u8, utf8);
        }
    }

    private static void WriteInterval(BsonWriter writer, Schedule schedule)
    {
        // A day for daily tasks: the original reads this field of every entry.
        var interval = schedule.Interval ?? (schedule.DailyTime is null ? null : TimeSpan.FromDays(1));
        if (interval is not { } span)
        {
            writer.Null("interval"u8);
        }
        else if (span.Ticks % TimeSpan.TicksPerSecond == 0)
        {
            writer.Int64("interval"u8, (long)span.TotalSeconds);
        }
        else
        {
            writer.Double("interval"u8, span.TotalSeconds);
        }
    }

    private static void WriteNumber(BsonWriter writer, ReadOnlySpan<byte> name, int? number)
    {
        if (number is { } known)
        {
            writer.Int32(name, known);
        }
        else
        {
            writer.Null(name);
        }
    }

    private static void WriteDate(BsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset? date)
    {
        if (date is { } known)
        {
            writer.Date(name, known);
        }
        else
        {
            writer.Null(name);
        }
    }

    /// <summary>An id begins with the second in which it was made.</summary>
    private static DateTimeOffset MadeAt(ScheduleId id) => DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(id.Value.ToByteArray()));
}

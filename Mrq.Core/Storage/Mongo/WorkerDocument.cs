using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Mongo.Driver;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>A worker's report as a document of <c>mrq_workers</c>.</summary>
internal static class WorkerDocument
{
    /// <summary>Writes all fields but <c>_id</c>.</summary>
    public static void Write(BsonWriter writer, WorkerReport report)
    {
        writer.String("name"u8, report.Name).String("node"u8, report.Node)
            .String("process_space"u8, report.ProcessSpace ?? "").Int32("process_id"u8, report.ProcessId).Date("process_started"u8, report.ProcessStarted)
            .String("status"u8, report.Status.ToString().ToLowerInvariant())
            .String("dequeue_strategy"u8, report.DequeueStrategy.ToString().ToLowerInvariant())
            .Int32("concurrency"u8, report.Concurrency)
            .Date("datestarted"u8, report.DateStarted).Date("datereported"u8, report.DateReported).Date("dateexpires"u8, report.DateExpires)
            .Double("report_interval"u8, report.ReportInterval.TotalSeconds)
            .Int64("done_jobs"u8, report.DoneJobs).Int64("failed_jobs"u8, report.FailedJobs).Int32("overdue"u8, report.Overdue)
            .Double("cpu_user"u8, report.CpuUserSeconds).Double("cpu_system"u8, report.CpuSystemSeconds).Double("cpu_use"u8, report.CpuUse)
            .Int64("memory"u8, report.MemoryBytes);
        writer.String("local_ip"u8, report.LocalIp);
        if (report.ExternalIp is { } external)
        {
            writer.String("external_ip"u8, external);
        }

        if (report.EndReason is { } reason)
        {
            writer.String("end_reason"u8, EndReasons.NameOf(reason));
        }

        WriteTexts(writer, "queues"u8, report.Queues.Select(queue => queue.Value));
        WriteTexts(writer, "tasks"u8, report.Tasks);
        WriteTexts(writer, "task_whitelist"u8, report.TaskWhitelist);
        WriteTexts(writer, "task_blacklist"u8, report.TaskBlacklist);
        WriteSupervision(writer, report.Supervision);
        if (report.Io is { } io)
        {
            writer.BeginDocument("io"u8);
            WriteTimes(writer, "types"u8, io.ByType);
            WriteTimes(writer, "tasks"u8, io.ByTask);
            writer.End();
        }

        writer.BeginArray("jobs"u8);
        foreach (var job in report.Jobs)
        {
            writer.BeginDocument(default).ObjectId("id"u8, job.Id).String("path"u8, job.Path).String("queue"u8, job.Queue.Value).Date("datestarted"u8, job.Started);
            if (job.Progress is { } progress)
            {
                writer.Double("progress"u8, progress);
            }

            if (job.Io is { } open)
            {
                writer.BeginDocument("io"u8).String("type"u8, open.Type).String("data"u8, open.Data).Date("since"u8, open.Since).End();
            }

            if (!job.IsStored)
            {
                writer.Boolean("is_stored"u8, false);
            }

            writer.End();
        }

        writer.End();
    }

    public static WorkerReport Read(ReadOnlySpan<byte> document)
    {
        var report = new WorkerReport
        {
            Id = default,
            Name = "",
            Node = "",
            ProcessId = 0,
            ProcessStarted = default,
            Status = WorkerStatus.Init,
            Queues = [],
            Concurrency = 0,
            DateStarted = default,
            DateReported = default,
            ReportInterval = default,
            DateExpires = default,
        };
        var field = new BsonReader(document);
        while (field.Next())
        {
            report = With(report, field);
        }

        return report;
    }

    private static WorkerReport With(WorkerReport report, BsonReader field) => field.NameText switch
    {
        "_id" => report with { Id = new WorkerId(field.GetString()) },
        "name" => report with { Name = field.GetString() },
        "node" => report with { Node = field.GetString() },
        "local_ip" => report with { LocalIp = field.GetString() },
        "external_ip" => report with { ExternalIp = field.GetString() },
        "process_space" => report with { ProcessSpace = field.GetString() is { Length: > 0 } space ? space : null },
        "process_id" => report with { ProcessId = field.GetInt32() },
        "process_started" => report with { ProcessStarted = field.GetDate() },
        "status" => report with { Status = Enum.TryParse<WorkerStatus>(field.GetString(), ignoreCase: true, out var status) ? status : WorkerStatus.Init },
        "end_reason" => report with { EndReason = EndReasons.Find(field.GetString()) },
        "dequeue_strategy" => report with { DequeueStrategy = Enum.TryParse<DequeueStrategy>(field.GetString(), ignoreCase: true, out var strategy) ? strategy : DequeueStrategy.Sequential },
        "concurrency" => report with { Concurrency = field.GetInt32() },
        "datestarted" => report with { DateStarted = field.GetDate() },
        "datereported" => report with { DateReported = field.GetDate() },
        "dateexpires" => report with { DateExpires = field.GetDate() },
        "report_interval" => report with { ReportInterval = TimeSpan.FromSeconds(field.GetDouble()) },
        "done_jobs" => report with { DoneJobs = field.GetInt64() },
        "failed_jobs" => report with { FailedJobs = field.GetInt64() },
        "overdue" => report with { Overdue = field.GetInt32() },
        "cpu_user" => report with { CpuUserSeconds = field.GetDouble() },
        "cpu_system" => report with { CpuSystemSeconds = field.GetDouble() },
        "cpu_use" => report with { CpuUse = field.GetDouble() },
        "memory" => report with { MemoryBytes = field.GetInt64() },
        "queues" => report with { Queues = [.. ReadTexts(field.GetDocument()).Select(name => new QueueName(name))] },
        "task_whitelist" => report with { TaskWhitelist = ReadTexts(field.GetDocument()) },
        "task_blacklist" => report with { TaskBlacklist = ReadTexts(field.GetDocument()) },
        "tasks" => report with { Tasks = ReadTexts(field.GetDocument()) },
        "io" => report with { Io = ReadIo(field.GetDocument()) },
        "supervision" => report with { Supervision = ReadSupervision(field.GetDocument()) },
        "given_back" => report with { JobsGivenBack = field.GetInt32() },
        "date_given_back" => report with { DateGivenBack = field.GetDate() },
        "jobs" => report with { Jobs = ReadJobs(field.GetDocument()) },
        _ => report,
    };

    private static void WriteSupervision(BsonWriter writer, Supervision? supervision)
    {
        if (supervision is null)
        {
            return;
        }

        writer.BeginDocument("supervision"u8)
            .Int32("supervisor"u8, supervision.Supervisor).Int32("index"u8, supervision.Index).Int32("count"u8, supervision.Count)
            .Int32("restarts"u8, supervision.Restarts).String("last_end"u8, supervision.LastEnd ?? "");
        writer.BeginArray("failing"u8);
        foreach (var process in supervision.Failing)
        {
            writer.BeginDocument(default).Int32("index"u8, process.Index).Int32("restarts"u8, process.Restarts).String("last_end"u8, process.LastEnd).End();
        }

        writer.End();
        writer.End();
    }

    private static Supervision ReadSupervision(BsonReader field)
    {
        var supervision = new Supervision { Supervisor = 0, Index = 0, Count = 0 };
        while (field.Next())
        {
            supervision = field.NameText switch
            {
                "supervisor" => supervision with { Supervisor = field.GetInt32() },
                "index" => supervision with { Index = field.GetInt32() },
                "count" => supervision with { Count = field.GetInt32() },
                "restarts" => supervision with { Restarts = field.GetInt32() },
                "last_end" => supervision with { LastEnd = field.GetString() is { Length: > 0 } end ? end : null },
                "failing" => supervision with { Failing = ReadFailing(field.GetDocument()) },
                _ => supervision,
            };
        }

        return supervision;
    }

    private static List<FailingProcess> ReadFailing(BsonReader list)
    {
        var failing = new List<FailingProcess>();
        while (list.Next())
        {
            var process = new FailingProcess(0, 0, "");
            var field = list.GetDocument();
            while (field.Next())
            {
                process = field.NameText switch
                {
                    "index" => process with { Index = field.GetInt32() },
                    "restarts" => process with { Restarts = field.GetInt32() },
                    "last_end" => process with { LastEnd = field.GetString() },
                    _ => process,
                };
            }

            failing.Add(process);
        }

        return failing;
    }

    private static void WriteTimes(BsonWriter writer, ReadOnlySpan<byte> name, IEnumerable<IoTime> times)
    {
        writer.BeginArray(name);
        foreach (var time in times)
        {
            writer.BeginDocument(default).String("name"u8, time.Name).Int64("calls"u8, time.Calls).Double("seconds"u8, time.Seconds).End();
        }

        writer.End();
    }

    private static WorkerIo ReadIo(BsonReader field)
    {
        var io = new WorkerIo([], []);
        while (field.Next())
        {
            io = field.NameText switch
            {
                "types" => io with { ByType = ReadTimes(field.GetDocument()) },
                "tasks" => io with { ByTask = ReadTimes(field.GetDocument()) },
                _ => io,
            };
        }

        return io;
    }

    private static List<IoTime> ReadTimes(BsonReader list)
    {
        var times = new List<IoTime>();
        while (list.Next())
        {
            var time = new IoTime("", 0, 0);
            var field = list.GetDocument();
            while (field.Next())
            {
                time = field.NameText switch
                {
                    "name" => time with { Name = field.GetString() },
                    "calls" => time with { Calls = field.GetInt64() },
                    "seconds" => time with { Seconds = field.GetDouble() },
                    _ => time,
                };
            }

            times.Add(time);
        }

        return times;
    }

    private static void WriteTexts(BsonWriter writer, ReadOnlySpan<byte> name, IEnumerable<string> texts)
    {
        writer.BeginArray(name);
        foreach (var text in texts)
        {
            writer.String(default, text);
        }

        writer.End();
    }

    private static List<string> ReadTexts(BsonReader list)
    {
        var texts = new List<string>();
        while (list.Next())
        {
            texts.Add(list.GetString());
        }

        return texts;
    }

    private static List<RunningJob> ReadJobs(BsonReader list)
    {
        var jobs = new List<RunningJob>();
        while (list.Next())
        {
            jobs.Add(ReadJob(list.GetDocument()));
        }

        return jobs;
    }

    private static RunningJob ReadJob(BsonReader field)
    {
        var job = new RunningJob(default, "", default, default, null);
        while (field.Next())
        {
            job = field.NameText switch
            {
                "id" => job with { Id = field.GetObjectId() },
                "path" => job with { Path = field.GetString() },
                "queue" => job with { Queue = new QueueName(field.GetString()) },
                "datestarted" => job with { Started = field.GetDate() },
                "progress" => job with { Progress = field.GetDouble() },
                "io" => job with { Io = ReadOpen(field.GetDocument()) },
                "is_stored" => job with { IsStored = field.GetBoolean() },
                _ => job,
            };
        }

        return job;
    }

    private static OpenIo ReadOpen(BsonReader field)
    {
        var open = new OpenIo("", "", default);
        while (field.Next())
        {
            open = field.NameText switch
            {
                "type" => open with { Type = field.GetString() },
                "data" => open with { Data = field.GetString() },
                "since" => open with { Since = field.GetDate() },
                _ => open,
            };
        }

        return open;
    }
}

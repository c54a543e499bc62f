namespace Mrq.Storage.Sqlite;

/// <summary>
/// The schema, step by step: number n of the list brings a file from version n to n + 1 (<c>PRAGMA user_version</c>).
/// Steps that were released are never changed. Times are unix milliseconds (UTC), spans milliseconds unless said
/// otherwise, ids of jobs 12-byte blobs whose order is that of time, statuses the numbers of JobStatus.
/// </summary>
internal static class SqliteMigrations
{
    public static readonly IReadOnlyList<string> Steps = [First, RawQueueOfJobs, RawQueues, Schedules, RateUses, RawRejectedTexts, Routing, Batches, Usage, FailedAndPostponed];

    /*
       jobs: one row a job. Wide columns come last, so that lists need not read them. No index is on a column of its own:
       "grp" points to job_groups, the small table of all combinations of path, queue, status and exception type with
       the number of their jobs. Any filter on these is answered there first and then read from jobs_group, newest first;
       so one index serves them all, and an attempt moves a job only within it.
       In the conditions of indexes: 0 queued, 1 started, 4 retry, 7 interrupt, 11 scheduled, later 12 deferred.
    */
    private const string First = """
        CREATE TABLE jobs (
            id BLOB NOT NULL PRIMARY KEY,
            path TEXT NOT NULL,
            queue TEXT NOT NULL,
            status INTEGER NOT NULL,
            grp INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            worker TEXT,
            datequeued INTEGER NOT NULL,
            datestarted INTEGER,
            dateupdated INTEGER NOT NULL,
            dateexpires INTEGER,
            dateretry INTEGER,
            run_at INTEGER,
            abort_requested INTEGER,
            retry_count INTEGER NOT NULL,
            exceptiontype TEXT,
            progress REAL,
            progress_text TEXT,
            totaltime REAL,          -- seconds
            time REAL,               -- seconds of CPU
            unique_key TEXT,
            idempotency_key TEXT,
            tags TEXT,               -- JSON array; NULL: none
            timeout INTEGER,
            max_retries INTEGER,
            result_ttl INTEGER,
            exceptionmessage TEXT,
            params TEXT NOT NULL,    -- JSON object
            result TEXT,             -- JSON
            traceback TEXT,
            traceback_history TEXT   -- JSON array of objects, oldest first; NULL: none
        ) WITHOUT ROWID;

        CREATE TABLE job_groups (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            path TEXT NOT NULL,
            queue TEXT NOT NULL,
            status INTEGER NOT NULL,
            exceptiontype TEXT NOT NULL,  -- '': none
            count INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX job_groups_key ON job_groups (path, queue, status, exceptiontype);

        CREATE INDEX jobs_group ON jobs (grp, id);
        CREATE INDEX jobs_worker ON jobs (worker, grp, id) WHERE worker IS NOT NULL;
        CREATE INDEX jobs_expires ON jobs (dateexpires, id) WHERE dateexpires IS NOT NULL;
        CREATE INDEX jobs_due ON jobs (coalesce(dateretry, run_at), id) WHERE status IN (4, 11);
        CREATE INDEX jobs_abort ON jobs (worker, id) WHERE abort_requested IS NOT NULL;
        CREATE UNIQUE INDEX jobs_unique_key ON jobs (unique_key) WHERE unique_key IS NOT NULL AND status IN (0, 1, 4, 7, 11);
        CREATE UNIQUE INDEX jobs_idempotency_key ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;

        -- One row for each tag of a job. It follows the job from group to group.
        CREATE TABLE job_tags (
            tag TEXT NOT NULL,
            grp INTEGER NOT NULL,
            job BLOB NOT NULL,
            PRIMARY KEY (tag, grp, job)
        ) WITHOUT ROWID;

        CREATE TABLE job_logs (
            job BLOB NOT NULL,
            number INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            time INTEGER NOT NULL,
            level INTEGER NOT NULL,
            category TEXT NOT NULL,
            message TEXT NOT NULL,
            PRIMARY KEY (job, number)
        ) WITHOUT ROWID;

        -- Ended attempts by span of 5 s.
        CREATE TABLE rates (
            span INTEGER NOT NULL,   -- its begin
            queue TEXT NOT NULL,
            status INTEGER NOT NULL,
            count INTEGER NOT NULL,
            seconds REAL NOT NULL,   -- sum of run times
            PRIMARY KEY (span, queue, status)
        ) WITHOUT ROWID;

        -- Ids that wait, by growing seq; an id waits in one place only.
        CREATE TABLE queue_entries (
            queue TEXT NOT NULL,
            seq INTEGER NOT NULL,
            job BLOB NOT NULL,
            PRIMARY KEY (queue, seq)
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX queue_entries_job ON queue_entries (job);

        -- The started set. Small: ids stay for the time that their documents need to be started.
        CREATE TABLE queue_started (
            job BLOB NOT NULL PRIMARY KEY,
            queue TEXT NOT NULL,
            taken_at INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE queue_sizes (
            queue TEXT NOT NULL PRIMARY KEY,
            size INTEGER NOT NULL    -- above 0
        ) WITHOUT ROWID;

        CREATE TABLE queue_pauses (
            queue TEXT NOT NULL PRIMARY KEY
        ) WITHOUT ROWID;

        CREATE TABLE workers (
            id TEXT NOT NULL PRIMARY KEY,
            datestarted INTEGER NOT NULL,
            dateexpires INTEGER NOT NULL,
            report TEXT NOT NULL,    -- JSON
            stop INTEGER             -- StopMode; NULL: was not told to
        ) WITHOUT ROWID;

        CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            date INTEGER NOT NULL,
            who TEXT NOT NULL,
            action TEXT NOT NULL,
            target TEXT NOT NULL,
            count INTEGER
        );

        CREATE TABLE leaders (
            role TEXT NOT NULL PRIMARY KEY,
            node TEXT NOT NULL,
            fence INTEGER NOT NULL,
            until INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE slots (
            key TEXT NOT NULL,
            job BLOB NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (key, job)
        ) WITHOUT ROWID;
        """;

    /* Behind the wide columns: NULL, as it is for most, is read without them. */
    private const string RawQueueOfJobs = "ALTER TABLE jobs ADD COLUMN raw_queue TEXT";

    /*
       raw_entries: what waits in raw queues, by growing score, then number. The score of a list or a set is 0, below 0 for what was put back at its
       head. is_unique is 1 in every queue but a list. queue_sizes counts
       their entries too.
    */
    private const string RawQueues = """
        CREATE TABLE raw_entries (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            queue TEXT NOT NULL,
            score REAL NOT NULL,
            is_unique INTEGER NOT NULL,
            params TEXT NOT NULL
        );
        CREATE INDEX raw_entries_order ON raw_entries (queue, score, number);
        CREATE UNIQUE INDEX raw_entries_unique ON raw_entries (queue, params) WHERE is_unique = 1;

        -- Entries that a worker has taken and that have no document yet. Small.
        CREATE TABLE raw_in_flight (
            worker TEXT NOT NULL,
            job BLOB NOT NULL,       -- the id that its document gets
            queue TEXT NOT NULL,
            score REAL,              -- NULL: its queue has none
            params TEXT NOT NULL,
            PRIMARY KEY (worker, job)
        ) WITHOUT ROWID;

        CREATE TABLE raw_rejected (
            queue TEXT NOT NULL,
            job BLOB NOT NULL,
            score REAL,
            error TEXT NOT NULL,
            params TEXT NOT NULL,
            PRIMARY KEY (queue, job)
        ) WITHOUT ROWID;
        """;

    /* Uses that count against a rate limit. */
    private const string RateUses = """
        CREATE TABLE rate_uses (
            key TEXT NOT NULL,       -- with its span
            until INTEGER NOT NULL,
            number INTEGER NOT NULL, -- tells those of one millisecond apart
            PRIMARY KEY (key, until, number)
        ) WITHOUT ROWID;
        CREATE INDEX rate_uses_until ON rate_uses (until);
        """;

    /* A set has each text once, among what was rejected too. */
    private const string RawRejectedTexts = "CREATE INDEX raw_rejected_texts ON raw_rejected (queue, params)";

    /*
       Priority, expiry of waiting jobs, chains, options of one job. 12: deferred.
       The seq of an entry has its priority in its upper bits (PlacesInQueue).
    */
    private const string Routing = """
        ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN expires_at INTEGER;
        ALTER TABLE jobs ADD COLUMN unique_until INTEGER;
        ALTER TABLE jobs ADD COLUMN unique_while_queued INTEGER;    -- 1; NULL: no
        ALTER TABLE jobs ADD COLUMN after BLOB;
        ALTER TABLE jobs ADD COLUMN next BLOB;
        ALTER TABLE jobs ADD COLUMN result_as TEXT;
        ALTER TABLE jobs ADD COLUMN options TEXT;    -- JSON object; NULL: none
        ALTER TABLE queue_started ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        DROP INDEX jobs_unique_key;
        CREATE UNIQUE INDEX jobs_unique_key ON jobs (unique_key) WHERE unique_key IS NOT NULL AND status IN (0, 1, 4, 7, 11, 12);
        CREATE INDEX jobs_waiting_expiry ON jobs (expires_at, id) WHERE expires_at IS NOT NULL AND status IN (0, 4, 11, 12);
        """;

    /* Sets of jobs; these bear the tag batch:<id>. */
    private const string Batches = """
        CREATE TABLE batches (
            id BLOB NOT NULL PRIMARY KEY,
            name TEXT,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            total INTEGER NOT NULL,
            is_stored INTEGER NOT NULL,
            adding INTEGER NOT NULL,
            version INTEGER NOT NULL,
            on_complete BLOB,        -- a job
            on_success BLOB,         -- a job
            cancelled_at INTEGER,
            aborts_running INTEGER NOT NULL,
            finished_at INTEGER,
            counts TEXT NOT NULL,    -- JSON object: status and number of jobs
            idempotency_key TEXT
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX batches_idempotency_key ON batches (idempotency_key) WHERE idempotency_key IS NOT NULL;
        CREATE INDEX batches_open ON batches (id) WHERE finished_at IS NULL;
        """;

    /* What an attempt used, beside its CPU time; NULL: not measured. */
    private const string Usage = """
        ALTER TABLE jobs ADD COLUMN switches INTEGER;
        ALTER TABLE jobs ADD COLUMN allocated INTEGER;    -- bytes
        ALTER TABLE jobs ADD COLUMN memory_diff INTEGER;  -- bytes
        """;

    /* Of the statuses 3 failed, 5 maxretries, 6 timeout, 7 interrupt, 10 maxconcurrency: a job that goes well is never in the index. */
    private const string FailedAndPostponed = """
        CREATE INDEX jobs_failed ON jobs (dateupdated, id) WHERE status IN (3, 5, 6, 7, 10);
        ALTER TABLE jobs ADD COLUMN postponed INTEGER NOT NULL DEFAULT 0;
        """;

    /* Entries of the scheduler. */
    private const string Schedules = """
        CREATE TABLE schedules (
            id BLOB NOT NULL PRIMARY KEY,
            hash TEXT NOT NULL,
            origin INTEGER NOT NULL,         -- ScheduleOrigin
            name TEXT,
            path TEXT NOT NULL,
            params TEXT NOT NULL,            -- JSON object
            queue TEXT,
            interval INTEGER,
            dailytime INTEGER,               -- seconds since midnight
            weekday INTEGER,                 -- 0: Sunday
            monthday INTEGER,
            cron TEXT,
            timezone TEXT NOT NULL,
            misfire INTEGER NOT NULL,        -- Misfire
            misfire_limit INTEGER NOT NULL,
            paused INTEGER NOT NULL,
            created INTEGER NOT NULL,
            handled_until INTEGER,
            last_run INTEGER,
            last_job BLOB,
            last_error TEXT,
            version INTEGER NOT NULL,
            fence INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX schedules_hash ON schedules (hash);
        """;
}

using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Maintenance;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Contracts;

/// <summary>
/// Whatever takers, people and crashes do to jobs, in whatever order: the document of each says what is true of it, a queued one stands in one
/// queue or in the started set, and in the end each has run.
/// </summary>
public abstract class KeepingEachJobInOnePlace(StoreFamily family) : StoreContract(family)
{
    private static readonly (int, string)[] Acts =
    [
        (6, Act.Enqueue), (1, Act.AcceptAndDie), (8, Act.Dequeue), (6, Act.Start), (1, Act.StartAndDie), (2, Act.StartUnanswered), (4, Act.Complete), (1, Act.Retry),
        (2, Act.Release), (1, Act.ReleaseAndDie), (2, Act.Die), (2, Act.Pause), (2, Act.Resume), (2, Act.Requeue), (2, Act.Rescue),
    ];

    private int _stories;

    [Fact]
    public void Every_random_story_ends_with_each_job_done_and_never_has_one_in_two_places_or_none() =>
        RandomSteps.Check(Acts, steps => new World(Stores, Clock, ++_stories).TellAsync(steps));

    private static class Act
    {
        public const string Enqueue = "enqueue";
        public const string AcceptAndDie = "accept, and die before the ids are queued";
        public const string Dequeue = "dequeue";
        public const string Start = "start";
        public const string StartAndDie = "start, and die before the ids are forgotten";
        public const string StartUnanswered = "start, and get no answer";
        public const string Complete = "complete";
        public const string Retry = "end in a retry";
        public const string Release = "release";
        public const string ReleaseAndDie = "release, and die before the ids are queued";
        public const string Die = "die";
        public const string Pause = "pause";
        public const string Resume = "resume";
        public const string Requeue = "requeue";
        public const string Rescue = "rescue";
    }

    /// <summary>What is true of a job, as the story has it.</summary>
    private sealed class Truth(int number)
    {
        public JobStatus Status { get; set; } = JobStatus.Queued;

        /// <summary>Who has it started.</summary>
        public WorkerId? Holder { get; set; }

        public int Attempt { get; set; }

        /// <summary>False: a process died between the document and the id, and nobody has put it into its queue yet.</summary>
        public bool IsInLine { get; set; }

        public int Runs { get; set; }

        public override string ToString() => $"job {number}";
    }

    /// <summary>A worker, with what it remembers.</summary>
    private sealed class Taker(WorkerId id)
    {
        public WorkerId Id { get; } = id;

        /// <summary>Taken, and not started.</summary>
        public List<QueuedId> Asked { get; } = [];

        /// <summary>It has asked for their start and got no answer.</summary>
        public bool IsUncertain { get; set; }

        public List<Job> InHand { get; } = [];
    }

    private sealed class World
    {
        private readonly Stores _stores;
        private readonly FakeClock _clock;
        private readonly string _name;
        private readonly QueueName[] _queues;
        private readonly Dictionary<JobId, Truth> _jobs = [];
        private readonly HashSet<QueueName> _paused = [];
        private readonly Taker[] _takers;
        private readonly List<string> _story = [];
        private readonly RequeueJobs _requeue;
        private readonly IMaintenanceTask[] _maintenance;
        private string _act = "";
        private int _born;

        public World(Stores stores, FakeClock clock, int number)
        {
            (_stores, _clock, _name) = (stores, clock, $"story{number}");
            _queues = [new QueueName($"{_name}/a"), new QueueName($"{_name}/b"), new QueueName($"{_name}/b/sub"), new QueueName($"{_name}/c_reverse")];
            _takers = [.. Enumerable.Range(0, 3).Select(_ => NewTaker())];
            var options = Options.Create(new MrqOptions());
            _requeue = new RequeueJobs(stores.Jobs, stores.Queues, stores.Coordination, options, clock);
            _maintenance =
            [
                new RequeueStartedJobs(stores.Queries, stores.Workers, _requeue, options, NullLogger<RequeueStartedJobs>.Instance, clock),
                new RequeueLostJobs(stores.Queries, stores.Queues, stores.Coordination, options, clock),
                new RequeueRetryJobs(stores.Queries, _requeue, clock),
            ];
        }

        public async Task TellAsync(IReadOnlyList<Step> steps)
        {
            foreach (var step in steps)
            {
                _act = $"{_takers[step.Who].Id} is to {step.Act}";
                _story.Add(await ActAsync(step, _takers[step.Who]));
                await CheckAsync();
            }

            await EndAsync();
        }

        private async Task<string> ActAsync(Step step, Taker taker)
        {
            if (taker.IsUncertain && step.Act is Act.Dequeue or Act.Start or Act.StartAndDie or Act.StartUnanswered or Act.Release)
            {
                await SettleAsync(taker);
            }

            return step.Act switch
            {
                Act.Enqueue => await EnqueueAsync(step.Of(_queues), step.Count, isInLine: true),
                Act.AcceptAndDie => await EnqueueAsync(step.Of(_queues), step.Count, isInLine: false),
                Act.Dequeue => await DequeueAsync(taker, step),
                Act.Start => await StartAsync(taker, isAnswered: true),
                Act.StartUnanswered => await StartAsync(taker, isAnswered: false),
                Act.StartAndDie => $"{await StartAsync(taker, isAnswered: false)}; {Die(step.Who)}",
                Act.Complete => await CompleteAsync(taker, JobStatus.Success),
                Act.Retry => await CompleteAsync(taker, JobStatus.Retry),
                Act.Release => await ReleaseAsync(taker, isInLine: true),
                Act.ReleaseAndDie => $"{await ReleaseAsync(taker, isInLine: false)}; {Die(step.Who)}",
                Act.Die => Die(step.Who),
                Act.Pause => await SetPausedAsync(step.Of(_queues), true),
                Act.Resume => await SetPausedAsync(step.Of(_queues), false),
                Act.Requeue => await RequeueAsync(step),
                _ => await RescueAsync(),
            };
        }

        private async Task<string> EnqueueAsync(QueueName queue, int count, bool isInLine)
        {
            var now = _clock.GetUtcNow();
            var jobs = Enumerable.Range(0, count).Select(_ => new Job
            {
                Id = JobId.New(_clock),
                Path = "task",
                Params = "{}",
                Queue = queue,
                Status = JobStatus.Queued,
                DateQueued = now,
                DateUpdated = now,
            }).ToList();
            await _stores.Jobs.InsertAsync(jobs, Token);
            foreach (var job in jobs)
            {
                _jobs.Add(job.Id, new Truth(_jobs.Count + 1) { IsInLine = isInLine });
            }

            if (isInLine)
            {
                await _stores.Queues.EnqueueAsync([.. jobs.Select(job => new QueuedId(job.Id, queue))], atHead: false, Token);
            }

            return $"{Names(jobs.Select(job => job.Id))} accepted for {queue}{(isInLine ? "" : "; the process dies before their ids are queued")}";
        }

        private async Task<string> DequeueAsync(Taker taker, Step step)
        {
            if (taker.Asked.Count > 0)
            {
                return $"{taker.Id} has not started what it took";
            }

            var isAll = step.What % 2 == 0;
            QueueName[] listened = isAll ? [new QueueName($"{_name}/")] : [.. _queues.Skip(step.What % _queues.Length)];
            var open = _queues.Where(queue => (isAll || listened.Contains(queue)) && !IsPaused(queue)).ToList();
            var available = (await Task.WhenAll(open.Select(queue => _stores.Queues.PeekAsync(queue, 0, 1000, Token)))).Sum(ids => ids.Count);

            var taken = await _stores.Queues.DequeueAsync(listened, step.Count, _clock.GetUtcNow(), Token);

            taker.Asked.AddRange(taken);
            Require(taken.All(id => open.Contains(id.Queue)), $"{taker.Id} was given from a queue that is paused, or that it does not listen to");
            Require(taken.Count == Math.Min(available, step.Count), $"{taker.Id} was given {taken.Count} of {available} that wait, and wanted {step.Count}");
            return $"{taker.Id} takes {Names(taken.Select(id => id.Job))}";
        }

        private async Task<string> StartAsync(Taker taker, bool isAnswered)
        {
            var ids = taker.Asked.Select(asked => asked.Job).ToList();
            var started = ids.Count == 0 ? [] : await _stores.Jobs.StartAsync(ids, taker.Id, _clock.GetUtcNow(), Token);

            Require(started.Select(job => job.Id).Order().SequenceEqual(ids.Where(id => _jobs[id].Status == JobStatus.Queued).Order()), $"{taker.Id} started others than those that are queued");
            foreach (var job in started)
            {
                var truth = _jobs[job.Id];
                (truth.Status, truth.Holder, truth.Attempt, truth.Runs) = (JobStatus.Started, taker.Id, truth.Attempt + 1, truth.Runs + 1);
                Require(job.Attempt == truth.Attempt, $"{truth} is in attempt {job.Attempt} instead of {truth.Attempt}");
            }

            taker.IsUncertain = !isAnswered && ids.Count > 0;
            if (isAnswered)
            {
                await _stores.Queues.ForgetStartedAsync(ids, Token);
                taker.InHand.AddRange(started);
                taker.Asked.Clear();
            }

            return $"{taker.Id} starts {Names(started.Select(job => job.Id))}{(isAnswered ? "" : ", and gets no answer")}";
        }

        /// <summary>As a worker does whose start got no answer: whatever of it was done is undone, and the ids go back.</summary>
        private async Task SettleAsync(Taker taker)
        {
            var ids = taker.Asked.Select(asked => asked.Job).ToList();
            await _requeue.ReleaseAsync(ids, taker.Id, mayHaveBegun: false, Token);
            await _stores.Queues.EnqueueAsync([.. taker.Asked], atHead: true, Token);
            await _stores.Queues.ForgetStartedAsync(ids, Token);
            Queue(ids, taker.Id);
            taker.Asked.Clear();
            taker.IsUncertain = false;
            _story.Add($"{taker.Id} gives {Names(ids)} back, whose start got no answer");
        }

        private async Task<string> CompleteAsync(Taker taker, JobStatus status)
        {
            var now = _clock.GetUtcNow();
            var recorded = taker.InHand.Count == 0 ? [] : await _stores.Jobs.CompleteAsync(
                [.. taker.InHand.Select(job => new JobCompletion
                {
                    Id = job.Id, Worker = taker.Id, Attempt = job.Attempt, Status = status, At = now, Path = job.Path, Queue = job.Queue, TotalTime = 1,
                    DateRetry = status == JobStatus.Retry ? now : null,
                })],
                Token);
            var names = Names(taker.InHand.Select(job => job.Id));
            for (var i = 0; i < recorded.Count; i++)
            {
                var truth = _jobs[taker.InHand[i].Id];
                var isIts = truth.Status == JobStatus.Started && truth.Holder == taker.Id && truth.Attempt == taker.InHand[i].Attempt;
                Require(recorded[i] == isIts, $"the end of {truth} was {(recorded[i] ? "taken from one that does not have it" : "refused")}");
                truth.Status = isIts ? status : truth.Status;
            }

            taker.InHand.Clear();
            return $"{taker.Id} ends {names} as {status}";
        }

        private async Task<string> ReleaseAsync(Taker taker, bool isInLine)
        {
            var ids = taker.InHand.Select(job => job.Id).ToList();
            if (isInLine)
            {
                await _requeue.ReleaseAsync(ids, taker.Id, mayHaveBegun: false, Token);
            }
            else
            {
                await _stores.Jobs.TransitionAsync(
                    new JobTransition { Jobs = ids, From = JobStatuses.Of(JobStatus.Started), To = JobStatus.Queued, At = _clock.GetUtcNow(), Worker = taker.Id }, Token);
            }

            foreach (var id in Queue(ids, taker.Id))
            {
                _jobs[id].IsInLine = isInLine;
            }

            taker.InHand.Clear();
            return $"{taker.Id} releases {Names(ids)}{(isInLine ? "" : ", whose ids it does not queue")}";
        }

        private string Die(int who)
        {
            var dead = _takers[who].Id;
            _takers[who] = NewTaker();
            return $"{dead} dies; {_takers[who].Id} is born";
        }

        private async Task<string> SetPausedAsync(QueueName queue, bool paused)
        {
            await _stores.Queues.SetPausedAsync(queue, paused, Token);
            _ = paused ? _paused.Add(queue) : _paused.Remove(queue);
            return $"{queue} is {(paused ? "paused" : "resumed")}";
        }

        /// <summary>A person runs a job again that has ended.</summary>
        private async Task<string> RequeueAsync(Step step)
        {
            var ended = _jobs.Where(job => job.Value.Status == JobStatus.Success).Select(job => job.Key).ToList();
            if (ended.Count == 0)
            {
                return "nothing has ended that could be requeued";
            }

            var id = step.Of(ended);
            var requeued = Assert.Single(await _stores.Jobs.TransitionAsync(
                new JobTransition { Jobs = [id], From = JobStatuses.Of(JobStatus.Success), To = JobStatus.Queued, At = _clock.GetUtcNow(), Reset = true }, Token));
            await _stores.Queues.EnqueueAsync([new QueuedId(id, requeued.Queue)], atHead: false, Token);
            (_jobs[id].Status, _jobs[id].IsInLine) = (JobStatus.Queued, true);
            return $"{_jobs[id]} is requeued";
        }

        /// <summary>Time passes in which the living report and maintenance looks twice: a worker that is silent at both looks is gone.</summary>
        private async Task<string> RescueAsync()
        {
            for (var look = 0; look < 2; look++)
            {
                _clock.Advance(TimeSpan.FromSeconds(10.5));
                foreach (var taker in _takers)
                {
                    await ReportAsync(_stores, _clock, taker.Id);
                }

                foreach (var task in _maintenance)
                {
                    await task.RunAsync(Token);
                }
            }

            Queue(_jobs.Where(job => job.Value.Status == JobStatus.Retry || (job.Value.Status == JobStatus.Started && !IsAlive(job.Value.Holder))).Select(job => job.Key), null);
            return "rescue";
        }

        /// <summary>Everybody dies; one that comes after takes what there is, and finds every job once.</summary>
        private async Task EndAsync()
        {
            _act = "the end";
            foreach (var queue in _queues)
            {
                await SetPausedAsync(queue, false);
            }

            for (var who = 0; who < _takers.Length; who++)
            {
                _story.Add(Die(who));
            }

            // An id that lost its job hides one lost job: each round finds more.
            for (var round = 0; round < 5 && _jobs.Values.Any(job => job.Status != JobStatus.Success); round++)
            {
                _story.Add(await RescueAsync());
                await CheckAsync();
                var before = -1;
                while (_story.Count > before)
                {
                    before = _story.Count;
                    var taken = await DequeueAsync(_takers[0], new Step(Act.Dequeue, 0, 0, 1000));
                    if (_takers[0].Asked.Count > 0)
                    {
                        _story.AddRange([taken, await StartAsync(_takers[0], isAnswered: true), await CompleteAsync(_takers[0], JobStatus.Success)]);
                        await CheckAsync();
                    }
                }
            }

            foreach (var job in _jobs.Values)
            {
                Require(job is { Status: JobStatus.Success, Runs: > 0 }, $"at the end {job} is {job.Status} and has begun {job.Runs} times");
            }

            await RescueAsync();
            Require((await StartedAsync()).Count == 0, "at the end there are ids in the started set");
        }

        /// <summary>Holds what the stores have against the truth.</summary>
        private async Task CheckAsync()
        {
            var documents = (await _stores.Queries.GetAsync([.. _jobs.Keys], withPayload: false, Token)).ToDictionary(job => job.Id);
            var waiting = new Dictionary<JobId, QueueName>();
            foreach (var queue in _queues)
            {
                foreach (var id in await _stores.Queues.PeekAsync(queue, 0, 1000, Token))
                {
                    Require(waiting.TryAdd(id, queue), $"{_jobs[id]} waits twice, in {waiting[id]} and {queue}");
                }
            }

            var started = await StartedAsync();
            foreach (var (id, truth) in _jobs)
            {
                Require(documents.GetValueOrDefault(id)?.Status == truth.Status, $"{truth} is {documents.GetValueOrDefault(id)?.Status.ToString() ?? "gone"} instead of {truth.Status}");
                var isSomewhere = waiting.ContainsKey(id) || started.Contains(id);
                Require(truth.Status != JobStatus.Queued || isSomewhere || !truth.IsInLine, $"{truth} is queued, and stands neither in a queue nor in the started set");
                truth.IsInLine |= isSomewhere;
            }
        }

        private async Task<HashSet<JobId>> StartedAsync() =>
            [.. (await _stores.Queues.FindStartedAsync(_clock.GetUtcNow().AddDays(1), 10_000, Token)).Select(started => started.Job).Where(_jobs.ContainsKey)];

        /// <summary>Back in line: those that this one has started; null: whoever has. Returns them.</summary>
        private List<JobId> Queue(IEnumerable<JobId> ids, WorkerId? holder)
        {
            var queued = ids.Where(id => holder is null || (_jobs[id].Status == JobStatus.Started && _jobs[id].Holder == holder)).ToList();
            foreach (var id in queued)
            {
                (_jobs[id].Status, _jobs[id].Holder, _jobs[id].IsInLine) = (JobStatus.Queued, null, true);
            }

            return queued;
        }

        private Taker NewTaker() => new(new WorkerId($"{_name}-w{++_born}"));

        private bool IsAlive(WorkerId? worker) => _takers.Any(taker => taker.Id == worker);

        private bool IsPaused(QueueName queue) =>
            _paused.Any(paused => queue == paused || queue.Value.StartsWith($"{paused}/", StringComparison.Ordinal));

        private string Names(IEnumerable<JobId> ids) => string.Join(", ", ids.Select(id => _jobs[id].ToString()).DefaultIfEmpty("nothing"));

        private void Require(bool isRight, string wrong)
        {
            if (!isRight)
            {
                throw new StoryException(wrong, [.. _story, _act]);
            }
        }
    }

    /// <summary>A worker says that it lives.</summary>
    internal static Task ReportAsync(Stores stores, FakeClock clock, WorkerId worker) => stores.Workers.ReportAsync(
        new WorkerReport
        {
            Id = worker,
            Name = worker.Value,
            Node = "story",
            ProcessId = 1,
            ProcessStarted = clock.GetUtcNow(),
            Status = WorkerStatus.Wait,
            Queues = [],
            Concurrency = 1,
            DateStarted = clock.GetUtcNow(),
            DateReported = clock.GetUtcNow(),
            ReportInterval = TimeSpan.FromSeconds(1),
            DateExpires = clock.GetUtcNow().AddDays(1),
        },
        Token);
}

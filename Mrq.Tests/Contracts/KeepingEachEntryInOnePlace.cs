using System.Globalization;
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
/// Whatever takers, people and crashes do to entries of raw queues, in whatever order: each is where the story has it, in its queue, in flight,
/// rejected, or a document, and nowhere else; in the end each is done, rejected, or was taken out by a person.
/// </summary>
public abstract class KeepingEachEntryInOnePlace(StoreFamily family) : StoreContract(family)
{
    private static readonly (int, string)[] Acts =
    [
        (6, Act.Put), (8, Act.Take), (2, Act.TakeUnanswered), (5, Act.Store), (1, Act.StoreTwice), (1, Act.StoreAndDie), (2, Act.StoreEnded), (2, Act.Reject),
        (2, Act.GiveBack), (3, Act.Complete), (2, Act.Die), (1, Act.Remove), (2, Act.PutBack), (1, Act.Drop), (2, Act.Pause), (2, Act.Resume), (2, Act.Rescue),
    ];

    private int _stories;

    [Fact]
    public void Every_random_story_has_each_entry_in_one_place_and_in_the_end_done() =>
        RandomSteps.Check(Acts, steps => new World(Stores, Clock, ++_stories).TellAsync(steps));

    private static class Act
    {
        public const string Put = "put";
        public const string Take = "take";
        public const string TakeUnanswered = "take, and get no answer";
        public const string Store = "store";
        public const string StoreTwice = "store twice, as after a lost answer";
        public const string StoreAndDie = "store, and die before the entries are forgotten";
        public const string StoreEnded = "store with their ends";
        public const string Reject = "reject";
        public const string GiveBack = "give back";
        public const string Complete = "complete";
        public const string Die = "die";
        public const string Remove = "remove";
        public const string PutBack = "put back what was rejected";
        public const string Drop = "drop what was rejected";
        public const string Pause = "pause";
        public const string Resume = "resume";
        public const string Rescue = "rescue";
    }

    private enum Place
    {
        Queue,
        InFlight,
        Document,
        Rejected,

        /// <summary>A person took it out.</summary>
        Out,
    }

    /// <summary>What is true of an entry, as the story has it.</summary>
    private sealed class Truth(RawEntry entry)
    {
        public RawEntry Entry { get; } = entry;

        public Place Place { get; set; } = Place.Queue;

        /// <summary>The id under which it was last taken.</summary>
        public JobId Job { get; set; }

        public WorkerId? Holder { get; set; }

        /// <summary>It has its document, and a process died before it was taken out of flight.</summary>
        public bool IsUnforgotten { get; set; }

        public override string ToString() => Entry.Params;
    }

    /// <summary>A worker, with what it remembers.</summary>
    private sealed class Taker(WorkerId id)
    {
        public WorkerId Id { get; } = id;

        public List<TakenEntry> Taken { get; } = [];

        /// <summary>The ids with which it asked and got no answer.</summary>
        public List<JobId> Uncertain { get; } = [];

        public List<Job> InHand { get; } = [];
    }

    private sealed class World
    {
        private readonly Stores _stores;
        private readonly FakeClock _clock;
        private readonly string _name;
        private readonly QueueName[] _queues;
        private readonly QueueName _retries;
        private readonly Dictionary<string, Truth> _entries = [];
        private readonly HashSet<JobId> _everTaken = [];
        private readonly HashSet<QueueName> _paused = [];
        private readonly Taker[] _takers;
        private readonly List<WorkerId> _everBorn = [];
        private readonly List<string> _story = [];
        private readonly IMaintenanceTask[] _maintenance;
        private string _act = "";

        public World(Stores stores, FakeClock clock, int number)
        {
            (_stores, _clock, _name, _retries) = (stores, clock, $"story{number}", new QueueName($"retries{number}"));
            _queues = [.. ((string[])["a_raw", "a_raw/sub", "b_set", "c_sorted_set", "d_timed_set"]).Select(name => new QueueName($"{_name}/{name}"))];
            _takers = [.. Enumerable.Range(0, 3).Select(_ => NewTaker())];
            var options = Options.Create(new MrqOptions());
            var requeue = new RequeueJobs(stores.Jobs, stores.Queues, stores.Coordination, options, clock);
            _maintenance =
            [
                new RequeueStartedJobs(stores.Queries, stores.Workers, requeue, options, NullLogger<RequeueStartedJobs>.Instance, clock),
                new ReturnRawEntries(stores.RawQueues, stores.Queries, stores.Workers, stores.Coordination, options, clock),
            ];
        }

        private double Now => _clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

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

        private async Task<string> ActAsync(Step step, Taker taker) => step.Act switch
        {
            Act.Put => await PutAsync(step.Of(_queues), step.Count),
            Act.Take => await TakeAsync(taker, step, isAnswered: true),
            Act.TakeUnanswered => await TakeAsync(taker, step, isAnswered: false),
            Act.Store => await StoreAsync(taker, JobStatus.Started, times: 1, isForgotten: true),
            Act.StoreTwice => await StoreAsync(taker, JobStatus.Started, times: 2, isForgotten: true),
            Act.StoreEnded => await StoreAsync(taker, JobStatus.Success, times: 1, isForgotten: true),
            Act.StoreAndDie => $"{await StoreAsync(taker, step.Count % 2 == 0 ? JobStatus.Success : JobStatus.Started, times: 1, isForgotten: false)}; {Die(step.Who)}",
            Act.Reject => await RejectAsync(taker),
            Act.GiveBack => await GiveBackAsync(taker),
            Act.Complete => await CompleteAsync(taker),
            Act.Die => Die(step.Who),
            Act.Remove => await RemoveAsync(step),
            Act.PutBack => await SettleRejectedAsync(step.Of(_queues), step.Count, putBack: true),
            Act.Drop => await SettleRejectedAsync(step.Of(_queues), step.Count, putBack: false),
            Act.Pause => await SetPausedAsync(step.Of(_queues), true),
            Act.Resume => await SetPausedAsync(step.Of(_queues), false),
            _ => await RescueAsync(),
        };

        private async Task<string> PutAsync(QueueName queue, int count)
        {
            var put = Enumerable.Range(_entries.Count + 1, count).Select(number => new RawEntry(
                queue, string.Create(CultureInfo.InvariantCulture, $"text {number}"), queue.RawKind is not { HasScores: true } ? null : number % 2 == 0 ? Now - 1 : Now + 15)).ToList();
            await _stores.RawQueues.EnqueueAsync(put, Token);
            foreach (var entry in put)
            {
                _entries.Add(entry.Params, new Truth(entry));
            }

            return $"{Names(put)} put into {queue}";
        }

        private async Task<string> TakeAsync(Taker taker, Step step, bool isAnswered)
        {
            await SettleAsync(taker);
            var isAll = step.What % 2 == 0;
            QueueName[] listened = isAll ? [new QueueName($"{_name}/")] : [.. _queues.Skip(step.What % _queues.Length)];
            var available = Of(Place.Queue).Count(truth => (isAll || listened.Contains(truth.Entry.Queue)) && !IsPaused(truth.Entry.Queue) && IsDue(truth.Entry));
            var ids = Enumerable.Range(0, step.Count).Select(_ => JobId.New(_clock)).ToList();

            var taken = await _stores.RawQueues.DequeueAsync(
                new RawDequeue { Worker = taker.Id, Queues = listened, Served = [new ServedRawQueue(new QueueName($"{_name}/"), true, null)], Jobs = ids, Now = _clock.GetUtcNow() }, Token);

            Require(taken.Count == Math.Min(available, step.Count), $"{taker.Id} was given {taken.Count} of {available} that wait and are due, and wanted {step.Count}");
            foreach (var (job, entry) in taken)
            {
                var truth = _entries[entry.Params];
                Require(truth.Place == Place.Queue && truth.Entry == entry && !IsPaused(entry.Queue) && IsDue(entry), $"{taker.Id} was given {entry}, which is not there to be taken");
                (truth.Place, truth.Job, truth.Holder) = (Place.InFlight, job, taker.Id);
            }

            _everTaken.UnionWith(ids);
            if (isAnswered)
            {
                taker.Taken.AddRange(taken);
            }
            else
            {
                taker.Uncertain.AddRange(ids);
            }

            return $"{taker.Id} takes {Names(taken.Select(t => t.Entry))}{(isAnswered ? "" : ", and gets no answer")}";
        }

        /// <summary>As a worker does that got no answer: whatever it was given goes back, before it asks again.</summary>
        private async Task SettleAsync(Taker taker)
        {
            if (taker.Uncertain.Count > 0)
            {
                await _stores.RawQueues.ReleaseAsync(taker.Id, taker.Uncertain, Token);
                _story.Add($"{taker.Id} gives back what it may have been given");
                Move(Place.InFlight, Place.Queue, truth => taker.Uncertain.Contains(truth.Job));
                taker.Uncertain.Clear();
            }
        }

        private async Task<string> StoreAsync(Taker taker, JobStatus status, int times, bool isForgotten)
        {
            var now = _clock.GetUtcNow();
            var jobs = taker.Taken.Select(taken => new Job
            {
                Id = taken.Job,
                Path = "task",
                Params = "{}",
                Queue = _retries,
                RawQueue = taken.Entry.Queue,
                Status = status,
                Worker = taker.Id,
                Attempt = 1,
                DateQueued = now,
                DateUpdated = now,
                DateStarted = now,
                TotalTime = status == JobStatus.Started ? null : 1,
            }).ToList();
            for (var time = 0; time < times && jobs.Count > 0; time++)
            {
                await _stores.Jobs.InsertAsync(jobs, Token);
            }

            var names = Names(taker.Taken.Select(taken => taken.Entry));
            if (isForgotten)
            {
                await _stores.RawQueues.ForgetAsync(taker.Id, [.. jobs.Select(job => job.Id)], Token);
            }

            foreach (var truth in taker.Taken.Select(taken => _entries[taken.Entry.Params]))
            {
                (truth.Place, truth.IsUnforgotten) = (Place.Document, !isForgotten);
            }

            taker.InHand.AddRange(jobs.Where(job => job.Status == JobStatus.Started));
            taker.Taken.Clear();
            return $"{taker.Id} stores {names} as {status}{(isForgotten ? "" : ", and forgets no entry")}";
        }

        private async Task<string> RejectAsync(Taker taker)
        {
            var names = Names(taker.Taken.Select(taken => taken.Entry));
            await _stores.RawQueues.RejectAsync(taker.Id, [.. taker.Taken.Select(taken => new Rejection(taken.Job, "no"))], Token);
            Move(Place.InFlight, Place.Rejected, truth => taker.Taken.Exists(taken => taken.Job == truth.Job));
            taker.Taken.Clear();
            return $"{taker.Id} rejects {names}";
        }

        private async Task<string> GiveBackAsync(Taker taker)
        {
            var names = Names(taker.Taken.Select(taken => taken.Entry));
            await _stores.RawQueues.ReleaseAsync(taker.Id, [.. taker.Taken.Select(taken => taken.Job)], Token);
            Move(Place.InFlight, Place.Queue, truth => taker.Taken.Exists(taken => taken.Job == truth.Job));
            taker.Taken.Clear();
            return $"{taker.Id} gives {names} back";
        }

        private async Task<string> CompleteAsync(Taker taker)
        {
            var recorded = taker.InHand.Count == 0 ? [] : await _stores.Jobs.CompleteAsync(
                [.. taker.InHand.Select(job => new JobCompletion
                {
                    Id = job.Id, Worker = taker.Id, Attempt = job.Attempt, Status = JobStatus.Success, At = _clock.GetUtcNow(), Path = job.Path, Queue = job.Queue, TotalTime = 1,
                })],
                Token);
            Require(recorded.All(isRecorded => isRecorded), $"the end of a job of {taker.Id} was refused");
            taker.InHand.Clear();
            return $"{taker.Id} ends {recorded.Count} jobs";
        }

        private string Die(int who)
        {
            var dead = _takers[who].Id;
            _takers[who] = NewTaker();
            return $"{dead} dies; {_takers[who].Id} is born";
        }

        private async Task<string> RemoveAsync(Step step)
        {
            if (_entries.Count == 0)
            {
                return "there is nothing to remove";
            }

            var truth = step.Of([.. _entries.Values]);
            var removed = await _stores.RawContents.RemoveAsync(truth.Entry.Queue, [truth.Entry.Params], Token);
            Require(removed == (truth.Place == Place.Queue ? 1 : 0), $"{removed} were removed of {truth}, which is {truth.Place}");
            truth.Place = removed == 1 ? Place.Out : truth.Place;
            return $"a person removes {truth}: {removed}";
        }

        private async Task<string> SettleRejectedAsync(QueueName queue, int count, bool putBack)
        {
            var rejected = Of(Place.Rejected).Where(truth => truth.Entry.Queue == queue).Take(count).ToList();
            var settled = await _stores.RawContents.SettleRejectedAsync(queue, [.. rejected.Select(truth => truth.Job)], putBack, Token);
            Require(settled == rejected.Count, $"{settled} of {rejected.Count} rejected entries were settled");
            rejected.ForEach(truth => truth.Place = putBack ? Place.Queue : Place.Out);
            return $"a person {(putBack ? "puts back" : "drops")} {Names(rejected.Select(truth => truth.Entry))}";
        }

        private async Task<string> SetPausedAsync(QueueName queue, bool paused)
        {
            await _stores.Queues.SetPausedAsync(queue, paused, Token);
            _ = paused ? _paused.Add(queue) : _paused.Remove(queue);
            return $"{queue} is {(paused ? "paused" : "resumed")}";
        }

        /// <summary>Time passes in which the living report and maintenance looks twice: a worker that is silent at both looks is gone.</summary>
        private async Task<string> RescueAsync()
        {
            for (var look = 0; look < 2; look++)
            {
                _clock.Advance(TimeSpan.FromSeconds(10.5));
                foreach (var taker in _takers)
                {
                    await KeepingEachJobInOnePlace.ReportAsync(_stores, _clock, taker.Id);
                }

                foreach (var task in _maintenance)
                {
                    await task.RunAsync(Token);
                }
            }

            Move(Place.InFlight, Place.Queue, truth => _takers.All(taker => taker.Id != truth.Holder));
            foreach (var truth in _entries.Values)
            {
                truth.IsUnforgotten = false;
            }

            return "rescue";
        }

        /// <summary>Everybody dies; one that comes after takes what there is, entries and jobs.</summary>
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

            _story.Add(await RescueAsync());
            await CheckAsync();
            while (Of(Place.Queue).Any())
            {
                _story.Add(await TakeAsync(_takers[0], new Step(Act.Take, 0, 0, 1000), isAnswered: true));
                _story.Add(await StoreAsync(_takers[0], JobStatus.Started, times: 1, isForgotten: true));
                await CheckAsync();
                _story.Add(await CompleteAsync(_takers[0]));
            }

            var ids = (await _stores.Queues.DequeueAsync([_retries], 1000, _clock.GetUtcNow(), Token)).Select(id => id.Job).ToList();
            _takers[0].InHand.AddRange(ids.Count == 0 ? [] : await _stores.Jobs.StartAsync(ids, _takers[0].Id, _clock.GetUtcNow(), Token));
            await CompleteAsync(_takers[0]);
            await CheckAsync();
            var documents = await _stores.Queries.GetAsync([.. Of(Place.Document).Select(truth => truth.Job)], withPayload: false, Token);
            Require(documents.All(job => job.Status == JobStatus.Success), "at the end a job has not ended");
            Require(!Of(Place.InFlight).Any(), "at the end there are entries in flight");
        }

        /// <summary>Holds what the stores have against the truth.</summary>
        private async Task CheckAsync()
        {
            var documents = (await _stores.Queries.GetAsync([.. _everTaken], withPayload: false, Token)).Select(job => job.Id).ToHashSet();
            var found = _entries.Keys.ToDictionary(text => text, _ => new List<Place>());
            foreach (var queue in _queues)
            {
                Note(Place.Queue, queue, await _stores.RawContents.PeekAsync(queue, 0, 1000, Token));
                Note(Place.Rejected, queue, (await _stores.RawContents.ListRejectedAsync(queue, 0, 1000, Token)).Select(rejected => rejected.Entry));
            }

            foreach (var worker in (await _stores.RawQueues.ListTakersAsync(Token)).Where(_everBorn.Contains))
            {
                foreach (var (job, entry) in await _stores.RawQueues.FindInFlightAsync(worker, 1000, Token))
                {
                    Require(_entries[entry.Params].Job == job, $"{entry.Params} is in flight under another id than that of its taking");
                    Note(Place.InFlight, entry.Queue, [entry]);
                }
            }

            foreach (var truth in _entries.Values)
            {
                var places = found[truth.Entry.Params];
                var hasDocument = documents.Contains(truth.Job);
                Place[] expected = truth.Place is Place.Out ? []
                    : truth.Place != Place.Document ? [truth.Place]
                    : truth.IsUnforgotten ? [Place.InFlight] : [];
                Require(places.SequenceEqual(expected), $"{truth} is {NamesOf(places)} instead of {NamesOf(expected)}");
                Require(hasDocument == (truth.Place == Place.Document), $"{truth} has {(hasDocument ? "a" : "no")} document");
            }

            Require(documents.Count == Of(Place.Document).Count(), "an entry has two documents");

            void Note(Place place, QueueName queue, IEnumerable<RawEntry> entries)
            {
                foreach (var entry in entries)
                {
                    Require(_entries[entry.Params].Entry == entry, $"{entry} stands in {queue}");
                    found[entry.Params].Add(place);
                }
            }
        }

        private IEnumerable<Truth> Of(Place place) => _entries.Values.Where(truth => truth.Place == place);

        private void Move(Place from, Place to, Func<Truth, bool> which) => Of(from).Where(which).ToList().ForEach(truth => truth.Place = to);

        private Taker NewTaker()
        {
            _everBorn.Add(new WorkerId($"{_name}-w{_everBorn.Count + 1}"));
            return new Taker(_everBorn[^1]);
        }

        private bool IsDue(RawEntry entry) => entry.Queue.RawKind != RawQueueKind.TimedSet || entry.Score <= Now;

        private bool IsPaused(QueueName queue) =>
            _paused.Any(paused => queue == paused || queue.Value.StartsWith($"{paused}/", StringComparison.Ordinal));

        private static string NamesOf(IEnumerable<Place> places) => string.Join(" and ", places.Select(place => $"{place}").DefaultIfEmpty("in none of the places"));

        private static string Names(IEnumerable<RawEntry> entries) => string.Join(", ", entries.Select(entry => entry.Params).DefaultIfEmpty("nothing"));

        private void Require(bool isRight, string wrong)
        {
            if (!isRight)
            {
                throw new StoryException(wrong, [.. _story, _act]);
            }
        }
    }
}

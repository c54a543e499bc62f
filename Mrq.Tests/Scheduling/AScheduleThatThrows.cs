using System.Text.Json;
using System.Text.Json.Serialization;
using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Scheduling;

/// <summary>A schedule whose job cannot even be made, for a reason that nobody has thought of.</summary>
public sealed class AScheduleThatThrows
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_keeps_no_other_from_running()
    {
        await using var engine = await TestEngine.StartAsync(
            mrq =>
            {
                mrq.AddTask<NoParams>("plain", (_, _, _) => Task.CompletedTask);
                mrq.AddTask<OddParams>("odd", (_, _, _) => Task.CompletedTask);
            },
            workers: false);
        // The longest due is the first to be run, in every round.
        await AddAsync(engine, new Schedule { Path = "odd", Params = """{"value":1}""", Interval = TimeSpan.FromHours(1) }, age: TimeSpan.FromMinutes(2));
        await AddAsync(engine, new Schedule { Path = "plain", Interval = TimeSpan.FromHours(1) }, age: TimeSpan.FromMinutes(1));

        await engine.WaitUntilAsync(async () => await engine.Queries.CountAsync(new JobFilter { Path = "plain" }, 10, Token) == 1);

        Assert.Equal(0, await engine.Queries.CountAsync(new JobFilter { Path = "odd" }, 10, Token));
    }

    private static async Task AddAsync(TestEngine engine, Schedule schedule, TimeSpan age)
    {
        var entry = ScheduleEntries.New(schedule, ScheduleOrigin.Api, ScheduleHash.Of(schedule, ScheduleOrigin.Api), TimeProvider.System);
        Assert.True(await engine.Get<IScheduleStore>().InsertAsync(entry with { Created = entry.Created - age }, Token));
    }

    internal sealed record OddParams(Odd Value);

    [JsonConverter(typeof(Refusal))]
    internal sealed record Odd;

    internal sealed class Refusal : JsonConverter<Odd>
    {
        public override Odd Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new ArithmeticException("Odd.");

        public override void Write(Utf8JsonWriter writer, Odd value, JsonSerializerOptions options) => writer.WriteNullValue();
    }
}

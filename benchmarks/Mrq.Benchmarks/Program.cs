using Mrq.Benchmarks;

// Usage: dotnet run -c Release --project benchmarks/Mrq.Benchmarks [scenario …]; without a name, all of them.
var scenarios = new (string Name, Func<Task<IReadOnlyList<Figure>>> Run)[]
{
    ("store", StoreRates.RunAsync),
    ("enqueue", EngineRates.EnqueueAsync),
    ("run", EngineRates.RunAsync),
    ("latency", PickupLatency.RunAsync),
    ("server", ServerFigures.RunAsync),
    ("pages", PageQueries.RunAsync),
    ("redis", RedisQueues.RunAsync),
    ("cluster", EngineRates.ClusterAsync),
    ("raw", RawRates.RunAsync),
};

var unknown = args.Except(scenarios.Select(s => s.Name)).ToList();
if (unknown.Count > 0)
{
    Console.Error.WriteLine($"Unknown: {string.Join(", ", unknown)}. Known: {string.Join(", ", scenarios.Select(s => s.Name))}.");
    return 2;
}

Console.WriteLine($"| {"what",-58} | {"median",12} | {"bar",12} |");
Console.WriteLine($"| {new string('-', 58)} | {new string('-', 11)}: | {new string('-', 11)}: |");
foreach (var (name, run) in scenarios)
{
    if (args.Length > 0 && !args.Contains(name))
    {
        continue;
    }

    foreach (var figure in await run())
    {
        Console.WriteLine($"| {figure.What,-58} | {figure.Value,12} | {figure.Bar,12} |");
    }
}

return 0;

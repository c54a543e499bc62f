using System.Text.Json.Serialization;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>What a worker process begins with: the first line of its standard input, which no one else can read.</summary>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Files">What the configuration files say, by their paths; null: it is not there.</param>
internal sealed record HandedStart(IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Files);

/// <summary>
/// What a supervisor tells its processes: in <see cref="SupervisedChild.Variable"/> and in a first line at the start, and later as lines of their standard input, beside
/// <see cref="SupervisedChild.InterruptLine"/>.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Supervision))]
[JsonSerializable(typeof(HandedStart))]
[JsonSerializable(typeof(IReadOnlyList<FailingProcess>))]
internal sealed partial class SupervisionJson : JsonSerializerContext;

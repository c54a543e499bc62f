using System.Text.Json.Serialization;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>What a supervisor tells its processes: in <see cref="SupervisedChild.Variable"/> at the start, and later as lines of their standard input, beside <see cref="SupervisedChild.InterruptLine"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Supervision))]
[JsonSerializable(typeof(IReadOnlyList<FailingProcess>))]
internal sealed partial class SupervisionJson : JsonSerializerContext;

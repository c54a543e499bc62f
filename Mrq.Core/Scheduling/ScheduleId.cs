using System.Diagnostics.CodeAnalysis;
using Mrq.Jobs;

namespace Mrq.Scheduling;

/// <summary>The id of a schedule: 24 hexadecimal digits, like that of a job.</summary>
public readonly record struct ScheduleId(JobId Value)
{
    /// <summary>Makes an id of now.</summary>
    public static ScheduleId New(TimeProvider time) => new(JobId.New(time));

    /// <summary>Reads 24 hexadecimal digits; false when the text is anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ScheduleId id)
    {
        var isId = JobId.TryParse(text, out var value);
        id = new ScheduleId(value);
        return isId;
    }

    public override string ToString() => Value.ToString();
}

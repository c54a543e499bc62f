using System.Globalization;
using Mrq.Queues;

namespace Mrq.Storage.Redis;

/// <summary>
/// The name of a list: that of its queue, and for a priority above 0 <c>#</c> and the priority behind it. A name of a queue holds no <c>#</c>, which sorts before
/// all that it may hold: in a sorted set of names the lists of a queue follow each other.
/// </summary>
internal static class ListName
{
    public const char Mark = '#';

    public static string Of(QueueName queue, int priority) =>
        priority == 0 ? queue.Value : string.Create(CultureInfo.InvariantCulture, $"{queue.Value}{Mark}{priority}");

    /// <summary>Reads a name as <see cref="Of"/> writes it; of none the default queue.</summary>
    public static (QueueName Queue, int Priority) Read(string name)
    {
        return name is [.., Mark, >= '1' and <= '9' and var digit] ? (QueueName.Stored(name[..^2]), digit - '0') : (QueueName.Stored(name), 0);
    }
}

using Mrq.Workers;

namespace Mrq.Dashboard.Pages.WorkerList;

/// <summary>
/// The rows in which one worker's running jobs stand. A job keeps its row until it has ended, and the next one takes it; a row that was once there stays, if empty: nothing that
/// somebody reads or is about to click moves.
/// </summary>
internal sealed class RunningRows
{
    /// <summary>Jobs shown of one worker.</summary>
    public const int Most = 5;

    private readonly List<RunningJob?> _rows = [];

    /// <summary>From the top; null: nothing runs there now.</summary>
    public IReadOnlyList<RunningJob?> Rows => _rows;

    /// <summary>Shows those that run now.</summary>
    /// <param name="running">In the order in which they get rows that are free.</param>
    public void Show(IEnumerable<RunningJob> running)
    {
        var now = running.ToList();
        for (var row = 0; row < _rows.Count; row++)
        {
            _rows[row] = now.Find(job => job.Id == _rows[row]?.Id);
        }

        foreach (var job in now.Where(job => _rows.TrueForAll(shown => shown?.Id != job.Id)))
        {
            if (_rows.IndexOf(null) is >= 0 and var free)
            {
                _rows[free] = job;
            }
            else if (_rows.Count < Most)
            {
                _rows.Add(job);
            }
            else
            {
                return;
            }
        }
    }
}

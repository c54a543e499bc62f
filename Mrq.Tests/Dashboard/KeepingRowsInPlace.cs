using Mrq.Dashboard.Pages.WorkerList;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Tests.Dashboard;

/// <summary>The rows of a worker's running jobs.</summary>
public sealed class KeepingRowsInPlace
{
    private readonly RunningRows _rows = new();

    private readonly List<RunningJob> _jobs =
        [.. Enumerable.Range(0, 9).Select(i => new RunningJob(JobId.New(TimeProvider.System), $"{i}", QueueName.Default, DateTimeOffset.UnixEpoch.AddSeconds(i), null))];

    [Fact]
    public void A_job_keeps_its_row_until_it_ends_and_the_next_one_takes_it()
    {
        Assert.Equal("0 1 2", Show(0, 1, 2));
        Assert.Equal("0 - 2", Show(0, 2));
        Assert.Equal("0 3 2", Show(0, 2, 3));
        Assert.Equal("- 3 -", Show(3));
        Assert.Equal("4 3 5", Show(3, 4, 5));
    }

    [Fact]
    public void No_more_than_five_are_shown()
    {
        Assert.Equal("0 1 2 3 4", Show(0, 1, 2, 3, 4, 5, 6));
        Assert.Equal("0 5 2 3 4", Show(0, 2, 3, 4, 5, 6));
    }

    [Fact]
    public void What_is_new_of_a_job_is_shown_in_its_row()
    {
        Show(0, 1);
        _jobs[1] = _jobs[1] with { Progress = 0.5 };

        Show(0, 1);

        Assert.Equal(0.5, _rows.Rows[1]?.Progress);
    }

    private string Show(params int[] running)
    {
        _rows.Show(running.Select(i => _jobs[i]));
        return string.Join(' ', _rows.Rows.Select(job => job?.Path ?? "-"));
    }
}

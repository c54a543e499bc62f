namespace Mrq.Workers;

/// <summary>The slots of a worker: so many loops, each of which runs one job at a time. Their number may change while jobs run in them.</summary>
internal sealed class JobSlots(JobsInHand inHand, Func<JobRun, Task> run)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _wanted;
    private int _open;

    /// <summary>Completes when nothing more will come and every slot has ended its job.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Opens slots, or closes some: none that runs a job before that has ended.</summary>
    public void Resize(int wanted)
    {
        lock (_gate)
        {
            _wanted = wanted;
            while (_open < _wanted)
            {
                _open++;
                _ = ServeAsync();
            }
        }
    }

    private async Task ServeAsync()
    {
        // What waits is not run by the one who opens the slot.
        await Task.Yield();
        try
        {
            while (await inHand.WaitForOneAsync())
            {
                // Between the wait and the run: all free slots wake for one job, also those that are too many by now.
                if (TryClose())
                {
                    return;
                }

                await inHand.RunOneAsync(run);
            }
        }
        catch (Exception e)
        {
            _ended.TrySetException(e);
        }

        Close();
    }

    /// <summary>True: there are more slots than wanted, and this one is closed.</summary>
    private bool TryClose()
    {
        lock (_gate)
        {
            if (_open <= _wanted)
            {
                return false;
            }

            _open--;
            return true;
        }
    }

    private void Close()
    {
        lock (_gate)
        {
            if (--_open == 0)
            {
                _ended.TrySetResult();
            }
        }
    }
}

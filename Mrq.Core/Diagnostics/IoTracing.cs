using Microsoft.Extensions.Hosting;
using Mrq.Hosting;

namespace Mrq.Diagnostics;

/// <summary>
/// While <see cref="MrqOptions.TraceIo"/> is on, hears of the calls of this process and writes those of jobs down. Without it nothing listens. Nothing that an application sends
/// is changed by it: see docs/tracing.md.
/// </summary>
internal sealed class IoTracing(MrqOptions options, TimeProvider time) : IHostedService, IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<IDisposable> _listeners = [];
    private int _listening;
    private IDisposable? _hosted;

    /// <summary>The times of a further worker; null: I/O is not traced.</summary>
    public IoTimes? TimesOfWorker() => options.TraceIo ? new IoTimes(this, time) : null;

    /// <summary>The I/O of the running attempt, if this is to write it down: several MRQs of a process all hear of everything.</summary>
    public JobIo? OwnJob() => JobIo.Current is { } io && io.Tracing == this ? io : null;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _hosted ??= Listen();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _hosted?.Dispose();
        _hosted = null;
    }

    /// <summary>Hears of calls until what is returned is disposed: once. Several may listen at a time, and nothing is heard twice.</summary>
    public IDisposable Listen()
    {
        lock (_gate)
        {
            if (options.TraceIo && _listening++ == 0)
            {
                _listeners.Add(new EventCalls(this));
                _listeners.Add(new ActivityCalls(this, options.TraceIoSources));
            }
        }

        return new Listening(this);
    }

    private void Unlisten()
    {
        lock (_gate)
        {
            if (options.TraceIo && --_listening == 0)
            {
                _listeners.ForEach(listener => listener.Dispose());
                _listeners.Clear();
            }
        }
    }

    private sealed class Listening(IoTracing tracing) : IDisposable
    {
        public void Dispose() => tracing.Unlisten();
    }
}

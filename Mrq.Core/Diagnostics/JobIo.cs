using System.Text;
using Mrq.Workers;

namespace Mrq.Diagnostics;

/// <summary>The calls that one attempt waits for now. What has ended is counted for its worker.</summary>
internal sealed class JobIo(string path, IoTimes times, TimeProvider time)
{
    private readonly Lock _gate = new();
    // In the order of their begin.
    private readonly List<IoCall> _open = [];
    private bool _closed;

    /// <summary>That of the attempt whose code is running; null outside of tasks, and where I/O is not traced.</summary>
    public static JobIo? Current => JobFlow.Current?.Io;

    public IoTracing Tracing => times.Tracing;

    /// <summary>Of the open calls the one that began first; null: none is open.</summary>
    public OpenIo? Open
    {
        get
        {
            IoCall? first;
            lock (_gate)
            {
                first = _open is [var call, ..] ? call : null;
            }

            return first?.Read();
        }
    }

    /// <summary>A call begins. Dispose what is returned when it ends.</summary>
    public IoCall Begin(string type, string data) => Begin(() => new IoName(type, data));

    /// <summary>A call begins. Dispose what is returned when it ends.</summary>
    /// <param name="name">Called while it is open and at its end, on any thread: what is known of a call may grow.</param>
    public IoCall Begin(Func<IoName> name)
    {
        var call = new IoCall(this, name, time.GetUtcNow(), time.GetTimestamp());
        lock (_gate)
        {
            if (!_closed)
            {
                _open.Add(call);
            }
        }

        return call;
    }

    /// <summary>The attempt is over, and with it its calls; what a forsaken task still waits for is not counted.</summary>
    public void Close()
    {
        List<IoCall> last;
        lock (_gate)
        {
            _closed = true;
            last = [.. _open];
        }

        last.ForEach(End);
    }

    internal void End(IoCall call)
    {
        lock (_gate)
        {
            if (!_open.Remove(call))
            {
                return;
            }
        }

        times.Count(call.Type, path, time.GetElapsedTime(call.Begun));
    }
}

/// <summary>A call that an attempt waits for, until it is disposed.</summary>
internal sealed class IoCall(JobIo job, Func<IoName> name, DateTimeOffset since, long begun) : IDisposable
{
    public string Type => name().Cut().Type;

    public long Begun => begun;

    public OpenIo Read()
    {
        var (type, data) = name().Cut();
        return new OpenIo(type, data, since);
    }

    /// <summary>The call is over when this is.</summary>
    public async Task<T> UntilAsync<T>(Task<T> running)
    {
        using (this)
        {
            return await running;
        }
    }

    public void Dispose() => job.End(this);
}

/// <param name="Type"><see cref="OpenIo.Type"/>, of any length.</param>
/// <param name="Data"><see cref="OpenIo.Data"/>, of any length.</param>
internal readonly record struct IoName(string Type, string Data)
{
    private const int Longest = 200;

    /// <summary>Fit for a report, whatever libraries make of their names: short, on one line, without halves of signs.</summary>
    public IoName Cut() => new(Cut(Type), Cut(Data));

    private static string Cut(string text)
    {
        var cut = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (cut.Length >= Longest)
            {
                return cut.Append('…').ToString();
            }

            cut.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return cut.ToString();
    }
}

using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>
/// A role that one node of a cluster has at a time: each process asks for it, the leader does the work, and another takes over a few seconds after the leader
/// fell silent. A leader whose work fails for as long as a term gives the role to others: the store may be away for it alone. For one loop, not for several threads.
/// </summary>
internal sealed partial class LeaderRole(string role, string nodeName, ICoordination coordination, ILogger logger, TimeProvider time)
{
    /// <summary>How long the role is ours without renewing it.</summary>
    public static readonly TimeSpan TermLength = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(1.5);

    private readonly string _node = $"{nodeName}/{Environment.ProcessId}/{JobId.New(time)}";

    // Measured with the timestamp, which no correction of the wall clock moves.
    private long _renewed;
    private long? _failing;

    /// <summary>The term that was granted last; null: none was.</summary>
    public LeaderTerm? Term { get; private set; }

    /// <summary>Time until the term has to be renewed.</summary>
    public TimeSpan UntilRenewal => Renewal - time.GetElapsedTime(_renewed) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>True: the term has not run out, as far as our clock knows.</summary>
    public bool IsOurs => Term is not null && time.GetElapsedTime(_renewed) < TermLength;

    /// <summary>Calls <paramref name="lead"/> whenever the role is ours, until the stop; it returns when the role is lost. Gives the role back at the end.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                if (await TryLeadAsync(stop))
                {
                    LogLeads(_node, role);
                    await lead(stop);
                }

                await Task.Delay(Renewal, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await ResignAsync();
        }
    }

    /// <summary>Some work of the role was done.</summary>
    public void Worked() => _failing = null;

    /// <summary>Some work of the role failed.</summary>
    public void Failed() => _failing ??= time.GetTimestamp();

    /// <summary>Renews the term when it is time to. False: the role is lost, or was given to others as nothing but failures came of it.</summary>
    public async ValueTask<bool> KeepAsync(CancellationToken stop)
    {
        if (_failing is { } since && time.GetElapsedTime(since) > TermLength)
        {
            await StandAsideAsync(stop);
            return false;
        }

        if ((Term is not null && UntilRenewal > TimeSpan.Zero) || await TryLeadAsync(stop))
        {
            return true;
        }

        LogLost(_node, role);
        return false;
    }

    private async Task<bool> TryLeadAsync(CancellationToken stop)
    {
        // From before the call: the term is shorter than we think, never longer.
        var asked = time.GetTimestamp();
        try
        {
            Term = await coordination.TryLeadAsync(role, _node, time.GetUtcNow(), TermLength, stop);
            _renewed = asked;
            return Term is not null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogCannotLead(role, e);
            return false;
        }
    }

    /// <summary>Gives the role back, and asks for it again when every other node has had time to.</summary>
    private async Task StandAsideAsync(CancellationToken stop)
    {
        LogStandsAside(_node, role);
        _failing = null;
        Term = null;
        await ResignAsync();
        await Task.Delay(TermLength, time, stop);
    }

    private async Task ResignAsync()
    {
        try
        {
            await coordination.ResignAsync(role, _node, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogCannotLead(role, e);
        }
    }

    [LoggerMessage(4001, LogLevel.Debug, "{Node} has the role {Role}")]
    private partial void LogLeads(string node, string role);

    [LoggerMessage(4002, LogLevel.Information, "{Node} no longer has the role {Role}: another node does")]
    private partial void LogLost(string node, string role);

    [LoggerMessage(4006, LogLevel.Warning, "{Node} gives back the role {Role}, as all it tries fails; another node may do better")]
    private partial void LogStandsAside(string node, string role);

    [LoggerMessage(4003, LogLevel.Warning, "The role {Role} could not be asked for; it is asked for again soon")]
    private partial void LogCannotLead(string role, Exception exception);
}

using Microsoft.Diagnostics.NETCore.Client;

namespace Mrq.Server.Tracing;

/// <summary>What the runtime of this process tells of itself.</summary>
internal static class Runtime
{
    /// <exception cref="InvalidOperationException">It does not tell; the message says why, and what to do.</exception>
    public static EventPipeSession Listen(IEnumerable<EventPipeProvider> providers, bool withRundown, int bufferMegabytes)
    {
        try
        {
            return new DiagnosticsClient(Environment.ProcessId).StartEventPipeSession(providers, withRundown, bufferMegabytes);
        }
        catch (Exception e) when (e is DiagnosticsClientException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The .NET runtime of this process does not answer ({e.Message}). Its diagnostics must be on (DOTNET_EnableDiagnostics is not 0) and the folder of temporary files (TMPDIR) writable.", e);
        }
    }

    /// <summary>Ends a session; one that has ended already is no error.</summary>
    public static void End(EventPipeSession session)
    {
        try
        {
            session.Stop();
        }
        catch (Exception e) when (e is DiagnosticsClientException or IOException or ObjectDisposedException)
        {
            // It has ended: nothing more comes, which is what is wanted.
        }
    }
}

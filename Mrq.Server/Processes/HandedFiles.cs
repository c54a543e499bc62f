using Mrq.Server.Configuration;

namespace Mrq.Server.Processes;

/// <summary>
/// The configuration files that a supervisor hands to the worker processes it starts: as they are now, or, when these hold a mistake, as they last were without one. So a mistake takes down no
/// process that is started again, and the files count again as soon as they have changed.
/// </summary>
/// <param name="first">As the supervisor itself has begun with them.</param>
internal sealed class HandedFiles(ConfigurationFiles first)
{
    // What could be read may yet be what no worker can start with: then those before it count.
    private const int MostKept = 2;

    private readonly Lock _gate = new();
    private readonly List<ConfigurationFiles> _good = [first];
    private ConfigurationFiles? _refused;

    /// <summary>Those for a process that starts now.</summary>
    public ConfigurationFiles Next()
    {
        var now = first.Now();
        lock (_gate)
        {
            return now.Equals(_refused) ? _good[^1] : now;
        }
    }

    /// <summary>The supervisor has read these and found nothing wrong.</summary>
    public void Accept(ConfigurationFiles files)
    {
        lock (_gate)
        {
            _good.Remove(files);
            _good.Add(files);
            _good.RemoveRange(0, Math.Max(0, _good.Count - MostKept));
        }
    }

    /// <summary>Something is wrong with these.</summary>
    /// <returns>True: there are others to begin with. False: a process that begins anew finds the same.</returns>
    public bool Refuse(ConfigurationFiles files)
    {
        lock (_gate)
        {
            if (_good.TrueForAll(files.Equals))
            {
                return false;
            }

            _good.Remove(files);
            _refused = files;
            return true;
        }
    }
}

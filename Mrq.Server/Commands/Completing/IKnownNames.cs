using Mrq.Tasks;

namespace Mrq.Server.Commands.Completing;

/// <summary>Names that the program and its stores know, each kind read only when it is asked for.</summary>
internal interface IKnownNames
{
    /// <summary>Paths of the tasks of this program, and of those that live workers report.</summary>
    Task<IEnumerable<string>> TasksAsync();

    /// <summary>Queues that jobs, workers or the configuration name.</summary>
    Task<IEnumerable<string>> QueuesAsync();

    /// <summary>The params of a task; none where its code is not in this program.</summary>
    Task<IEnumerable<ParamDescription>> ParamsOfAsync(string task);
}

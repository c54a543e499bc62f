using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage;

namespace Mrq.Tests.Support;

/// <summary>
/// Stands between an engine and its stores. At one named call it either dies (that call is carried out, its answer and all
/// later calls are lost, as when the process is killed there) or fails a number of times; or it is refused for good, for what it was to store.
/// </summary>
/// <param name="onlyPort">The port whose call is meant; null: any that has one of this name.</param>
internal sealed class FaultyStores(string call, bool isFatal, int times = 1, bool isArmed = true, Type? onlyPort = null)
{
    private static readonly Type[] Ports =
        [typeof(IQueueStore), typeof(IRawQueueStore), typeof(IJobStore), typeof(IJobQueries), typeof(IJobLogStore), typeof(IBatchStore), typeof(IWorkerStore), typeof(IAuditStore), typeof(IScheduleStore), typeof(ICoordination)];

    private volatile bool _isArmed = isArmed;
    private int _struck;

    /// <summary>Completes when the named call was made.</summary>
    public TaskCompletionSource Struck { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the store does not take of the named call's first argument, now or ever; null: it takes all.</summary>
    public Func<object?, bool>? Refuses { get; init; }

    /// <summary>What someone else does between the named call's being made, with this first argument, and its being carried out; then nothing fails. Null: nobody does.</summary>
    public Func<object?, Task>? Meanwhile { get; init; }

    /// <summary>From now on it strikes.</summary>
    public void Arm() => _isArmed = true;

    private bool IsDead => isFatal && Volatile.Read(ref _struck) > 0;

    /// <summary>Notes that it is to stand before every port, which are registered only after an application has said what it is made of.</summary>
    public void Decorate(IServiceCollection services) => services.AddSingleton(this);

    /// <summary>Puts those that were noted before every port that is registered.</summary>
    public static void DecorateAll(IServiceCollection services)
    {
        foreach (var faults in services.Select(s => s.ImplementationInstance).OfType<FaultyStores>().ToList())
        {
            faults.DecoratePorts(services);
        }
    }

    private void DecoratePorts(IServiceCollection services)
    {
        foreach (var port in Ports)
        {
            var inner = services.Last(s => s.ServiceType == port);
            services.Add(ServiceDescriptor.Singleton(port, s => FaultyPort.Make(port, Resolve(inner, s), this)));
        }
    }

    private static object Resolve(ServiceDescriptor inner, IServiceProvider services) =>
        inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(services)
        ?? services.GetService(inner.ImplementationType!) ?? ActivatorUtilities.CreateInstance(services, inner.ImplementationType!);

    /// <summary>What a proxy does with one call.</summary>
    internal object? Invoke(MethodInfo method, object inner, object?[] arguments)
    {
        if (!typeof(Task).IsAssignableFrom(method.ReturnType))
        {
            if (_isArmed && !isFatal && method.Name == call && Interlocked.Increment(ref _struck) <= times)
            {
                throw new StorageUnavailableException("It failed.");
            }

            return method.Invoke(inner, arguments);
        }

        var answer = GetType().GetMethod(nameof(AnswerAsync), BindingFlags.NonPublic | BindingFlags.Instance)!
            .MakeGenericMethod(method.ReturnType.IsGenericType ? method.ReturnType.GetGenericArguments()[0] : typeof(bool));
        return answer.Invoke(this, [method, inner, arguments]);
    }

    private async Task<T?> AnswerAsync<T>(MethodInfo method, object inner, object?[] arguments)
    {
        if (IsDead)
        {
            throw new StorageUnavailableException("The process is dead.");
        }

        if (method.Name == call && Refuses is { } refuses && refuses(arguments[0]))
        {
            Struck.TrySetResult();
            throw new InvalidDataException("It is not to the store's taste.");
        }

        var strikes = _isArmed && method.Name == call && (onlyPort is null || method.DeclaringType == onlyPort) && Interlocked.Increment(ref _struck) <= times;
        if (strikes && Meanwhile is { } meanwhile)
        {
            await meanwhile(arguments[0]);
            strikes = false;
        }

        if (strikes && !isFatal)
        {
            Struck.TrySetResult();
            throw new StorageUnavailableException("It failed.");
        }

        var running = (Task)method.Invoke(inner, arguments)!;
        await running;
        if (strikes || IsDead)
        {
            Struck.TrySetResult();
            throw new StorageUnavailableException("The process died before the answer came.");
        }

        return running is Task<T> answered ? await answered : default;
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1852", Justification = "A proxy is made by deriving from it.")]
    private class FaultyPort : DispatchProxy
    {
        private object? _inner;
        private FaultyStores? _faults;

        public static object Make(Type port, object inner, FaultyStores faults)
        {
            var proxy = Create(port, typeof(FaultyPort));
            ((FaultyPort)proxy)._inner = inner;
            ((FaultyPort)proxy)._faults = faults;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _faults!.Invoke(targetMethod!, _inner!, args ?? []);
    }
}

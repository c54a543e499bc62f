using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Mrq.Tasks;

/// <summary>Makes definitions out of what people write: classes and lambdas.</summary>
internal static class TaskDefinitions
{
    private static readonly MethodInfo OfClassWithResult = Method(nameof(OfClass), 3);
    private static readonly MethodInfo OfClassWithoutResult = Method(nameof(OfClass), 2);

    /// <summary>The task classes of an assembly.</summary>
    public static IEnumerable<Type> TypesIn(Assembly assembly) =>
        assembly.GetExportedTypes().Where(t => t is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && ContractOf(t).Any());

    /// <param name="path">Null: the attribute's, or the full type name.</param>
    /// <exception cref="InvalidTaskException">The type is not a task, or is one in two ways.</exception>
    public static TaskDefinition OfType(Type type, string? path = null)
    {
        var contracts = ContractOf(type).ToList();
        if (contracts.Count != 1)
        {
            throw new InvalidTaskException(contracts.Count == 0
                ? $"{type.FullName} is not a task: it implements neither IJobTask<TParams, TResult> nor IJobTask<TParams>."
                : $"{type.FullName} implements IJobTask {contracts.Count} times; a task does one thing.");
        }

        var attribute = type.GetCustomAttribute<MrqTaskAttribute>();
        var arguments = contracts[0].GetGenericArguments();
        var make = (arguments.Length == 2 ? OfClassWithResult : OfClassWithoutResult).MakeGenericMethod([type, .. arguments]);
        try
        {
            var task = (TaskDefinition)make.Invoke(null, [path ?? attribute?.Path ?? type.FullName!, attribute?.ToOptions() ?? new TaskOptions()])!;
            return task.CheckKeys(task.Options).FirstOrDefault() is { } wrong ? throw new FormatException($"{wrong.Field}: {wrong.Error}") : task;
        }
        catch (FormatException e)
        {
            throw new InvalidTaskException($"{type.FullName} cannot be used: {e.Message}", e);
        }
        catch (TargetInvocationException e)
        {
            throw new InvalidTaskException($"{type.FullName} cannot be used: {e.InnerException!.Message}", e.InnerException);
        }
    }

    public static TaskDefinition OfLambda<TParams, TResult>(
        string path, Func<TParams, JobContext, CancellationToken, Task<TResult>> run, TaskOptions options)
    {
        var binder = new ParamsBinder(typeof(TParams));
        return new TaskDefinition(
            path, options, binder,
            async (_, job, context, token) => Serialize(await run((TParams)binder.Bind(job.Params), context, token)),
            run.Method.DeclaringType?.Assembly.GetName().Name ?? "lambda", SummaryOf(run.Method));
    }

    public static TaskDefinition OfLambda<TParams>(string path, Func<TParams, JobContext, CancellationToken, Task> run, TaskOptions options)
    {
        var binder = new ParamsBinder(typeof(TParams));
        return new TaskDefinition(
            path, options, binder,
            async (_, job, context, token) =>
            {
                await run((TParams)binder.Bind(job.Params), context, token);
                return null;
            },
            run.Method.DeclaringType?.Assembly.GetName().Name ?? "lambda", SummaryOf(run.Method));
    }

    private static TaskDefinition OfClass<TTask, TParams, TResult>(string path, TaskOptions options)
        where TTask : class, IJobTask<TParams, TResult> => OfClass<TTask>(
            path, options, typeof(TParams), async (task, parameters, context, token) => Serialize(await task.RunAsync((TParams)parameters, context, token)));

    private static TaskDefinition OfClass<TTask, TParams>(string path, TaskOptions options)
        where TTask : class, IJobTask<TParams> => OfClass<TTask>(
            path, options, typeof(TParams), async (task, parameters, context, token) =>
            {
                await task.RunAsync((TParams)parameters, context, token);
                return null;
            });

    private static TaskDefinition OfClass<TTask>(
        string path, TaskOptions options, Type parameters, Func<TTask, object, JobContext, CancellationToken, Task<string?>> run)
        where TTask : class
    {
        var binder = new ParamsBinder(parameters);
        var make = ActivatorUtilities.CreateFactory<TTask>([]);
        return new TaskDefinition(
            path, options, binder,
            async (scope, job, context, token) =>
            {
                var task = make(scope, null);
                await using var end = new Disposal(task);
                return await run(task, binder.Bind(job.Params), context, token);
            },
            typeof(TTask).Assembly.GetName().Name!, SummaryOf(typeof(TTask)));
    }

    private static string? SummaryOf(MemberInfo task) => task.GetCustomAttribute<DescriptionAttribute>()?.Description;

    private static string Serialize<TResult>(TResult result) => JsonSerializer.Serialize(result, ParamsBinder.Json);

    private static IEnumerable<Type> ContractOf(Type type) => type.GetInterfaces().Where(i =>
        i.IsGenericType && (i.GetGenericTypeDefinition() == typeof(IJobTask<,>) || i.GetGenericTypeDefinition() == typeof(IJobTask<>)));

    private static MethodInfo Method(string name, int typeParameters) => typeof(TaskDefinitions)
        .GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
        .Single(m => m.Name == name && m.GetGenericArguments().Length == typeParameters);

    /// <summary>Ends the instance of one attempt, if it wants to be ended.</summary>
    private readonly struct Disposal(object task) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            switch (task)
            {
                case IAsyncDisposable asynchronous:
                    return asynchronous.DisposeAsync();
                case IDisposable disposable:
                    disposable.Dispose();
                    return default;
                default:
                    return default;
            }
        }
    }
}

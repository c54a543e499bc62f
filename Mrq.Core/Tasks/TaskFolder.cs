using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using Microsoft.Extensions.DependencyInjection;

namespace Mrq.Tasks;

/// <summary>Lets a task assembly in the task folder register the services that its tasks take. Found by its public, parameterless class.</summary>
public interface ITaskServices
{
    void AddServices(IServiceCollection services);
}

/// <summary>
/// Loads the task assemblies of a folder: every .dll of the folder and of its sub-folders that refers to Mrq.Core. Each lives in a
/// load context of its own, so that two may bring different versions of a library; one that is broken is named and stops nothing.
/// </summary>
internal static class TaskFolder
{
    /// <param name="folder">May be missing: then there are none.</param>
    public static (IReadOnlyList<TaskDefinition> Tasks, IReadOnlyList<BrokenTaskSource> Broken) Load(string folder, IServiceCollection services)
    {
        var tasks = new List<TaskDefinition>();
        var broken = new List<BrokenTaskSource>();
        if (!Directory.Exists(folder))
        {
            return (tasks, broken);
        }

        var folders = Directory.EnumerateDirectories(folder).Prepend(folder);
        foreach (var file in folders.SelectMany(f => Directory.EnumerateFiles(f, "*.dll")).Order(StringComparer.Ordinal))
        {
            try
            {
                if (RefersToMrq(file))
                {
                    LoadAssembly(Path.GetFullPath(file), services, tasks, broken);
                }
            }
            catch (Exception e)
            {
                broken.Add(new BrokenTaskSource(file, Describe(e)));
            }
        }

        return (tasks, broken);
    }

    private static void LoadAssembly(string file, IServiceCollection services, List<TaskDefinition> tasks, List<BrokenTaskSource> broken)
    {
        var assembly = new TaskLoadContext(file).LoadFromAssemblyPath(file);
        foreach (var type in TaskDefinitions.TypesIn(assembly))
        {
            try
            {
                tasks.Add(TaskDefinitions.OfType(type).From(file));
            }
            catch (Exception e)
            {
                broken.Add(new BrokenTaskSource($"{file}: {type.FullName}", Describe(e)));
            }
        }

        foreach (var type in assembly.GetExportedTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(ITaskServices))))
        {
            ((ITaskServices)Activator.CreateInstance(type)!).AddServices(services);
        }
    }

    // Read from the metadata: a library that lies beside the tasks is never loaded just to be looked at.
    private static bool RefersToMrq(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        if (!image.HasMetadata)
        {
            return false;
        }

        var metadata = image.GetMetadataReader();
        return metadata.AssemblyReferences.Any(r =>
            metadata.GetString(metadata.GetAssemblyReference(r).Name) == typeof(TaskFolder).Assembly.GetName().Name);
    }

    private static string Describe(Exception e) => e switch
    {
        BadImageFormatException => "It is not a .NET assembly, or it is damaged.",
        ReflectionTypeLoadException types => types.LoaderExceptions.FirstOrDefault()?.Message ?? types.Message,
        TargetInvocationException { InnerException: { } inner } => inner.Message,
        _ => e.Message,
    };

    private sealed class TaskLoadContext(string file) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(file))
    {
        private readonly AssemblyDependencyResolver _resolver = new(file);

        protected override Assembly? Load(AssemblyName assemblyName) =>
            // What MRQ's own signatures speak of must be the host's, or a task's types would not be ours.
            IsShared(assemblyName.Name!) ? null
            : _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path)
            : Beside(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;

        protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
            _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;

        private static bool IsShared(string name) =>
            name == typeof(TaskFolder).Assembly.GetName().Name || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal);

        // An assembly that was copied without its .deps.json finds what lies beside it.
        private string? Beside(AssemblyName assemblyName)
        {
            var path = Path.Combine(Path.GetDirectoryName(file)!, $"{assemblyName.Name}.dll");
            return File.Exists(path) ? path : null;
        }
    }
}

using System.Reflection;
using System.Runtime.InteropServices;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>Finds MongoDB's C driver on this machine and starts it. The state is the process's own: a library is loaded once.</summary>
internal static unsafe partial class MongocLibrary
{
    /// <summary>The names by which the code below asks for the two libraries.</summary>
    public const string Mongoc = "mongoc";
    public const string Bson = "bson";

    private const string Missing =
        "The MongoDB C driver is not on this machine. Install it: on Debian and Ubuntu 'apt-get install libmongoc-1.0-0', " +
        "on Fedora 'dnf install mongo-c-driver-libs', on macOS 'brew install mongo-c-driver'.";

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, nint> Loaded = [];
    private static bool _isStarted;

    /// <summary>Of the driver, for example <c>1.23.1</c>. Call <see cref="Start"/> before.</summary>
    public static string Version => Marshal.PtrToStringUTF8(Driver.Mongoc.mongoc_get_version()) ?? "";

    /// <summary>Loads the libraries; again is nothing.</summary>
    /// <exception cref="StorageUnavailableException">They are missing; the message says what to install.</exception>
    public static void Start()
    {
        lock (Gate)
        {
            if (_isStarted)
            {
                return;
            }

            // It keeps counters that nobody reads in shared memory, under the number of the process: where one of that number was killed before, it writes a warning to
            // the console, and each leaves a file behind. It reads this as it is loaded, from the environment of C, which is not that of .NET.
            if (!OperatingSystem.IsWindows())
            {
                _ = SetEnvironment("MONGOC_DISABLE_SHM", "1", overwrite: 1);
            }

            foreach (var library in (string[])[Mongoc, Bson])
            {
                Loaded[library] = LoadFirst(FileNames(library));
            }

            NativeLibrary.SetDllImportResolver(typeof(MongocLibrary).Assembly, Resolve);
            Driver.Mongoc.mongoc_init();

            // What it would write to the console, callers get as exceptions.
            Driver.Mongoc.mongoc_log_set_handler(null, null);
            _isStarted = true;
        }
    }

    /// <summary>File names of a library, the older series first: that is what distributions carry.</summary>
    private static string[] FileNames(string library)
    {
        if (OperatingSystem.IsWindows())
        {
            return [$"{library}-1.0.dll", $"lib{library}-1.0.dll", $"{library}2.dll"];
        }

        if (OperatingSystem.IsMacOS())
        {
            string[] names = [$"lib{library}-1.0.0.dylib", $"lib{library}-1.0.dylib", $"lib{library}2.2.dylib", $"lib{library}2.dylib"];
            return [.. names, .. names.Select(name => $"/opt/homebrew/lib/{name}"), .. names.Select(name => $"/usr/local/lib/{name}")];
        }

        return [$"lib{library}-1.0.so.0", $"lib{library}-1.0.so", $"lib{library}2.so.2", $"lib{library}2.so"];
    }

    private static nint Resolve(string library, Assembly assembly, DllImportSearchPath? path)
    {
        lock (Gate)
        {
            return Loaded.GetValueOrDefault(library);
        }
    }

    /// <summary>The first of these files that can be loaded.</summary>
    /// <exception cref="StorageUnavailableException">None can; the message says what to install.</exception>
    internal static nint LoadFirst(IReadOnlyList<string> files)
    {
        foreach (var file in files)
        {
            if (NativeLibrary.TryLoad(file, out var handle))
            {
                return handle;
            }
        }

        throw new StorageUnavailableException(Missing);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}

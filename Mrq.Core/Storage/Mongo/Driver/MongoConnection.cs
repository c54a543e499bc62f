using System.Globalization;
using System.Runtime.InteropServices;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>An opened connection string: the pool of the C driver, and what is checked before it is opened.</summary>
internal sealed unsafe class MongoConnection : IDisposable
{
    /// <summary>Errors of the server keep the server's own codes.</summary>
    private const int ErrorApi = 2;

    // mongoc-write-concern.h
    private const int Unacknowledged = 0;
    private const int ErrorsIgnored = -1;
    private const int NotNamed = -2;
    private const int Majority = -3;

    // mongoc-read-prefs.h
    private const int Primary = 1;

    private readonly MongocUri _uri;

    private MongoConnection(MongocUri uri, MongocPool pool) => (_uri, Pool) = (uri, pool);

    public MongocPool Pool { get; }

    /// <summary>The database that the connection string names; null: it names none.</summary>
    public string? Database => Marshal.PtrToStringUTF8(Mongoc.mongoc_uri_get_database(_uri));

    /// <summary>The servers, for people, without user and password.</summary>
    public string Servers => HostsOf(_uri);

    /// <summary>How many members must have a write; -3: the majority, -4: those of a tag.</summary>
    internal int WriteConcern => Mongoc.mongoc_write_concern_get_w(Mongoc.mongoc_uri_get_write_concern(_uri));

    internal bool ReadsFromPrimary => Mongoc.mongoc_read_prefs_get_mode(Mongoc.mongoc_uri_get_read_prefs_t(_uri)) == Primary;

    /// <summary>Reads the connection string and makes the pool. Nothing is sent yet; a <c>mongodb+srv</c> name is looked up.</summary>
    /// <exception cref="StorageUnavailableException">The string or a file that it names is wrong, or the C driver is missing.</exception>
    public static MongoConnection Open(MongoSettings settings)
    {
        MongocLibrary.Start();
        var uri = Mongoc.mongoc_uri_new_with_error(settings.ConnectionString, out var error);
        try
        {
            if (uri.IsInvalid)
            {
                throw new StorageUnavailableException($"The MongoDB connection string is wrong: {error.Text}. It looks like mongodb://user:password@host:27017/mrq; in user and password, signs like @ / : % are written as %40 %2F %3A %25.");
            }

            CheckFile(uri, "tlscafile", "tlsCAFile");
            CheckFile(uri, "tlscertificatekeyfile", "tlsCertificateKeyFile");
            SetDefault(uri, "serverselectiontimeoutms", settings.ServerSelectionTimeout);
            SetDefault(uri, "connecttimeoutms", settings.ConnectTimeout);
            SetDefault(uri, "sockettimeoutms", settings.SocketTimeout);
            SetWriteConcern(uri, settings.WriteConcern);
            ReadFromPrimary(uri);
            var pool = Mongoc.mongoc_client_pool_new_with_error(uri, out error);
            if (pool.IsInvalid)
            {
                pool.Dispose();
                throw new StorageUnavailableException($"MongoDB at {HostsOf(uri)} cannot be used: {error.Text}.");
            }

            Mongoc.mongoc_client_pool_set_error_api(pool, ErrorApi);
            Mongoc.mongoc_client_pool_max_size(pool, (uint)settings.Threads);
            return new MongoConnection(uri, pool);
        }
        catch (Exception)
        {
            uri.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Pool.Dispose();
        _uri.Dispose();
    }

    private static void SetDefault(MongocUri uri, string option, TimeSpan value)
    {
        if (!Mongoc.mongoc_uri_has_option(uri, option))
        {
            Mongoc.mongoc_uri_set_option_as_int32(uri, option, (int)value.TotalMilliseconds);
        }
    }

    // Whatever the string says: a secondary may not yet know of a job that is to start, nor of what a write whose answer was lost has done.
    private static void ReadFromPrimary(MongocUri uri)
    {
        var primary = Mongoc.mongoc_read_prefs_new(Primary);
        Mongoc.mongoc_uri_set_read_prefs_t(uri, primary);
        Mongoc.mongoc_read_prefs_destroy(primary);
    }

    // What else the string says of writes, journal and time, stays.
    private static void SetWriteConcern(MongocUri uri, string? wanted)
    {
        var concern = Mongoc.mongoc_write_concern_copy(Mongoc.mongoc_uri_get_write_concern(uri));
        try
        {
            var named = Mongoc.mongoc_write_concern_get_w(concern);
            if (wanted is null && named is not NotNamed)
            {
                if (named is Unacknowledged or ErrorsIgnored)
                {
                    throw new StorageUnavailableException($"The MongoDB connection string says w={named}, and without an answer MRQ cannot know that a job was stored. Say w=majority.");
                }

                return;
            }

            if (wanted is null or "majority")
            {
                Mongoc.mongoc_write_concern_set_w(concern, Majority);
            }
            else if (int.TryParse(wanted, CultureInfo.InvariantCulture, out var members))
            {
                Mongoc.mongoc_write_concern_set_w(concern, members);
            }
            else
            {
                Mongoc.mongoc_write_concern_set_wtag(concern, wanted);
            }

            Mongoc.mongoc_uri_set_write_concern(uri, concern);
        }
        finally
        {
            Mongoc.mongoc_write_concern_destroy(concern);
        }
    }

    /// <summary>The C driver says nothing of a file that is not there; its connections just fail.</summary>
    private static void CheckFile(MongocUri uri, string option, string name)
    {
        if (Marshal.PtrToStringUTF8(Mongoc.mongoc_uri_get_option_as_utf8(uri, option, 0)) is { } file && !File.Exists(file))
        {
            throw new StorageUnavailableException($"The file {file}, which the MongoDB connection string names as {name}, is not there or must not be read.");
        }
    }

    private static string HostsOf(MongocUri uri)
    {
        if (Marshal.PtrToStringUTF8(Mongoc.mongoc_uri_get_srv_hostname(uri)) is { } name)
        {
            return name;
        }

        var hosts = new List<string>();
        for (var host = Mongoc.mongoc_uri_get_hosts(uri); host is not null; host = host->Next)
        {
            hosts.Add(Marshal.PtrToStringUTF8((nint)host->NameAndPort) ?? "");
        }

        return string.Join(',', hosts);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>
/// The functions of libmongoc and libbson that are used, under their own names; https://mongoc.org says what they do. A <c>bson_t</c> is 128 bytes
/// on a boundary of 128: see <see cref="NativeDocuments"/>.
/// </summary>
internal static unsafe partial class Mongoc
{
    private const string Library = MongocLibrary.Mongoc;
    private const string BsonLibrary = MongocLibrary.Bson;

    [LibraryImport(Library)]
    public static partial void mongoc_init();

    [LibraryImport(Library)]
    public static partial nint mongoc_get_version();

    [LibraryImport(Library)]
    public static partial void mongoc_log_set_handler(delegate* unmanaged[Cdecl]<int, byte*, byte*, void*, void> handler, void* data);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial MongocUri mongoc_uri_new_with_error(string text, out MongocError error);

    [LibraryImport(Library)]
    public static partial void mongoc_uri_destroy(nint uri);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_uri_has_option(MongocUri uri, string option);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_uri_set_option_as_int32(MongocUri uri, string option, int value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint mongoc_uri_get_option_as_utf8(MongocUri uri, string option, nint otherwise);

    [LibraryImport(Library)]
    public static partial nint mongoc_uri_get_database(MongocUri uri);

    [LibraryImport(Library)]
    public static partial nint mongoc_uri_get_srv_hostname(MongocUri uri);

    [LibraryImport(Library)]
    public static partial MongocHost* mongoc_uri_get_hosts(MongocUri uri);

    [LibraryImport(Library)]
    public static partial nint mongoc_uri_get_write_concern(MongocUri uri);

    [LibraryImport(Library)]
    public static partial void mongoc_uri_set_write_concern(MongocUri uri, nint concern);

    [LibraryImport(Library)]
    public static partial nint mongoc_uri_get_read_prefs_t(MongocUri uri);

    [LibraryImport(Library)]
    public static partial void mongoc_uri_set_read_prefs_t(MongocUri uri, nint preference);

    [LibraryImport(Library)]
    public static partial nint mongoc_read_prefs_new(int mode);

    [LibraryImport(Library)]
    public static partial int mongoc_read_prefs_get_mode(nint preference);

    [LibraryImport(Library)]
    public static partial void mongoc_read_prefs_destroy(nint preference);

    [LibraryImport(Library)]
    public static partial nint mongoc_write_concern_copy(nint concern);

    [LibraryImport(Library)]
    public static partial int mongoc_write_concern_get_w(nint concern);

    [LibraryImport(Library)]
    public static partial void mongoc_write_concern_set_w(nint concern, int members);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void mongoc_write_concern_set_wtag(nint concern, string tag);

    [LibraryImport(Library)]
    public static partial void mongoc_write_concern_destroy(nint concern);

    [LibraryImport(Library)]
    public static partial MongocPool mongoc_client_pool_new_with_error(MongocUri uri, out MongocError error);

    [LibraryImport(Library)]
    public static partial void mongoc_client_pool_destroy(nint pool);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_client_pool_set_error_api(MongocPool pool, int version);

    [LibraryImport(Library)]
    public static partial void mongoc_client_pool_max_size(MongocPool pool, uint size);

    [LibraryImport(Library)]
    public static partial nint mongoc_client_pool_pop(MongocPool pool);

    [LibraryImport(Library)]
    public static partial void mongoc_client_pool_push(MongocPool pool, nint client);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_client_read_command_with_opts(
        nint client, byte* database, nint command, nint preference, nint options, nint reply, MongocError* error);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_client_write_command_with_opts(
        nint client, byte* database, nint command, nint options, nint reply, MongocError* error);

    [LibraryImport(Library)]
    public static partial nint mongoc_client_get_collection(nint client, byte* database, byte* collection);

    [LibraryImport(Library)]
    public static partial void mongoc_collection_destroy(nint collection);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_collection_insert_many(
        nint collection, nint* documents, nuint count, nint options, nint reply, MongocError* error);

    [LibraryImport(Library)]
    public static partial nint mongoc_collection_find_with_opts(nint collection, nint filter, nint options, nint preference);

    [LibraryImport(Library)]
    public static partial nint mongoc_collection_aggregate(nint collection, int flags, nint pipeline, nint options, nint preference);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_cursor_next(nint cursor, out nint document);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_cursor_error_document(nint cursor, out MongocError error, out nint document);

    [LibraryImport(Library)]
    public static partial void mongoc_cursor_destroy(nint cursor);

    [LibraryImport(Library)]
    public static partial nint mongoc_collection_create_bulk_operation_with_opts(nint collection, nint options);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_bulk_operation_insert_with_opts(nint bulk, nint document, nint options, MongocError* error);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_bulk_operation_update_one_with_opts(nint bulk, nint filter, nint update, nint options, MongocError* error);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_bulk_operation_update_many_with_opts(nint bulk, nint filter, nint update, nint options, MongocError* error);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_bulk_operation_replace_one_with_opts(nint bulk, nint filter, nint document, nint options, MongocError* error);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_bulk_operation_remove_one_with_opts(nint bulk, nint filter, nint options, MongocError* error);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool mongoc_bulk_operation_remove_many_with_opts(nint bulk, nint filter, nint options, MongocError* error);

    [LibraryImport(Library)]
    public static partial uint mongoc_bulk_operation_execute(nint bulk, nint reply, MongocError* error);

    [LibraryImport(Library)]
    public static partial void mongoc_bulk_operation_destroy(nint bulk);

    [LibraryImport(BsonLibrary)]
    [SuppressGCTransition]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool bson_init_static(nint document, byte* data, nuint length);

    [LibraryImport(BsonLibrary)]
    [SuppressGCTransition]
    public static partial byte* bson_get_data(nint document);

    [LibraryImport(BsonLibrary)]
    public static partial void bson_init(nint document);

    [LibraryImport(BsonLibrary)]
    public static partial void bson_destroy(nint document);
}

/// <summary><c>bson_error_t</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 512)]
internal unsafe struct MongocError
{
    /// <summary>Which part of the driver, or 17 for the server.</summary>
    public uint Domain;
    public uint Code;
    private fixed byte _text[504];

    public readonly string Text
    {
        get
        {
            fixed (byte* text = _text)
            {
                return Marshal.PtrToStringUTF8((nint)text) ?? "";
            }
        }
    }
}

/// <summary>The begin of <c>mongoc_host_list_t</c>, a chain.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MongocHost
{
    public MongocHost* Next;
    public fixed byte Name[256];
    public fixed byte NameAndPort[262];
}

/// <summary>A parsed connection string.</summary>
internal sealed class MongocUri() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Mongoc.mongoc_uri_destroy(handle);
        return true;
    }
}

/// <summary>The connections to one deployment. Watches its servers on a thread of its own.</summary>
internal sealed class MongocPool() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Mongoc.mongoc_client_pool_destroy(handle);
        return true;
    }
}

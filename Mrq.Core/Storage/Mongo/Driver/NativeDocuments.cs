using System.Runtime.InteropServices;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>A few <c>bson_t</c> side by side in memory of their own: views of documents of ours, or room for a reply.</summary>
internal sealed unsafe class NativeDocuments : IDisposable
{
    /// <summary>Size and alignment of a <c>bson_t</c>.</summary>
    private const int Size = 128;

    private readonly byte* _memory;
    private int _next;

    public NativeDocuments(int count) => _memory = (byte*)NativeMemory.AlignedAlloc((nuint)count * Size, Size);

    /// <summary>A view of a document that stays pinned as long as the view is used; it owns nothing. 0 for no document.</summary>
    public nint View(byte* document, int length)
    {
        if (length == 0)
        {
            return 0;
        }

        var view = Take();
        return Mongoc.bson_init_static(view, document, (nuint)length) ? view : throw new ArgumentException("This is no BSON document.", nameof(document));
    }

    /// <summary>An empty document: the driver fills it, whoever took it calls <c>bson_destroy</c>.</summary>
    public nint Reply()
    {
        // Some failures leave a reply untouched; destroying it must be right all the same.
        var reply = Take();
        Mongoc.bson_init(reply);
        return reply;
    }

    /// <summary>Gives all places free again: views own nothing.</summary>
    public void Forget() => _next = 0;

    /// <summary>The bytes of a document, where the driver has them.</summary>
    public static ReadOnlySpan<byte> BytesOf(nint document) => new(Mongoc.bson_get_data(document), ((int*)document)[1]);

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private nint Take() => (nint)(_memory + (_next++ * Size));
}

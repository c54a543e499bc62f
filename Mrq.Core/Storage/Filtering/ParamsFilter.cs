using System.Buffers;
using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Storage.Filtering;

/// <summary>Accepts params that have every key of a JSON object with an equal value.</summary>
internal sealed class ParamsFilter
{
    private readonly JsonElement _wanted;

    /// <exception cref="FormatException">The text is not a JSON object.</exception>
    public ParamsFilter(string wanted)
    {
        try
        {
            using var document = JsonDocument.Parse(wanted);
            _wanted = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new FormatException($"The filter on params is not JSON {JsonFault.Of(e)}", e);
        }

        if (_wanted.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("The filter on params must be a JSON object, for example {\"user\": 7}.");
        }
    }

    public bool Accepts(ReadOnlySpan<byte> parameters)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(parameters.Length);
        try
        {
            parameters.CopyTo(bytes);
            using var document = JsonDocument.Parse(bytes.AsMemory(0, parameters.Length));
            return Accepts(document.RootElement);
        }
        catch (JsonException)
        {
            // Not written by us; it cannot match.
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private bool Accepts(JsonElement parameters)
    {
        if (parameters.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        foreach (var wanted in _wanted.EnumerateObject())
        {
            if (!parameters.TryGetProperty(wanted.Name, out var value) || !JsonElement.DeepEquals(value, wanted.Value))
            {
                return false;
            }
        }

        return true;
    }
}

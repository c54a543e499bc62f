namespace Mrq.Storage;

/// <summary>Stores of which each holds a part of the data: opened, asked and described as one.</summary>
internal sealed class JoinedStorage(params IReadOnlyList<IStorage> parts) : IStorage
{
    /// <inheritdoc/>
    public string Description => string.Join(" and ", parts.Select(part => part.Description));

    /// <summary>Opens all of them. What is wrong with several is told at once, a line each.</summary>
    /// <exception cref="StorageUnavailableException">Some cannot be used.</exception>
    public Task OpenAsync(CancellationToken cancellationToken) => OpenAllAsync(part => part.OpenAsync(cancellationToken));

    /// <summary>The same, as they are.</summary>
    /// <exception cref="StorageUnavailableException">Some cannot be used.</exception>
    public Task OpenToReadAsync(CancellationToken cancellationToken) => OpenAllAsync(part => part.OpenToReadAsync(cancellationToken));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StorageProblem>> CheckAsync(CancellationToken cancellationToken) =>
        [.. (await Task.WhenAll(parts.Select(part => part.CheckAsync(cancellationToken)))).SelectMany(problems => problems)];

    private async Task OpenAllAsync(Func<IStorage, Task> open)
    {
        var opening = parts.Select(open).ToList();
        try
        {
            await Task.WhenAll(opening);
        }
        catch (StorageUnavailableException)
        {
            var failures = opening.Where(task => task.IsFaulted).SelectMany(task => task.Exception!.InnerExceptions).ToList();
            if (failures.Count == 1 || !failures.TrueForAll(failure => failure is StorageUnavailableException))
            {
                throw;
            }

            throw new StorageUnavailableException(string.Join(Environment.NewLine, failures.Select(failure => failure.Message)), new AggregateException(failures));
        }
    }
}

namespace Mrq.Server.Configuration;

/// <summary>What a value is the name of, for completion.</summary>
internal enum Named
{
    /// <summary>Of nothing that could be listed.</summary>
    Nothing,

    /// <summary>A file or folder: shells list them themselves.</summary>
    File,

    Task,

    Queue,

    /// <summary>A status of jobs, or a group of them.</summary>
    Status,
}

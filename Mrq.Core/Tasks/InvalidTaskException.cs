namespace Mrq.Tasks;

/// <summary>A class or lambda cannot be registered as a task; the message says why.</summary>
public sealed class InvalidTaskException(string message, Exception? cause = null) : Exception(message, cause);

namespace Mrq.Storage.Redis;

/// <summary>A Lua script. Redis runs it as one step.</summary>
/// <param name="Name">What it does, for messages.</param>
internal sealed record RedisScript(string Name, string Text);

using Mrq.Server.Commands;
using Mrq.Server.Output;
using Mrq.Server.Processes;

StandardStream.TakeConsole();
try
{
    using var managed = ManagedProcess.Enter();
    return await CommandProgram.RunAsync(managed.ArgumentsOr(args), managed);
}
catch (NotSupervisedException e)
{
    await Console.Error.WriteLineAsync($"mrq: {e.Message}");
    return ExitCode.Wrong;
}

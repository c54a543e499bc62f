using var managed = Mrq.Server.Processes.ManagedProcess.Enter();
return await Mrq.Server.Commands.CommandProgram.RunAsync(args, managed);

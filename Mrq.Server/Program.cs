return await Mrq.Server.Commands.CommandProgram.RunAsync(args);

return await Mrq.Server.Hosting.ServerProcess.RunAsync(args);

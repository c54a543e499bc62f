using Mrq.Workers;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

/// <summary>What the page of workers tells of processes that a supervisor keeps running.</summary>
public sealed class WatchingWorkerProcesses(Chromium chromium) : Journey(chromium)
{
    [Fact]
    public async Task A_worker_tells_how_often_its_process_was_started_again_and_of_those_that_do_not_stay_up()
    {
        Server.Get<SupervisedProcess>().Supervision = new Supervision
        {
            Supervisor = 4000,
            Index = 2,
            Count = 4,
            Restarts = 3,
            LastEnd = "killed by SIGKILL after 12.3 s",
            Failing = [new FailingProcess(3, 7, "exit code 134 after 0.2 s")],
        };

        await GoAsync("workers");

        await Expect(Page.Locator(".worker").First)
            .ToContainTextAsync("Process 2 of 4, kept running by pid 4000; started again 3 times, the one before ended: killed by SIGKILL after 12.3 s.");
        await Expect(Page.GetByRole(Microsoft.Playwright.AriaRole.Status).Filter(new() { HasText = "Worker process 3 of 4" })).ToHaveCountAsync(1);
        await Expect(Page.Locator(".failing-process")).ToContainTextAsync("does not stay up: it was started again 7 times and ended with exit code 134 after 0.2 s.");
    }
}

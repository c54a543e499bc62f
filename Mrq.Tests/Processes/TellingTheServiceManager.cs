using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Diagnostics;
using Mrq.Server.Processes;
using Mrq.Tests.Support;

namespace Mrq.Tests.Processes;

/// <summary>The protocol of sd_notify, against a real socket, with the clock of the test.</summary>
public sealed class TellingTheServiceManager : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(6);

    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_says_what_it_does_at_half_of_the_watchdogs_time(bool isAbstract)
    {
        using var manager = new Manager(isAbstract ? $"@mrq-test-{Guid.NewGuid():N}" : _folder.File("notify"));
        using var socket = manager.Open(Watchdog);
        using var stop = new CancellationTokenSource();
        var jobs = 3;
        var notices = new ServiceNotices(socket, _ => new ServiceState($"{jobs} jobs running", [], jobs), NullLogger.Instance, _clock);

        var running = notices.RunAsync(stop.Token);
        Assert.Equal("WATCHDOG=1\nSTATUS=3 jobs running\nX_MRQ_RUNNING_JOBS=3", await manager.HearAsync());
        notices.Ready();
        Assert.Equal("READY=1", await manager.HearAsync());
        _clock.Advance(Watchdog / 2);
        Assert.Equal("WATCHDOG=1\nX_MRQ_RUNNING_JOBS=3", await manager.HearAsync());
        jobs = 4;
        _clock.Advance(Watchdog / 2);
        Assert.Equal("WATCHDOG=1\nSTATUS=4 jobs running\nX_MRQ_RUNNING_JOBS=4", await manager.HearAsync());
        await stop.CancelAsync();
        await running;
        notices.Stopping();
        Assert.Equal("STOPPING=1", await manager.HearAsync());
    }

    [Fact]
    public async Task The_watchdog_is_told_nothing_while_a_loop_hangs()
    {
        using var manager = new Manager(_folder.File("notify"));
        using var socket = manager.Open(Watchdog);
        using var stop = new CancellationTokenSource();
        var activity = new EngineActivity(_clock);
        using var loop = activity.Watch("taking of jobs", TimeSpan.FromSeconds(1));
        var notices = new ServiceNotices(socket, patience => new ServiceState("", activity.FindHung(patience), 0), NullLogger.Instance, _clock);

        var running = notices.RunAsync(stop.Token);
        Assert.Contains("WATCHDOG=1", await manager.HearAsync(), StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
        {
            _clock.Advance(Watchdog / 2);
            Assert.Contains("WATCHDOG=1", await manager.HearAsync(), StringComparison.Ordinal);
        }

        _clock.Advance(Watchdog / 2);
        Assert.DoesNotContain("WATCHDOG=1", await manager.HearAsync(), StringComparison.Ordinal);
        loop.Beat();
        _clock.Advance(Watchdog / 2);
        Assert.Contains("WATCHDOG=1", await manager.HearAsync(), StringComparison.Ordinal);
        await stop.CancelAsync();
        await running;
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("vsock:2:1")]
    [InlineData("/no/such/socket")]
    public void Nobody_is_told_where_nobody_can_be_reached(string? path) => Assert.Null(NotifySocket.Open(path, "1000000"));

    [Theory]
    [InlineData("2000000", 2)]
    [InlineData("0", null)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void The_watchdogs_time_is_microseconds(string? time, int? seconds)
    {
        using var manager = new Manager(_folder.File("notify"));
        using var socket = NotifySocket.Open(_folder.File("notify"), time);

        Assert.Equal(seconds, (int?)socket!.Watchdog?.TotalSeconds);
    }

    [Fact]
    public void It_does_not_wait_for_a_manager_that_does_not_listen()
    {
        using var manager = new Manager(_folder.File("notify"));
        using var socket = manager.Open(Watchdog);

        for (var i = 0; i < 10_000; i++)
        {
            socket.Send("WATCHDOG=1");
        }
    }

    /// <summary>What systemd is to a service.</summary>
    private sealed class Manager : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly string _path;

        public Manager(string path)
        {
            _path = path;
            _socket.Bind(new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path));
        }

        public NotifySocket Open(TimeSpan watchdog) =>
            NotifySocket.Open(_path, $"{watchdog.TotalMicroseconds:0}") ?? throw new InvalidOperationException("It cannot be reached.");

        public async Task<string> HearAsync()
        {
            var buffer = new byte[4096];
            return Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken));
        }

        public void Dispose() => _socket.Dispose();
    }
}

using Mrq.Storage.Redis;

namespace Mrq.Tests.Storage;

/// <summary>How Redis is named, and what is said of a name that cannot be used.</summary>
public sealed class RedisAddressSpec
{
    [Fact]
    public void The_short_form_has_the_usual_port_and_the_first_database()
    {
        var address = RedisAddress.Parse("redis://localhost");

        Assert.Equal("redis://localhost:6379/0", address.ToString());
        Assert.False(address.Tls);
        Assert.Null(address.Password);
    }

    [Fact]
    public void All_parts_are_read_and_none_of_the_secrets_is_shown()
    {
        var address = RedisAddress.Parse("rediss://:p%40ss%2F:w@cache.example:6390/3");

        Assert.Equal("p@ss/:w", address.Password);
        Assert.True(address.Tls);
        Assert.Equal("rediss://cache.example:6390/3", address.ToString());
        var options = RedisDriver.Configure(address);
        Assert.Equal((true, "cache.example", 3, "p@ss/:w"), (options.Ssl, options.SslHost, options.DefaultDatabase, options.Password));
    }

    [Fact]
    public void Several_hosts_are_separated_by_commas() =>
        Assert.Equal(["a:1", "b:6379"], RedisAddress.Parse("redis://a:1,b/0").Endpoints.Select(e => $"{e.Host}:{e.Port}"));

    [Theory]
    [InlineData("", "looks like redis://localhost:6379/0")]
    [InlineData(null, "looks like redis://localhost:6379/0")]
    [InlineData("localhost:6379", "looks like redis://localhost:6379/0")]
    [InlineData("http://localhost", "begins with 'http://'")]
    [InlineData("redis://", "names no host")]
    [InlineData("redis://,/0", "names no host")]
    [InlineData("redis://:6379", "names no host")]
    [InlineData("redis://h:0", "behind 'h:', is not a number")]
    [InlineData("redis://h:99999", "is not a number from 1 to 65535")]
    [InlineData("redis://me:secret", "is not a number from 1 to 65535")]
    [InlineData("redis://h/x", "database 'x'")]
    [InlineData("redis://h/0?timeout=3", "options behind '?'")]
    [InlineData("redis://secret@h", "user without a password")]
    public void What_is_wrong_is_said(string? text, string expected)
    {
        Assert.False(RedisAddress.TryParse(text, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis://[::1]:6379/0", "IPv6 address ::1")]
    [InlineData("redis://[::1]", "IPv6 address ::1")]
    public void An_IPv6_address_is_refused_where_the_driver_cannot_use_it(string text, string expected)
    {
        var isRead = RedisAddress.TryParse(text, out _, out var error);

        Assert.Equal(RedisDriver.KnowsIPv6, isRead);
        Assert.True(isRead || error!.Contains(expected, StringComparison.Ordinal), error);
    }

    [Fact]
    public void A_user_is_refused_where_the_driver_cannot_use_it()
    {
        var isRead = RedisAddress.TryParse("redis://me:secret@h", out var address, out var error);

        Assert.Equal(RedisDriver.KnowsUsers, isRead);
        Assert.Equal(isRead ? "me" : null, address?.User);
        Assert.True(isRead || (error!.Contains("the user 'me'", StringComparison.Ordinal) && !error.Contains("secret", StringComparison.Ordinal)), error);
    }
}

using System.Net;
using System.Text;
using System.Text.Json;
using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

public sealed class JobsBulkSpec : ApiSpec
{
    private const string Good = """{"path":"test.add","params":{"a":1,"b":2},"queue":"slow"}""";

    [Fact]
    public async Task Each_line_becomes_a_job_in_order()
    {
        var lines = Enumerable.Range(0, 2500).Select(i => $$$"""{"path":"test.add","params":{"a":{{{i}}},"b":0},"queue":"slow"}""");

        var answer = await BulkAsync(string.Join('\n', lines));

        Assert.Equal(2500, answer.Json.GetProperty("accepted").GetInt32());
        var ids = answer.Json.GetProperty("ids").EnumerateArray().Select(i => i.GetString()!).ToList();
        Assert.Equal(2500, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(1234, (await Server.GetAsync($"/api/jobs/{ids[1234]}")).Json.GetProperty("params").GetProperty("a").GetInt32());
        Assert.Equal(2500, (await Server.GetAsync("/api/queues/slow")).Json.GetProperty("size").GetInt32());
    }

    [Fact]
    public async Task A_bad_line_is_named_and_never_stops_the_others()
    {
        var answer = await BulkAsync($"{Good}\n\nnope\n{{\"path\":\"test.ad\"}}\r\n{Good}\n{{\"path\":\"test.add\",\"params\":{{\"a\":\"x\",\"b\":1}}}}\n[]\n{Good}");

        Assert.Equal(3, answer.Json.GetProperty("accepted").GetInt32());
        Assert.Equal([3, 4, 6, 7], Rejected(answer).Select(r => r.Line));
        Assert.Equal(4, answer.Json.GetProperty("rejected_count").GetInt32());
        Assert.Contains("Did you mean 'test.add'?", Rejected(answer)[1].Error, StringComparison.Ordinal);
        Assert.Contains("params.a", Rejected(answer)[2].Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_escape_in_a_name_costs_its_own_line_only()
    {
        var answer = await BulkAsync($"{Good}\n{{\"path\":\"test.add\",\"params\":{{\"\\ud800\":1}}}}\n{{\"\\ud800\":1}}\n{Good}");

        Assert.Equal(2, answer.Json.GetProperty("accepted").GetInt32());
        Assert.Equal([2, 3], Rejected(answer).Select(r => r.Line));
        Assert.All(Rejected(answer), r => Assert.Contains("broken escape", r.Error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_array_is_taken_as_well()
    {
        var answer = await BulkAsync($" [ {Good} ,\n 5, {{\"path\":\"test.ad\"}}, {Good}]\n", "application/json");

        Assert.Equal(2, answer.Json.GetProperty("accepted").GetInt32());
        Assert.Equal([2, 3], Rejected(answer).Select(r => r.Line));
    }

    [Fact]
    public async Task An_array_that_breaks_keeps_what_came_before()
    {
        var answer = await BulkAsync($"[{Good},{Good},{{nope", "application/json");

        Assert.Equal(2, answer.Json.GetProperty("accepted").GetInt32());
        Assert.Contains("not read", Assert.Single(Rejected(answer)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_array_without_end_keeps_what_came_before()
    {
        var answer = await BulkAsync($"[{Good},{Good}", "application/json");

        Assert.Equal(2, answer.Json.GetProperty("accepted").GetInt32());
        Assert.Single(Rejected(answer));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n \n")]
    [InlineData("[]")]
    public async Task Nothing_is_nothing(string body)
    {
        var answer = await BulkAsync(body);

        Assert.Equal(200, answer.Status);
        Assert.Equal(0, answer.Json.GetProperty("accepted").GetInt32());
        Assert.Empty(Rejected(answer));
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_let_through_unread()
    {
        var answer = await BulkAsync($"{Good}\n{{\"path\":\"{new string('x', 5_000_000)}\"}}\n{Good}");

        Assert.Equal(2, answer.Json.GetProperty("accepted").GetInt32());
        Assert.Equal(2, Assert.Single(Rejected(answer)).Line);
    }

    [Fact]
    public async Task A_key_that_is_taken_answers_the_job_that_has_it_and_counts_as_existing_alone()
    {
        const string Line = """{"path":"test.add","params":{"a":1,"b":2},"queue":"slow","idempotency_key":"k"}""";

        var answer = await BulkAsync($"{Line}\n{Line}");

        Assert.Equal(1, answer.Json.GetProperty("accepted").GetInt32());
        Assert.Equal(1, answer.Json.GetProperty("existing").GetInt32());
        Assert.Single(answer.Json.GetProperty("ids").EnumerateArray().Select(i => i.GetString()).Distinct());
    }

    [Fact]
    public async Task Ids_can_be_left_out()
    {
        var answer = await Server.SendAsync(HttpMethod.Post, "/api/jobs/bulk?ids=false", Good, "application/x-ndjson");

        Assert.Equal(1, answer.Json.GetProperty("accepted").GetInt32());
        Assert.False(answer.Json.TryGetProperty("ids", out _));
    }

    [Fact]
    public async Task Many_bad_lines_are_all_counted_and_the_first_thousand_named()
    {
        var answer = await BulkAsync(string.Join('\n', Enumerable.Repeat("nope", 1500)));

        Assert.Equal(1500, answer.Json.GetProperty("rejected_count").GetInt32());
        Assert.Equal(1000, Rejected(answer).Count);
    }

    [Fact]
    public async Task Jobs_are_stored_while_the_rest_is_still_on_its_way()
    {
        using var pipe = new Barrier();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/jobs/bulk") { Content = pipe };
        request.Content.Headers.ContentType = new("application/x-ndjson");
        var sending = Server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        await pipe.WriteAsync(string.Concat(Enumerable.Repeat(Good + "\n", 1000)));

        while ((await Server.GetAsync("/api/stats")).Json.GetProperty("total").GetInt32() < 1000)
        {
            Assert.False(sending.IsCompleted);
        }

        pipe.End();
        using var response = await sending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private Task<Answer> BulkAsync(string body, string contentType = "application/x-ndjson") =>
        Server.SendAsync(HttpMethod.Post, "/api/jobs/bulk", body, contentType);

    private static List<(int Line, string Error)> Rejected(Answer answer) =>
        [.. answer.Json.GetProperty("rejected").EnumerateArray().Select(r => (r.GetProperty("line").GetInt32(), r.GetProperty("error").GetString()!))];

    /// <summary>A body that is sent piece by piece, as the test says.</summary>
    private sealed class Barrier : HttpContent
    {
        private readonly System.Threading.Channels.Channel<(string Text, TaskCompletionSource Sent)> _pieces =
            System.Threading.Channels.Channel.CreateUnbounded<(string, TaskCompletionSource)>();

        public async Task WriteAsync(string text)
        {
            var sent = new TaskCompletionSource();
            await _pieces.Writer.WriteAsync((text, sent), TestContext.Current.CancellationToken);
            await sent.Task;
        }

        public void End() => _pieces.Writer.Complete();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await foreach (var (text, sent) in _pieces.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);
                await stream.FlushAsync(TestContext.Current.CancellationToken);
                sent.SetResult();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

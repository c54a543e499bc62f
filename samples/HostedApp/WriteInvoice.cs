using System.ComponentModel.DataAnnotations;
using Mrq.Jobs;
using Mrq.Tasks;

namespace HostedApp;

/// <summary>What was bought.</summary>
public sealed record OrderLine([Required] string Article, [Range(1, 1000)] int Count, [Range(0, 1_000_000)] decimal Price);

/// <param name="Order">Its number.</param>
public sealed record Invoice([Range(1, int.MaxValue)] int Order, [MinLength(1)] IReadOnlyList<OrderLine> Lines);

/// <summary>Writes the invoice of an order into a file, whose path is the result. When it runs again after a crash, it writes the same file.</summary>
[MrqTask("orders.invoice", MaxRetries = 5)]
public sealed partial class WriteInvoice(IConfiguration configuration, ILogger<WriteInvoice> logger) : IJobTask<Invoice, string>
{
    public async Task<string> RunAsync(Invoice parameters, JobContext context, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(configuration["Invoices:Folder"] ?? "invoices");
        var file = Path.Combine(folder.FullName, $"{parameters.Order}.txt");
        var total = parameters.Lines.Sum(line => line.Count * line.Price);
        await File.WriteAllLinesAsync(
            file, [$"Invoice {parameters.Order}", .. parameters.Lines.Select(line => $"{line.Count} x {line.Article}: {line.Count * line.Price:0.00}"), $"Total: {total:0.00}"], cancellationToken);
        LogWritten(parameters.Order, parameters.Lines.Count, total);
        return file;
    }

    [LoggerMessage(1, LogLevel.Information, "Order {Order}: {Lines} lines, {Total} in all")]
    private partial void LogWritten(int order, int lines, decimal total);
}

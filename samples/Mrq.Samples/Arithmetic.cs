using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Mrq.Tasks;

namespace Mrq.Samples;

public sealed record AddParams(double A, double B);

/// <summary>The smallest task: adds two numbers.</summary>
[MrqTask("samples.add")]
[Description("Adds two numbers.")]
public sealed class Add : IJobTask<AddParams, double>
{
    public Task<double> RunAsync(AddParams parameters, JobContext context, CancellationToken cancellationToken) =>
        Task.FromResult(parameters.A + parameters.B);
}

/// <param name="N">Primes below this number; 2 to 200,000,000.</param>
public sealed record PrimesParams([Range(2, 200_000_000)] int N);

public sealed record PrimesResult(int Count, int Largest);

/// <summary>Computes: counts the primes below n with a sieve, on a thread of its own.</summary>
[MrqTask("samples.primes", Cpu = true)]
[Description("Counts the primes below n, on a thread of its own.")]
public sealed class Primes : IJobTask<PrimesParams, PrimesResult>
{
    public Task<PrimesResult> RunAsync(PrimesParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        var composite = new System.Collections.BitArray(parameters.N);
        int count = 0, largest = 0;
        for (var i = 2; i < parameters.N; i++)
        {
            if (composite[i])
            {
                continue;
            }

            (count, largest) = (count + 1, i);
            for (var multiple = (long)i * i; multiple < parameters.N; multiple += i)
            {
                composite[(int)multiple] = true;
            }

            if (count % 5000 == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                context.SetProgress((double)i / parameters.N, $"{count:N0} primes up to {i:N0}");
            }
        }

        return Task.FromResult(new PrimesResult(count, largest));
    }
}

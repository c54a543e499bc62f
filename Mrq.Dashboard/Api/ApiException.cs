using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>A request that cannot be answered as asked. <see cref="ApiErrors"/> turns it into <c>application/problem+json</c>.</summary>
internal sealed class ApiException(int status, string title, string detail, IReadOnlyList<FieldError>? errors = null)
    : Exception(detail)
{
    public int Status { get; } = status;

    public string Title { get; } = title;

    public IReadOnlyList<FieldError> Errors { get; } = errors ?? [];

    /// <summary>400: a part of the address or a header is wrong.</summary>
    public static ApiException BadParameter(string name, string error) =>
        new(StatusCodes.Status400BadRequest, "Bad parameter", $"{name}: {error}", [new FieldError(name, error)]);

    /// <summary>400: several parts of the address are wrong.</summary>
    public static ApiException BadParameters(IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status400BadRequest, "Bad parameter", Sentence(errors), errors);

    /// <summary>422: the body is JSON, but fields of it are wrong.</summary>
    public static ApiException BadFields(string title, IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status422UnprocessableEntity, title, Sentence(errors), errors);

    public static ApiException NotFound(string detail) => new(StatusCodes.Status404NotFound, "Not found", detail);

    public static ApiException Conflict(string detail) => new(StatusCodes.Status409Conflict, "Not possible now", detail);

    private static string Sentence(IReadOnlyList<FieldError> errors) => string.Join(" ", errors.Select(e => $"{e.Field}: {e.Error}"));
}

namespace Mrq.Dashboard.Api;

/// <summary>What people and programs are told about one endpoint. The same table decides which query parameters it takes.</summary>
/// <param name="Tag">The group it is listed under.</param>
internal sealed record ApiDoc(string Tag, string Summary)
{
    public string? Description { get; init; }

    /// <summary>Parameters in the path, the query and the headers.</summary>
    public IReadOnlyList<ApiParameter> Parameters { get; init; } = [];

    /// <summary>A JSON body as an example; null: it takes none.</summary>
    public string? Request { get; init; }

    /// <summary>Media type of the body.</summary>
    public string RequestType { get; init; } = "application/json";

    /// <summary>True: the body may be left out.</summary>
    public bool RequestOptional { get; init; }

    /// <summary>Names of the body's fields and what they mean.</summary>
    public IReadOnlyList<ApiField> Fields { get; init; } = [];

    /// <summary>Status of a good answer.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>A good answer as an example.</summary>
    public string? Answer { get; init; }

    public string AnswerType { get; init; } = "application/json";

    /// <summary>Other statuses and when they come.</summary>
    public IReadOnlyList<(int Status, string When)> Others { get; init; } = [];

    /// <summary>True leaves it out of the document: another route for the same thing.</summary>
    public bool Hidden { get; init; }
}

/// <param name="In">path, query or header.</param>
/// <param name="Type">A JSON type.</param>
internal sealed record ApiParameter(string Name, string In, string Description, string Type = "string", string? Example = null)
{
    public static ApiParameter Path(string name, string description, string? example = null) => new(name, "path", description, Example: example);

    public static ApiParameter Query(string name, string description, string type = "string", string? example = null) =>
        new(name, "query", description, type, example);

    public static ApiParameter Header(string name, string description, string? example = null) => new(name, "header", description, Example: example);
}

/// <param name="Type">A JSON type.</param>
/// <param name="Fields">Those of an object, or of each object of an array; null: of an object any, and an array has texts.</param>
/// <param name="IsSpan">True: a number of seconds, which the command line takes with a unit, too.</param>
internal sealed record ApiField(string Name, string Type, string Description, bool Required = false, IReadOnlyList<ApiField>? Fields = null, bool IsSpan = false);

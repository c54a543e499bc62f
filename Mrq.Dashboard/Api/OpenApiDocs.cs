using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Mrq.Dashboard.Api;

/// <summary>Makes the OpenAPI document out of the <see cref="ApiDoc"/> of each endpoint.</summary>
internal static class OpenApiDocs
{
    public const string DocumentName = "v1";

    public static void Configure(OpenApiOptions options)
    {
        options.ShouldInclude = description => description.ActionDescriptor.EndpointMetadata.OfType<ApiDoc>().Any();
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "MRQ",
                Version = typeof(OpenApiDocs).Assembly.GetName().Version?.ToString(3) ?? "0",
                Description = "The job queue's REST API. Field names are those of the job documents. Errors are application/problem+json: `detail` says what was wrong and what to do, `errors` names fields.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            Describe(operation, context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiDoc>().First());
            return Task.CompletedTask;
        });
    }

    private static void Describe(OpenApiOperation operation, ApiDoc doc)
    {
        operation.OperationId = OperationId(doc.Summary);
        operation.Summary = doc.Summary;
        operation.Description = doc.Description;
        operation.Parameters = [.. doc.Parameters.Select(Parameter)];
        operation.RequestBody = doc.Request is null ? null : new OpenApiRequestBody
        {
            Required = !doc.RequestOptional,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [doc.RequestType] = new OpenApiMediaType { Schema = Schema(doc.Fields), Example = Example(doc.Request, doc.RequestType) },
            },
        };
        operation.Responses = new OpenApiResponses { [$"{doc.Status}"] = Answer(doc) };
        foreach (var (status, when) in doc.Others)
        {
            operation.Responses[$"{status}"] = status < 300 ? new OpenApiResponse { Description = when } : Problem(status, when);
        }
    }

    private static IOpenApiParameter Parameter(ApiParameter parameter) => new OpenApiParameter
    {
        Name = parameter.Name,
        In = parameter.In switch { "path" => ParameterLocation.Path, "header" => ParameterLocation.Header, _ => ParameterLocation.Query },
        Required = parameter.In == "path",
        Description = parameter.Description,
        Schema = new OpenApiSchema { Type = TypeOf(parameter.Type) },
        Example = parameter.Example is null ? null : JsonValue.Create(parameter.Example),
    };

    private static OpenApiSchema Schema(IReadOnlyList<ApiField> fields) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = fields.ToDictionary(f => f.Name, f => (IOpenApiSchema)Schema(f)),
        Required = fields.Where(f => f.Required).Select(f => f.Name).ToHashSet(StringComparer.Ordinal),
    };

    private static OpenApiSchema Schema(ApiField field)
    {
        var inner = field.Fields is { } fields ? Schema(fields) : null;
        var schema = field.Type == "array"
            ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = inner ?? new OpenApiSchema { Type = JsonSchemaType.String } }
            : inner ?? new OpenApiSchema { Type = TypeOf(field.Type) };
        schema.Description = field.Description;
        return schema;
    }

    private static OpenApiResponse Answer(ApiDoc doc) => new()
    {
        Description = doc.Summary,
        Content = doc.Answer is null ? null : new Dictionary<string, OpenApiMediaType>
        {
            [doc.AnswerType] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = doc.AnswerType == "application/json" ? JsonSchemaType.Object : JsonSchemaType.String },
                Example = Example(doc.Answer, doc.AnswerType),
            },
        },
    };

    private static OpenApiResponse Problem(int status, string when) => new()
    {
        Description = when,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/problem+json"] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = JsonSchemaType.Object },
                Example = new JsonObject { ["title"] = "What kind of error", ["status"] = status, ["detail"] = when },
            },
        },
    };

    private static JsonNode? Example(string text, string type) => type == "application/json" ? JsonNode.Parse(text) : JsonValue.Create(text);

    private static JsonSchemaType TypeOf(string type) => type switch
    {
        "integer" => JsonSchemaType.Integer,
        "number" => JsonSchemaType.Number,
        "boolean" => JsonSchemaType.Boolean,
        "array" => JsonSchemaType.Array,
        "object" => JsonSchemaType.Object,
        _ => JsonSchemaType.String,
    };

    // "Queue a job" → queueAJob
    private static string OperationId(string summary)
    {
        var words = summary.Split([' ', ',', '\''], StringSplitOptions.RemoveEmptyEntries);
        return JsonNamingPolicy.CamelCase.ConvertName(string.Concat(words.Select(w => char.ToUpperInvariant(w[0]) + w[1..])));
    }
}

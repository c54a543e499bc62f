using System.Text.Json.Nodes;
using Mrq.Tasks;

namespace Mrq.Dashboard.Actions;

/// <summary>The params of a task for people: something to overwrite, and what each of them takes.</summary>
internal static class ParamsHint
{
    /// <summary>The required params with a value of their type each: of numbers the one closest to 0 that is allowed.</summary>
    /// <param name="task">Null: it is not known here.</param>
    public static string Blank(TaskDefinition? task)
    {
        var blank = new JsonObject();
        foreach (var param in (task?.Params ?? []).Where(p => p.Required))
        {
            blank[param.Name] = param.Type switch
            {
                "integer" or "number" => JsonValue.Create(Math.Min(Math.Max(0, param.Minimum ?? 0), param.Maximum ?? decimal.MaxValue)),
                "boolean" => JsonValue.Create(false),
                "array" => new JsonArray(),
                "object" => new JsonObject(),
                _ => JsonValue.Create(""),
            };
        }

        return Display.Pretty(blank.ToJsonString());
    }

    /// <summary>Type, range and default of a param: <c>integer, 1 to 100, default 5</c>.</summary>
    public static string Describe(ParamDescription param) => string.Join(", ", new[]
    {
        param.Type,
        (param.Minimum, param.Maximum) switch
        {
            ({ } minimum, { } maximum) => $"{minimum:#,0.############} to {maximum:#,0.############}",
            ({ } minimum, null) => $"at least {minimum:#,0.############}",
            (null, { } maximum) => $"at most {maximum:#,0.############}",
            _ => null,
        },
        param.Required ? null : param.Default is null or "null" ? "optional" : $"default {Display.Cut(param.Default, 40)}",
    }.OfType<string>());
}

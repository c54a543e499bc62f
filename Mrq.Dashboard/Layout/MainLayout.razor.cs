using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.JSInterop;
using Mrq.Dashboard.Live;
using Mrq.Jobs;

namespace Mrq.Dashboard.Layout;

public sealed partial class MainLayout
{
    private ErrorBoundary? _boundary;
    private string? _search;
    private bool _enqueue;

    [Inject] private LiveUpdates Live { get; set; } = null!;

    [Inject] private StoreHealth Health { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    protected override void OnInitialized()
    {
        Health.Changed += Render;
        Live.PausedChanged += Render;
        Navigation.LocationChanged += OnLocationChanged;
        ReadSearch();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            await Live.StartAsync(Js);
        }
    }

    private string LiveText => Health.Away.Count > 0 ? "Store away" : Live.Paused ? "Paused" : "Live";

    private string? LiveKind => Health.Away.Count > 0 ? "away" : Live.Paused ? "paused" : null;

    private void SearchAsync()
    {
        var text = _search?.Trim();
        if (JobId.TryParse(text, out var id))
        {
            Navigation.NavigateTo($"jobs/{id}");
            return;
        }

        // On the list the other filters stay; from elsewhere the search begins afresh.
        var here = Navigation.ToBaseRelativePath(Navigation.Uri);
        var query = string.IsNullOrEmpty(text) ? null : text;
        Navigation.NavigateTo(here.Split('?')[0] == "jobs"
            ? Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["q"] = query, ["before"] = null, ["page"] = null })
            : query is null ? "jobs" : QueryHelpers.AddQueryString("jobs", "q", query));
    }

    private void OnLocationChanged(object? sender, LocationChangedEventArgs e) => _ = InvokeAsync(() =>
    {
        _boundary?.Recover();
        ReadSearch();
        StateHasChanged();
    });

    private void ReadSearch()
    {
        var uri = Navigation.ToAbsoluteUri(Navigation.Uri);
        _search = QueryHelpers.ParseQuery(uri.Query).TryGetValue("q", out var text) ? text.ToString() : null;
    }

    private void Render(object? sender, EventArgs e) => _ = InvokeAsync(StateHasChanged);

    public void Dispose()
    {
        Health.Changed -= Render;
        Live.PausedChanged -= Render;
        Navigation.LocationChanged -= OnLocationChanged;
    }
}

"""folium with fast clusters, or a layer of circles: ``map_folium.py SITES OUT [circles]``.

A page of folium loads Leaflet, jQuery, Bootstrap and icons from servers; folium-offline has them as
files, and they are put into the page, so that it can be opened where there is no network.
"""

import re
import sys
from pathlib import Path

import folium
import pandas as pd
from folium.plugins import FastMarkerCluster
from offlinefolium.elements import _res as files

CLUSTER = """function (row) {
  const marker = L.marker(new L.LatLng(row[0], row[1]));
  const box = document.createElement("div");
  box.textContent = `${row[2]} ${row[3]}: ${row[4]}`;
  marker.bindPopup(box);
  return marker;
}"""
COLORS = {"qualified": "#0072B2", "fallback": "#E69F00", "review": "#CC3399"}


def clusters(sites: pd.DataFrame) -> folium.Map:
    """Return a map with clusters, whose sites have a popup."""
    page = folium.Map(tiles=None, maxZoom=18)
    rows = sites[["latitude", "longitude", "site_id", "name", "status"]].to_numpy().tolist()
    FastMarkerCluster(rows, callback=CLUSTER).add_to(page)
    return page


def circles(sites: pd.DataFrame) -> folium.Map:
    """Return a map with a circle in the status's colour for each site, with a popup."""
    page = folium.Map(tiles=None, maxZoom=18, prefer_canvas=True)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.longitude, row.latitude]},
            "properties": {"id": row.site_id, "name": row.name, "status": row.status},
        }
        for row in sites.itertuples(index=False)
    ]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        marker=folium.CircleMarker(radius=3, weight=0, fill_opacity=1),
        style_function=lambda feature: {
            "fillColor": COLORS.get(feature["properties"]["status"], "#767676")
        },
        popup=folium.GeoJsonPopup(["id", "name", "status"]),
    ).add_to(page)
    return page


def inlined(text: str) -> str:
    """Return a page with its scripts and styles inside; what is not known is left out."""
    text = re.sub(
        r'<script src="([^"]+)"></script>',
        lambda match: f"<script>{_safe(files.get(match[1], ''))}</script>",
        text,
    )
    return re.sub(
        r'<link rel="stylesheet" href="([^"]+)"\s*/?>',
        lambda match: f"<style>{files.get(match[1], '')}</style>",
        text,
    )


def _safe(script: str) -> str:
    return script.replace("</script", "<\\/script")


def main() -> None:
    """Write the page."""
    source, out, *kind = sys.argv[1:]
    sites = pd.read_csv(source, keep_default_na=False)
    page = circles(sites) if kind else clusters(sites)
    places = sites[["latitude", "longitude"]]
    page.fit_bounds([places.min().tolist(), places.max().tolist()])
    text = page.get_root().render()
    Path(out).write_text(inlined(text), encoding="utf-8")


if __name__ == "__main__":
    main()

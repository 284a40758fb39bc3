"""The popular wrong one: circles drawn on a flat map, then a spatial join, the country compared.

``mercator`` draws them as metres in EPSG:3857, where a metre is one at the equator only;
``degrees`` as miles / 69 degrees in EPSG:4326, where a degree east shrinks towards the poles.
"""

import sys

import geopandas as gpd
import pandas as pd
from common import MILE_M, arguments
from places import read_sites, write

MILES_A_DEGREE = 69


def main() -> None:
    """Read, match, write."""
    files, flat = arguments(), sys.argv[4]
    sites, centers = read_sites(files.sites), read_sites(files.centers)
    miles = centers["country"].map({"US": 70.0}).fillna(50.0)
    here, there = (
        gpd.GeoSeries(gpd.points_from_xy(f["longitude"], f["latitude"]), crs="EPSG:4326")
        for f in (sites, centers)
    )
    if flat == "mercator":
        here, there = here.to_crs("EPSG:3857"), there.to_crs("EPSG:3857")
    radius = miles * MILE_M if flat == "mercator" else miles / MILES_A_DEGREE
    center, site = here.sindex.query(there.buffer(radius), predicate="intersects")
    own = sites["country"].to_numpy()[site] == centers["country"].to_numpy()[center]
    pairs = pd.DataFrame({"site": site[own], "center": center[own]})
    flat_miles = here.iloc[pairs["site"]].distance(there.iloc[pairs["center"]], align=False)
    pairs["miles"] = flat_miles.to_numpy() * (1 / MILE_M if flat == "mercator" else MILES_A_DEGREE)
    best = pairs.sort_values("miles").drop_duplicates("site").set_index("site")
    best = best.reindex(range(len(sites)))
    sites["qualified"] = best["center"].notna()
    sites["center_id"] = best["center"].map(centers["center_id"])
    sites["distance_miles"] = best["miles"].round(3)
    write(sites, files.out)


if __name__ == "__main__":
    main()

"""GeoPandas, exact: geodesic polygons, half a percent too wide, find pairs; Karney decides.

A polygon of 64 corners is 0.12 % short between two corners, so no pair in reach is missed.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from common import MILE_M, Floats, arguments, read_centers
from places import read_sites, write
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
CORNERS, WIDER = 64, 1.005


def areas(lon: Floats, lat: Floats, limit_m: Floats) -> tuple[np.ndarray, np.ndarray]:
    """Return polygons and the center of each; those over 180 degrees come on both sides."""
    count = len(lon)
    azimuth = np.tile(np.linspace(0, 360, CORNERS, endpoint=False), count)
    start = (np.repeat(lon, CORNERS), np.repeat(lat, CORNERS))
    x, y, _ = GEOD.fwd(*start, azimuth, np.repeat(limit_m * WIDER, CORNERS))
    x = start[0] + (x - start[0] + 180) % 360 - 180
    polygons = shapely.polygons(np.stack((x, y), axis=1).reshape(count, CORNERS, 2))
    west, _, east, _ = shapely.bounds(polygons).T
    parts, centers = [polygons], [np.arange(count)]
    for over, turn in ((west < -180, 360), (east > 180, -360)):
        parts.append(shapely.transform(polygons[over], lambda xy, t=turn: xy + np.array([t, 0])))
        centers.append(np.flatnonzero(over))
    return np.concatenate(parts), np.concatenate(centers)


def main() -> None:
    """Read, match, write."""
    files = arguments()
    centers = read_centers(files.centers)
    lon, lat, limit = (centers[c].to_numpy() for c in ("longitude", "latitude", "limit_m"))
    sites = read_sites(files.sites)
    points = gpd.points_from_xy(sites["longitude"], sites["latitude"])
    shapes, whose = areas(lon, lat, limit)
    area, site = gpd.GeoSeries(points).sindex.query(shapes, predicate="intersects")
    center = whose[area]
    # Codes compare faster than texts.
    codes = pd.Index(centers["country"].unique().to_numpy())
    there = codes.get_indexer(centers["country"].to_numpy())
    own = codes.get_indexer(sites["country"])[site] == there[center]
    site, center = site[own], center[own]
    x, y = sites["longitude"].to_numpy()[site], sites["latitude"].to_numpy()[site]
    pairs = pd.DataFrame({"site": site, "center": center})
    pairs["metres"] = GEOD.inv(x, y, lon[center], lat[center])[2]
    best = pairs[pairs["metres"] <= limit[center]].sort_values("metres").drop_duplicates("site")
    best = best.set_index("site").reindex(range(len(sites)))
    sites["qualified"] = best["center"].notna()
    names = pd.Series(centers["center_id"].to_numpy())
    sites["center_id"] = best["center"].map(names)
    sites["distance_miles"] = (best["metres"] / MILE_M).round(3)
    write(sites, files.out)


if __name__ == "__main__":
    main()

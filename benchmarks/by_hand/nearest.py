"""As most people do it: the nearest center of each site, then its distance and its country."""

import sys

import geopandas as gpd
import pandas as pd


def points(path: str) -> gpd.GeoDataFrame:
    """Read a file, and leave out what has no coordinates."""
    rows = pd.read_csv(path)
    for column in ("latitude", "longitude"):
        rows[column] = pd.to_numeric(rows[column], errors="coerce")
    rows = rows.dropna(subset=["latitude", "longitude"])
    where = gpd.points_from_xy(rows["longitude"], rows["latitude"], crs="EPSG:4326")
    return gpd.GeoDataFrame(rows, geometry=where).to_crs("EPSG:3857")


sites, centers = points(sys.argv[1]), points(sys.argv[2])
joined = sites.sjoin_nearest(centers, distance_col="metres").drop_duplicates("site_id")
miles = joined["country_left"].map({"US": 70}).fillna(50)
near = joined["metres"] <= miles * 1609.344
joined["qualified"] = near & (joined["country_left"] == joined["country_right"])
joined.drop(columns="geometry").to_csv(sys.argv[3], index=False)

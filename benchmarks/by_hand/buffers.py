"""As most people do it: circles on the plane of web maps, and which points are within them."""

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
miles = centers["country"].map({"US": 70}).fillna(50)
centers["geometry"] = centers.buffer(miles * 1609.344)
joined = sites.sjoin(centers, predicate="within")
joined = joined[joined["country_left"] == joined["country_right"]]
sites["qualified"] = sites["site_id"].isin(joined["site_id"])
sites.drop(columns="geometry").to_csv(sys.argv[3], index=False)

"""Frames turned into the kernel's arrays, and points back into frames."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from coverage_analyzer import coordinates, tables
from coverage_analyzer.arrays import Floats
from coverage_analyzer.centers import Centers
from coverage_analyzer.errors import InputError
from coverage_analyzer.tables import Column

WGS84: Final = "EPSG:4326"

NUMERIC: Final = ("latitude", "longitude", "accuracy_m")


def with_points(frame: pd.DataFrame, lon: Floats, lat: Floats) -> gpd.GeoDataFrame:
    """Return a frame with points in EPSG:4326."""
    return gpd.GeoDataFrame(frame, geometry=shapely.points(lon, lat), crs=WGS84)


def geometries(frame: pd.DataFrame) -> list[str]:
    """Return the names of all columns of geometry."""
    return [str(n) for n in frame.columns if frame[n].dtype == "geometry"]


def points_name(frame: pd.DataFrame) -> list[str]:
    """Return the name of the geometry that places the rows, if there is one."""
    return [str(frame.geometry.name)] if isinstance(frame, gpd.GeoDataFrame) else []


def wgs84_points(frame: gpd.GeoDataFrame) -> Any:
    """Return the geometry of a frame in degrees on WGS 84."""
    return frame.geometry.to_crs(WGS84).to_numpy()


def known_columns(frame: pd.DataFrame, table: Sequence[Column]) -> dict[str, str]:
    """Return the frame's name of each known column but coordinates, which `positions` reads.

    A column of the very name is meant, whatever synonyms stand beside it: readers give it.
    """
    headers = [str(c) for c in frame.columns if c not in geometries(frame)]
    wanted = [c for c in table if c.name not in {"latitude", "longitude"}]
    own = {c.name: c.name for c in wanted if c.name in headers}
    return {name: headers[at] for name, at in tables.recognised(headers, wanted, own).items()}


def positions(frame: pd.DataFrame, what: str) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes in degrees on WGS 84.

    Raises
    ------
    InputError
        If there is no CRS, or a row has no point in range.
    """
    if isinstance(frame, gpd.GeoDataFrame):
        if frame.crs is None:
            msg = (
                f"The {what} have no CRS: say which one with .set_crs(), "
                f'"EPSG:4326" for degrees of longitude and latitude.'
            )
            raise InputError(msg)
        points = wgs84_points(frame)
        kinds = shapely.get_type_id(points)
        bad = (kinds != shapely.GeometryType.POINT) & (kinds != shapely.GeometryType.MISSING)
        if bad.any():
            first = frame.index[bad][0]
            msg = f"{bad.sum()} of the {what} are no points, the first in row {first!r}."
            raise InputError(msg)
        points = np.where(shapely.is_empty(points), None, points)
        lon, lat = shapely.get_x(points), shapely.get_y(points)
    else:
        lon, lat = (
            numbers(frame, name)
            for name in (_column(frame, "longitude"), _column(frame, "latitude"))
        )
    bad = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if bad.any():
        msg = (
            f"{bad.sum()} of the {len(frame)} {what} have no coordinates that can be used, the "
            f"first in row {frame.index[bad][0]!r}. Drop or mend them; read_sites does so and "
            f"tells which."
        )
        raise InputError(msg)
    return lon, lat


def _column(frame: pd.DataFrame, name: str) -> str:
    headers = [str(c) for c in frame.columns]
    if name in headers:
        return name
    return headers[tables.recognised(headers, (tables.LATITUDE, tables.LONGITUDE))[name]]


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """Return the numbers of a column, NaN where a cell holds none."""
    cells = frame[name]
    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64, na_value=np.nan)
    return coordinates.numbers(texts(frame, name))[0]


def texts(frame: pd.DataFrame, name: str) -> pa.Array:
    """Return a column as an Arrow array of strings, empty where missing."""
    cells = pa.array(frame[name].astype("string").fillna(""), pa.string())
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells


def accuracy(frame: pd.DataFrame, known: Mapping[str, str]) -> Floats:
    """Return how far off each row may be in metres, NaN where it does not say.

    Raises
    ------
    InputError
        If a cell holds something else than a distance.
    """
    if "accuracy_m" not in known:
        return np.full(len(frame), np.nan)
    name = known["accuracy_m"]
    accuracy = numbers(frame, name)
    bad = frame[name].notna().to_numpy() & ~(accuracy >= 0)
    if not pd.api.types.is_numeric_dtype(frame[name]):
        bad &= frame[name].astype("string").fillna("").str.strip().ne("").to_numpy()
    if bad.any():
        first = frame.index[bad][0]
        msg = f"{bad.sum()} rows have no distance in {name!r}, the first in row {first!r}."
        raise InputError(msg)
    return accuracy


def centers_of(frame: pd.DataFrame) -> Centers:
    """Return the kernel's centers out of a frame."""
    known = known_columns(frame, tables.CENTERS)
    texts: dict[str, list[str]] = {}
    for name in ("center_id", "name", "country", "opens_on", "closes_on"):
        if name in known:
            cells = frame[known[name]]
            if pd.api.types.is_datetime64_any_dtype(cells):
                texts[name] = cells.dt.strftime("%Y-%m-%d").fillna("").tolist()
            else:
                texts[name] = cells.astype("string").fillna("").tolist()
    lon, lat = positions(frame, "centers")
    return Centers.from_texts(texts, lon, lat, [f"row {i!r}" for i in frame.index])


def need(frame: pd.DataFrame, columns: Sequence[str], what: str, maker: str) -> None:
    """Raise if a frame lacks a column.

    Raises
    ------
    InputError
        With the function that makes such frames.
    """
    missing = [c for c in columns if c not in frame]
    if missing:
        msg = f"These are no {what}: the column {missing[0]!r} is not there. Use {maker}."
        raise InputError(msg)

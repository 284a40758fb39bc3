"""Small networks and sites for tests, written as rows; and a reference that knows no shortcuts."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from coverage_analyzer import geodesy
from coverage_analyzer.countries import Countries
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Sites, Verdicts

EARTH = Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]


class Center(NamedTuple):
    """A row of a centers file."""

    center_id: str
    lon: float
    lat: float
    country: str = ""
    opens_on: str = ""
    closes_on: str = ""


class Site(NamedTuple):
    """A row of a sites file."""

    lon: float
    lat: float
    country: str = ""
    accuracy_m: float = float("nan")


def centers_of(rows: Iterable[Center]) -> Centers:
    """Return a network."""
    rows = list(rows)
    columns = ("center_id", "country", "opens_on", "closes_on")
    texts: dict[str, Sequence[str]] = {c: [getattr(r, c) for r in rows] for c in columns}
    lon, lat = (np.array([getattr(r, c) for r in rows], np.float64) for c in ("lon", "lat"))
    return Centers.from_texts(texts, lon, lat, [f"line {i}" for i in range(2, len(rows) + 2)])


def sites_of(rows: Iterable[Site], world: Countries) -> Sites:
    """Return sites, each country read as the table of names reads it."""
    rows = list(rows)
    lon, lat, accuracy = (
        np.array([getattr(r, c) for r in rows], np.float64) for c in ("lon", "lat", "accuracy_m")
    )
    return Sites(lon, lat, world.names.numbers([r.country for r in rows]), accuracy)


def picked(sites: Sites, at: slice) -> Sites:
    """Return some of the sites, in some order."""
    return Sites(sites.lon[at], sites.lat[at], sites.declared[at], sites.accuracy_m[at])


def rows_of(verdicts: Verdicts, ids: Sequence[str]) -> list[tuple[object, ...]]:
    """Return verdicts as tuples that compare, centers by their ids, what is missing as None."""
    columns: list[list[object]] = []
    for name, values in vars(verdicts).items():
        if values is None:
            continue  # kilometres of a policy in miles
        if name == "center":
            columns.append([ids[i] if i >= 0 else None for i in values])
        else:
            missing = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)
            columns.append(np.where(missing, np.array(None), values.astype(object)).tolist())
    return list(zip(*columns, strict=True))


def moved(lon: float, lat: float, azimuth: float, metres: float) -> tuple[float, float]:
    """Return the point that a geodesic reaches."""
    east, north, _ = EARTH.fwd(lon, lat, azimuth, metres)
    return float(east), float(north)


def karney_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the distance by Karney's algorithm, straight from pyproj."""
    return float(EARTH.inv(lon1, lat1, lon2, lat2)[2])


def least_m(chord: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the lower bound of the geodesic over a chord, of which `geodesy` gives the proof."""
    radius = geodesy.GREATEST_RADIUS_M
    return 2 * radius * np.arcsin(np.minimum(np.divide(chord, 2 * radius), 1))

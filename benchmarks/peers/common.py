"""What the peers share: their three arguments, the limits, and places in space."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

MILE_M = 1609.344
US_MILES, MILES = 70, 50
ROUNDING_M = 0.001
SEMI_MAJOR_M, FLATTENING = 6378137.0, 1 / 298.257223563
LEAST_RADIUS_M = SEMI_MAJOR_M * (1 - FLATTENING) ** 2
"""The smallest radius of curvature: no geodesic is longer than the arc with it over its chord."""

SKIPPED = 77
"""The code of a peer that cannot run here; its last line says why."""

Floats = npt.NDArray[np.float64]


class Arguments(NamedTuple):
    """The files of a peer: sites and report as CSV or Parquet, centers as CSV."""

    sites: str
    centers: str
    out: str

    @property
    def csv(self) -> bool:
        """Whether sites and report are CSV."""
        return Path(self.sites).suffix == ".csv"


def arguments() -> Arguments:
    """Return what the command line says."""
    return Arguments(*sys.argv[1:4])


def skip(reason: str) -> None:
    """Leave, saying why this peer cannot run here."""
    print(reason)
    sys.exit(SKIPPED)


TEXTS = {"country": pl.String, "name": pl.String}


def scan(path: str) -> pl.LazyFrame:
    """Return a file of places; ``NA`` is Namibia."""
    if path.endswith(".csv"):
        return pl.scan_csv(path, schema_overrides=TEXTS)
    return pl.scan_parquet(path)


def sink(frame: pl.LazyFrame, path: str) -> None:
    """Write a frame as it streams."""
    if path.endswith(".csv"):
        frame.sink_csv(path)
    else:
        frame.sink_parquet(path)


def read_centers(path: str) -> pl.DataFrame:
    """Return the centers with ``limit_m``, how far each may serve."""
    miles = pl.when(pl.col("country") == "US").then(US_MILES).otherwise(MILES)
    frame = pl.read_csv(path, schema_overrides={**TEXTS, "center_id": pl.String})
    return frame.with_columns(limit_m=miles * MILE_M + ROUNDING_M)


def ecef(lon: Floats, lat: Floats) -> Floats:
    """Return points of the ellipsoid in space, in metres, shape (n, 3)."""
    lam, phi = np.radians(lon), np.radians(lat)
    square = FLATTENING * (2 - FLATTENING)
    normal = SEMI_MAJOR_M / np.sqrt(1 - square * np.sin(phi) ** 2)
    flat = normal * np.cos(phi)
    return np.column_stack(
        (flat * np.cos(lam), flat * np.sin(lam), normal * (1 - square) * np.sin(phi))
    )


def longest_m(chord: Floats) -> Floats:
    """Return what the geodesic over a chord cannot exceed (Schur's comparison theorem)."""
    return 2 * LEAST_RADIUS_M * np.arcsin(np.minimum(chord / (2 * LEAST_RADIUS_M), 1))

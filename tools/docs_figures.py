"""Draw the figures of docs/concepts from the rule itself.

Run from the repository's root::

    python tools/docs_figures.py
"""

from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt
from pyproj import Geod

import coverage_analyzer as ca
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.schema.theme import MARKS
from coverage_analyzer.schema.verdict import Status

IMAGES: Final = Path("docs/img")
GEOD: Final = Geod(ellps="WGS84")
RADIUS_M: Final = 70 * MILE_M
SEGMENTS: Final = (8, 16, 32, 64, 128, 256)
"""Of a quarter of a circle; 8 and 16 are what popular tools draw by default."""

BLUE, ORANGE, GREY = MARKS[Status.qualified].color, MARKS[Status.fallback].color, "#767676"


def main() -> None:
    """Draw all figures."""
    mpl.rcParams |= {"svg.hashsalt": "coverage", "svg.fonttype": "none", "font.size": 9}
    save(polygon_error(), "polygon-error.svg")
    save(border(), "nearest-is-not-the-question.svg")


def shortfall_m(segments: int) -> float:
    """Return how far inside the true circle the middle of a polygon's edge is, in metres.

    Parameters
    ----------
    segments
        Edges of a quarter of the circle.

    Examples
    --------
    >>> round(shortfall_m(16))
    136
    """
    step = 90 / segments
    ends = [GEOD.fwd(-94.6, 39.1, azimuth, RADIUS_M) for azimuth in (0.0, step)]
    (lon1, lat1, _), (lon2, lat2, _) = ends
    ((lon, lat),) = GEOD.npts(lon1, lat1, lon2, lat2, 1)
    _, _, distance = GEOD.inv(-94.6, 39.1, lon, lat)
    return float(RADIUS_M - distance)


def polygon_error() -> Any:
    """Draw how far a polygon falls short of a circle of 70 miles, by its number of edges."""
    figure, axes = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    missing = [shortfall_m(n) for n in SEGMENTS]
    bars = axes.bar([str(n) for n in SEGMENTS], missing, color=GREY)
    axes.bar_label(bars, [f"{m:.0f} m" if m >= 1 else f"{m:.1f} m" for m in missing])
    axes.set(
        yscale="log", xlabel="edges per quarter of the circle", ylabel="short at an edge, m",
        ylim=(0.3, 2_000), title="A polygon for 70 miles leaves out a strip",
    )  # fmt: skip
    return figure


def circle(lon: float, lat: float, miles: float) -> npt.NDArray[np.float64]:
    """Return points on a geodesic circle, shape (n, 2)."""
    azimuths = np.linspace(0, 360, 361)
    ones = np.ones_like(azimuths)
    lons, lats, _ = GEOD.fwd(lon * ones, lat * ones, azimuths, miles * MILE_M * ones)
    return np.column_stack([lons, lats])


def border() -> Any:
    """Draw a site near a border: its nearest center is abroad, another one serves it."""
    site = (7.6645, 47.6145)
    centers = {
        "Basel (CH), 6 miles": (7.5897, 47.5476),
        "Freiburg (DE), 28 miles": (7.8421, 47.999),
    }
    figure, axes = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
    frame = ca.read_centers("data/service_centers.csv")
    areas = ca.coverage_areas(frame, as_of="2026-12-01")
    kept = areas[areas["center_id"].isin(["CH-BSL-1", "DE-FBG-1"])]
    for (_, row), color in zip(kept.iterrows(), (ORANGE, BLUE), strict=True):
        shape = row.geometry
        for part in getattr(shape, "geoms", [shape]):
            axes.fill(*part.exterior.xy, color=color, alpha=0.2, linewidth=0)
    for (name, place), color in zip(centers.items(), (ORANGE, BLUE), strict=True):
        axes.plot(*circle(*place, 50).T, color=color, linewidth=0.8, linestyle=":")
        axes.plot(*place, marker="D", color=color, markersize=7)
        axes.annotate(name, place, xytext=(7, -3), textcoords="offset points")
        axes.plot(*zip(site, place, strict=True), color=color, linewidth=1)
    axes.plot(*site, marker="o", color="black", markersize=6)
    axes.annotate("site in Lörrach (DE)", site, xytext=(8, -2), textcoords="offset points")
    axes.set(
        xlabel="longitude", ylabel="latitude", aspect=1 / np.cos(np.radians(47.7)),
        title="The nearest center is abroad; one of the site's own country decides",
    )  # fmt: skip
    return figure


def save(figure: Any, name: str) -> None:
    """Write a figure without a date, so that it is the same each time."""
    figure.savefig(IMAGES / name, metadata={"Date": None, "Creator": None})
    plt.close(figure)


if __name__ == "__main__":
    main()

"""Drives from the center of each verdict to its site, for many sites at once."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.roads.engine import Engine, Places, RoadEngine, RoadStatus
from coverage_analyzer.roads.network import Network, load_network
from coverage_analyzer.roads.snapping import SNAP_M


@dataclass(frozen=True)
class DriveTimes:
    """One drive per site, shape (n,) each.

    Attributes
    ----------
    minutes, road_miles
        From the center to the site by the fastest route; NaN without one.
    detour_factor
        Road miles divided by geodesic miles; NaN where site and center coincide.
    ferry
        Whether the route uses a ferry.
    snap_m
        Distance from the site to its road; NaN for a site without a center.
    status
        Values of `RoadStatus`.
    limit_minutes
        Drive-time limit; NaN if there is none.
    """

    minutes: Floats
    road_miles: Floats
    detour_factor: Floats
    ferry: Bools
    snap_m: Floats
    status: npt.NDArray[np.int8]
    limit_minutes: Floats

    def compared_with(self, limit_minutes: Floats) -> "DriveTimes":
        """Return the same drives with ``status`` by the limit of each site.

        Parameters
        ----------
        limit_minutes
            At most the time for which drives were searched, infinite for none, shape (n,).
        """
        status = self.status.copy()
        is_known = ~np.isnan(self.minutes)
        late = self.minutes > limit_minutes
        status[is_known] = np.where(late[is_known], RoadStatus.over_budget, RoadStatus.within)
        limit = np.where(np.isfinite(limit_minutes), limit_minutes, np.nan)
        return replace(self, status=status, limit_minutes=limit)

    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the columns of ``drive_times.csv``, the status as text."""
        names = np.array([status.name for status in RoadStatus], object)
        return vars(self) | {"status": names[self.status]}


def drive_times(
    engine: Engine,
    centers: Places,
    sites: Places,
    verdict: tuple[Ints, Floats],
    *,
    minutes: float,
) -> DriveTimes:
    """Return the drive to each site from its center, with one search per center.

    Parameters
    ----------
    engine
        The road engine.
    centers, sites
        The location of the rows.
    verdict
        Position of each site's center, negative for none, and the geodesic miles to it.
    minutes
        Longest drive time of interest; infinite for no limit.
    """
    chosen, miles = verdict
    count = len(chosen)
    taken, along, snap = (np.full(count, np.nan) for _ in range(3))
    ferry = np.zeros(count, np.bool_)
    status = np.full(count, RoadStatus.outside_network, np.int8)
    for center in np.unique(chosen[chosen >= 0]).tolist():
        rows = np.flatnonzero(chosen == center)
        start = Places(centers.lon[[center]], centers.lat[[center]])
        drives = engine.matrix(start, Places(sites.lon[rows], sites.lat[rows]), minutes * 60)
        taken[rows], along[rows] = drives.seconds[0] / 60, drives.metres[0] / MILE_M
        ferry[rows], status[rows], snap[rows] = drives.ferry[0], drives.status[0], drives.snap_m
    detour = np.divide(along, miles, out=np.full(count, np.nan), where=miles > 0)
    limit = np.full(count, minutes if np.isfinite(minutes) else np.nan)
    return DriveTimes(taken, along, detour, ferry, snap, status, limit)


def road_area(engine: Engine) -> Any:
    """Return the area in which an engine has roads; empty if the engine cannot tell."""
    area = getattr(engine, "road_area", None)
    return shapely.Polygon() if area is None else area()


def snap_limit_m(engine: Engine) -> float:
    """Return the maximum distance of a place from its road, by engine, in metres."""
    return float(getattr(engine, "snap_limit_m", SNAP_M))


def open_engine(network: str | Path | Network | Engine) -> Engine:
    """Return an engine for the given roads."""
    if isinstance(network, (str, Path)):
        network = load_network(network)
    return RoadEngine(network) if isinstance(network, Network) else network

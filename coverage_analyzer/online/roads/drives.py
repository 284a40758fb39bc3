"""The drive from the center that a verdict names to its site, for many sites at once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.online.roads.engine import Engine, Places, RoadEngine, RoadStatus
from coverage_analyzer.online.roads.network import Network, load_network

MINUTES = 240.0
"""How long a drive may take, if nothing else is said: the four hours of the promise."""


@dataclass(frozen=True)
class DriveTimes:
    """One drive a site, shape (n,) each.

    Attributes
    ----------
    minutes, road_miles
        From the center to the site along the fastest way; NaN without one.
    detour_factor
        Miles by road over geodesic miles; NaN where the site stands in its center.
    ferry
        Whether a ferry is on the way.
    snap_m
        How far the site is from its road, NaN for a site without a center.
    status
        Values of `RoadStatus`.
    """

    minutes: Floats
    road_miles: Floats
    detour_factor: Floats
    ferry: Bools
    snap_m: Floats
    status: npt.NDArray[np.int8]

    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return all as columns of ``drive_times.csv``, the status as text."""
        names = np.array([status.name for status in RoadStatus], object)
        return vars(self) | {"status": names[self.status]}


def drive_times(
    engine: Engine,
    centers: Places,
    sites: Places,
    verdict: tuple[Ints, Floats],
    *,
    minutes: float = MINUTES,
) -> DriveTimes:
    """Return the drive from its center to each site; one search for each center that is named.

    Parameters
    ----------
    engine
        What is asked.
    centers, sites
        Where they are.
    verdict
        The position of each site's center, negative for none, and the geodesic miles to it.
    minutes
        How long a drive may take.
    """
    chosen, miles = verdict
    count = len(chosen)
    taken, along, snap = (np.full(count, np.nan) for _ in range(3))
    ferry = np.zeros(count, np.bool_)
    status = np.full(count, RoadStatus.outside_network, np.int8)
    for center in np.unique(chosen[chosen >= 0]).tolist():
        some = np.flatnonzero(chosen == center)
        start = Places(centers.lon[[center]], centers.lat[[center]])
        drives = engine.matrix(start, Places(sites.lon[some], sites.lat[some]), minutes * 60)
        taken[some], along[some] = drives.seconds[0] / 60, drives.metres[0] / MILE_M
        ferry[some], status[some], snap[some] = drives.ferry[0], drives.status[0], drives.snap_m
    detour = np.divide(along, miles, out=np.full(count, np.nan), where=miles > 0)
    return DriveTimes(taken, along, detour, ferry, snap, status)


def check_minutes(minutes: float) -> None:
    """Raise if a time is none that a drive could take.

    Raises
    ------
    InputError
        If it is not above 0, or has no end.
    """
    if not 0 < minutes < np.inf:
        msg = f"A drive of {minutes:g} minutes is no budget; give a number above 0."
        raise InputError(msg)


def engine_of(network: str | Path | Network | Engine) -> Engine:
    """Return an engine over what was given."""
    if isinstance(network, (str, Path)):
        network = load_network(network)
    return RoadEngine(network) if isinstance(network, Network) else network

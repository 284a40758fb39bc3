"""The drives that a recheck needs: which sites, from which centers, compared with which limits."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.policy import Policy
from coverage_analyzer.roads import recheck
from coverage_analyzer.roads.drive_times import DriveTimes, Near, drive_times
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.roads.fastest import fastest_centers
from coverage_analyzer.roads.limits import DriveLimits, as_number
from coverage_analyzer.roads.measurement import Measurement, ServingCenters
from coverage_analyzer.roads.next_center import try_next_centers

KEPT_REACH: Final = 1.6
"""Roads are kept and searched within this multiple of the distance limit of a center."""


@dataclass(frozen=True)
class DriveOptions:
    """How drives are measured.

    Attributes
    ----------
    minutes_factor
        The minutes of the engine are multiplied by it before they are compared with a limit.
    all_sites
        Whether drives are measured that cannot change a verdict, too.
    processes
        Maximum number of processes that search.
    """

    minutes_factor: float = 1.0
    all_sites: bool = False
    processes: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return what ``run.json`` has of it: what results depend on."""
        return {"minutes_factor": self.minutes_factor, "all_sites": self.all_sites}


def drive_options(
    minutes_factor: Any = 1.0, all_sites: Any = False, processes: Any = 1
) -> DriveOptions:
    """Return checked options.

    Raises
    ------
    InputError
        If the factor is not a finite number above 0, or the processes are not a whole one.
    """
    factor = as_number(minutes_factor)
    if not 0 < factor < np.inf:
        msg = f"{minutes_factor!r} is not a factor on minutes. Give a number above 0, such as 1.25."
        raise InputError(msg)
    count = as_number(processes)
    if not (count >= 1 and count == np.floor(count) and np.isfinite(count)):
        msg = f"{processes!r} is not a number of processes. Give 1 or more."
        raise InputError(msg)
    return DriveOptions(factor, bool(all_sites), int(count))


def near_centers(centers: ServingCenters, policy: Policy) -> Near:
    """Return the centers of a run, with the distance within which roads are searched."""
    bands = {code: policy.bands_in(code) for code in set(centers.country.tolist())}
    widest = {code: own[-1].up_to_m if own else 0.0 for code, own in bands.items()}
    reach = np.array([widest[code] for code in centers.country.tolist()], np.float64)
    if not policy.qualification.same_country and len(reach):
        reach[:] = max(band.up_to_m for band in policy.bands)
    return Near(centers.places.lon, centers.places.lat, KEPT_REACH * reach)


def measured_drives(
    measurement: Measurement,
    verdicts: tuple[recheck.VerdictRows, Ints, Floats],
    rules: tuple[Policy, DriveLimits],
    *,
    all_sites: bool = False,
) -> tuple[DriveTimes, Ints]:
    """Return the drives of rows, and the position of the center by which each is decided.

    Parameters
    ----------
    measurement
        The engine, the centers and the rows.
    verdicts
        As returned by a run, or an earlier recheck; the position of the center that each names, -1
        without one; the geodesic miles to it.
    rules
        The policy of the verdicts, and its drive-time limits.
    all_sites
        Whether drives are measured that cannot change a verdict, too.

    Returns
    -------
    drives
        Compared with the limits; ``not_measured`` where no drive can change the verdict. `center`
        is another one than that of the verdict where only that one is in time.
    chosen
        The center that decides the verdict, shape (n,).
    """
    (rows, named, miles), (policy, limits) = verdicts, rules
    was = recheck.verdicts_before_roads(rows, policy)
    chosen = fastest_centers(measurement, (rows, named), was, policy)
    if np.any(chosen != named):
        own = measurement.centers.miles(measurement.sites, chosen)
        miles = np.where(chosen == named, miles, own)
    is_needed = was.requested | all_sites
    drives = drive_times(measurement, (np.where(is_needed, chosen, -1), miles), limits.longest)
    limit = recheck.limit_minutes(rows, policy, limits, drives.road_miles, drives.minutes, was)
    drives = drives.compared_with(limit)
    drives = try_next_centers(measurement, (rows, drives), was, policy)
    return _without(drives, (chosen >= 0) & ~is_needed), chosen


def _without(drives: DriveTimes, rows: Bools) -> DriveTimes:
    """Return drives of which some were not measured."""
    status = np.where(rows, RoadStatus.not_measured, drives.status).astype(np.int8)
    limit = np.where(rows, np.nan, drives.limit_minutes)
    return replace(drives, status=status, limit_minutes=limit)

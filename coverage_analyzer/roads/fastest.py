"""The center that reaches each site first, where bands are limits of the drive time.

A run names the nearest center along the geodesic, from which the drive need not be the shortest.
Here all open centers that could reach a site in time are compared, with one search per center.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.geodesy import ROUNDING_M, distance_m
from coverage_analyzer.matching.outcomes import away_from_zero
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.distances import METRES
from coverage_analyzer.roads.engine import Places
from coverage_analyzer.roads.measurement import Measurement, ServingCenters
from coverage_analyzer.roads.recheck import VerdictRows, VerdictsBeforeRoads, limit_by_time
from coverage_analyzer.schema.verdict import Status

CENTERS_AT_ONCE: Final = 64
"""Centers whose sites are in memory together."""


def fastest_centers(
    measurement: Measurement,
    verdicts: tuple[VerdictRows, Ints],
    was: VerdictsBeforeRoads,
    policy: Policy,
) -> Ints:
    """Return the position of the center from which the drive to each site is decided.

    Where bands are drive times, that is the open center with the shortest drive within the widest
    band; without one, the center of the verdict, or -1 if that is not open yet. Elsewhere it is the
    center of the verdict.

    Parameters
    ----------
    measurement
        The engine, the centers and the rows.
    verdicts
        As returned by a run, or an earlier recheck, and the position of the center of each; -1
        without one.
    was
        The same before any recheck.
    policy
        The policy of the verdicts.
    """
    rows, chosen = verdicts
    is_needed = was.requested & was.by_time
    if not is_needed.any():
        return chosen
    best, away = np.full((2, len(chosen)), np.inf)
    result = np.where(is_needed & (chosen >= 0) & ~measurement.centers.is_open[chosen], -1, chosen)
    reach_m, seconds = _limits(rows.country, policy)
    near = _near(measurement, (rows.country, is_needed, reach_m), policy)
    while group := list(islice(near, CENTERS_AT_ONCE)):
        limits = [float(seconds[at].max()) for _, at, _ in group]
        results = measurement.drives([(center, at) for center, at, _ in group], limits)
        for (center, at, metres), drives in zip(group, results, strict=True):
            taken = drives.seconds[0] * measurement.factor
            first = (taken <= seconds[at]) & (
                (taken < best[at]) | ((taken == best[at]) & (metres < away[at]))
            )
            best[at[first]], away[at[first]] = taken[first], metres[first]
            result[at[first]] = center
    return result


def _near(
    measurement: Measurement,
    query: tuple[npt.NDArray[np.object_], Bools, Floats],
    policy: Policy,
) -> Iterator[tuple[int, Ints, Floats]]:
    """Yield each open center, the sites that it could reach, and the metres to each.

    Parameters
    ----------
    measurement, policy
        As for `fastest_centers`.
    query
        Country of each site, whether a center is needed for it, and the metres of its reach.
    """
    country, is_needed, reach_m = query
    centers, sites = measurement.centers, measurement.sites
    points = geodesy.ecef(sites.lon, sites.lat)
    most = geodesy.chord_limits_m(reach_m)[1]
    for center in np.flatnonzero(centers.is_open).tolist():
        lon, lat = float(centers.places.lon[center]), float(centers.places.lat[center])
        in_range = is_needed & (geodesy.chord_m(points, geodesy.ecef(lon, lat)) <= most)
        if policy.qualification.same_country:
            in_range &= country == centers.country[center]
        near = np.flatnonzero(in_range)
        metres = distance_m(lon, lat, sites.lon[near], sites.lat[near])
        reached = metres <= reach_m[near] + ROUNDING_M
        if reached.any():
            yield center, near[reached], metres[reached]


def _limits(country: npt.NDArray[np.object_], policy: Policy) -> tuple[Floats, Floats]:
    """Return the bound in metres and the time in seconds of the widest band of each row."""
    codes, at = np.unique(country.astype(str), return_inverse=True)
    widest = [policy.bands_in(code)[-1] for code in codes.tolist()]
    metres = np.array([band.up_to_m for band in widest])
    seconds = np.array([(band.up_to_minutes or 0.0) * 60 for band in widest])
    return metres[at], seconds[at]


class Moved(NamedTuple):
    """What a drive time changes besides the verdict, for the rows that it qualifies.

    Attributes
    ----------
    rows
        Their positions, shape (k,).
    center
        The center that reaches each first, shape (k,).
    distances
        The columns of distance, limit and margin, in each unit of the policy; shape (k,) each.
    """

    rows: Ints
    center: Ints
    distances: dict[str, Floats]


def moved(
    centers: ServingCenters,
    sites: Places,
    verdicts: tuple[VerdictRows, VerdictRows],
    drives: tuple[Ints, Floats],
    was: VerdictsBeforeRoads,
    policy: Policy,
) -> Moved:
    """Return center and distances of the rows that qualify by drive time.

    Parameters
    ----------
    centers, sites
        The centers of the run, and the location of the rows.
    verdicts
        Before and after the recheck.
    drives
        The center from which each row was decided, and the minutes.
    was
        The verdicts before any recheck.
    policy
        The policy of the verdicts.
    """
    before, after = verdicts
    chosen, minutes = drives
    rows = np.flatnonzero(was.by_time & (after.status == Status.qualified) & (chosen >= 0))
    center = chosen[rows]
    places = sites.lon[rows], sites.lat[rows]
    metres = distance_m(*places, centers.places.lon[center], centers.places.lat[center])
    distances: dict[str, Floats] = {}
    for unit in policy.printed_units if len(rows) else ():
        limit = limit_by_time(before, policy, minutes, unit)[rows]
        away = metres / METRES[unit]
        distances[f"distance_{unit}"] = np.rint(away * 1000) / 1000
        distances[f"limit_{unit}"] = limit
        distances[f"margin_{unit}"] = away_from_zero(limit - away)
    return Moved(rows, center, distances)

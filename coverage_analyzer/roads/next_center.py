"""If the center of a verdict is too far by road, the next center in reach is tried.

A promise does not depend on which center keeps it: a site is over its limit only if no center in
reach makes it in time. The verdict keeps its center, since it was decided along the geodesic; the
drive names the center where it starts. Nothing is promised that was not promised before.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, slices
from coverage_analyzer.geodesy import MILE_M, ROUNDING_M
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.distances import reach_of
from coverage_analyzer.roads.drive_times import DriveTimes
from coverage_analyzer.roads.engine import Places, RoadStatus
from coverage_analyzer.roads.measurement import Measurement, ServingCenters, rows_by_center
from coverage_analyzer.roads.recheck import VerdictRows, VerdictsBeforeRoads, band_reach_m

SITES_AT_ONCE: Final = 2_000
"""Sites whose distances from all centers are in memory together."""

ROUNDED_UP: Final = 1 + 1e-9
"""Multiple of the limit up to which drives are measured: one of exactly the limit is among them."""


@dataclass(frozen=True)
class Candidates:
    """Centers in reach of sites, the nearest of each site first.

    Attributes
    ----------
    site, center
        Their positions, shape (n,).
    metres
        Geodesic distance, shape (n,).
    rank
        0 for the nearest of a site, 1 for the next, shape (n,).
    """

    site: Ints
    center: Ints
    metres: Floats
    rank: Ints


def try_next_centers(
    measurement: Measurement,
    verdicts: tuple[VerdictRows, DriveTimes],
    was: VerdictsBeforeRoads,
    policy: Policy,
) -> DriveTimes:
    """Return drives in which a site beyond its limit has the first other center that makes it.

    Parameters
    ----------
    measurement
        The engine, the centers, which are the candidates, and the rows.
    verdicts
        As returned by a run, or an earlier recheck, and the drives from their centers, compared
        with the limits.
    was
        The verdicts before any recheck.
    policy
        The policy of the verdicts.

    Returns
    -------
    drives
        The drives from the named centers, except where that is ``over_budget`` or ``unreachable``
        and another open center in reach of the same band makes it in time: the nearest of these.
        If the level has no limit, that is one from which any road leads there.
        Bands by road decide themselves which center counts, and are left as they are.
    """
    rows, drives = verdicts
    late = np.isin(drives.status, (RoadStatus.over_budget, RoadStatus.unreachable))
    late &= was.requested & ~was.by_road & (rows.in_reach > 1)
    failing = np.flatnonzero(late)
    if not len(failing):
        return drives
    # No road is faster than the geodesic at top speed.
    longest = _longest_minutes(drives.limit_minutes[failing]) / measurement.factor
    by_time = np.array([reach_of(minutes) for minutes in longest.tolist()], np.float64)
    reach_m = np.minimum(band_reach_m(rows, policy)[failing], by_time)
    same = policy.qualification.same_country
    centers = measurement.centers
    others = candidates(
        centers, measurement.sites, (failing, reach_m), rows.country if same else None
    )
    named = others.center == drives.center[others.site]
    return _first_in_time(measurement, drives, _without(others, named))


def candidates(
    centers: ServingCenters,
    sites: Places,
    query: tuple[Ints, Floats],
    country: npt.NDArray[np.object_] | None,
) -> Candidates:
    """Return the open centers in reach of sites; of equally near ones the smaller id first.

    Parameters
    ----------
    centers, sites
        The centers of the run, and the location of the rows.
    query
        Positions of the sites, and the metres of the reach of each.
    country
        Country of each row, if a center only serves sites of its own.
    """
    rows, reach_m = query
    is_open = np.flatnonzero(centers.is_open)
    places = geodesy.ecef(centers.places.lon[is_open], centers.places.lat[is_open])
    points = geodesy.ecef(sites.lon[rows], sites.lat[rows])
    most = geodesy.chord_limits_m(reach_m)[1]
    pairs = [np.zeros((2, 0), np.int64)]
    for part in slices(len(rows), SITES_AT_ONCE):
        near = geodesy.chord_m(points[part, None], places[None]) <= most[part, None]
        if country is not None:
            near &= country[rows[part], None] == centers.country[None, is_open]
        at, center = np.nonzero(near)
        pairs.append(np.stack([at + part.start, is_open[center]]))
    at, center = np.concatenate(pairs, axis=1)
    where = centers.places
    metres = geodesy.distance_m(
        where.lon[center], where.lat[center], sites.lon[rows[at]], sites.lat[rows[at]]
    )
    reached = metres <= reach_m[at] + ROUNDING_M
    by_id = np.argsort(np.argsort(np.array(centers.center_id)))
    order = np.lexsort((by_id[center], metres, at))
    order = order[reached[order]]
    site = rows[at[order]]
    return Candidates(site, center[order], metres[order], _ranks(site))


def _longest_minutes(limit_minutes: Floats) -> Floats:
    """Return drive-time limits; infinite for a level without one, where any road will do."""
    return np.where(np.isnan(limit_minutes), np.inf, limit_minutes)


def _without(near: Candidates, left_out: Bools) -> Candidates:
    """Return candidates without some, ranked again."""
    keep = ~left_out
    return Candidates(
        near.site[keep], near.center[keep], near.metres[keep], _ranks(near.site[keep])
    )


def _ranks(site: Ints) -> Ints:
    """Return the number of each row among those of its site, which are consecutive."""
    first = np.flatnonzero(np.diff(site, prepend=-1))
    counts = np.diff(np.append(first, len(site)))
    return np.arange(len(site)) - np.repeat(first, counts)


def _first_in_time(measurement: Measurement, drives: DriveTimes, near: Candidates) -> DriveTimes:
    """Return the drives, each site with its first candidate that is in time, if one is."""
    columns = {name: values.copy() for name, values in vars(drives).items()}
    result = replace(drives, **columns)
    failing = np.zeros(len(drives.center), np.bool_)
    failing[near.site] = True
    first, last = 0, 1
    while failing.any() and (near.rank >= first).any():
        pairs = np.flatnonzero((near.rank >= first) & (near.rank < last) & failing[near.site])
        failing[_round(measurement, result, near, pairs)] = False
        # A site that the nearest centers do not reach is hardly worth a round for each other one.
        first, last = last, last + 2 * (last - first)
    return result


def _round(measurement: Measurement, result: DriveTimes, near: Candidates, pairs: Ints) -> Ints:
    """Enter the drive of the first candidate of each site that is in time; return these sites."""
    site, center = near.site[pairs], near.center[pairs]
    minutes, miles, ferry = _pair_drives(measurement, (site, center), result)
    in_time = np.flatnonzero(minutes <= _longest_minutes(result.limit_minutes[site]))
    served, at = np.unique(site[in_time], return_index=True)  # pairs are in the order of rank
    at = in_time[at]
    geodesic = near.metres[pairs[at]] / MILE_M
    result.minutes[served], result.road_miles[served] = minutes[at], miles[at]
    result.detour_factor[served] = np.divide(
        miles[at], geodesic, out=np.full(len(served), np.nan), where=geodesic > 0
    )
    result.ferry[served], result.status[served] = ferry[at], RoadStatus.within
    result.center[served] = center[at]
    return served


def _pair_drives(
    measurement: Measurement, pairs: tuple[Ints, Ints], drives: DriveTimes
) -> tuple[Floats, Floats, Bools]:
    """Return minutes, miles and ferry of the drive of each pair of site and center."""
    site, center = pairs
    minutes, miles = np.full((2, len(site)), np.nan)
    ferry = np.zeros(len(site), np.bool_)
    groups = [(number, at, site[at]) for number, at in rows_by_center(center)]
    limits = [float(_longest_minutes(drives.limit_minutes[s]).max()) * 60 for _, _, s in groups]
    results = measurement.drives([(number, s) for number, _, s in groups], limits, ROUNDED_UP)
    for (_, at, _), row in zip(groups, results, strict=True):
        minutes[at] = row.seconds[0] / 60 * measurement.factor
        miles[at], ferry[at] = row.metres[0] / MILE_M, row.ferry[0]
    return minutes, miles, ferry

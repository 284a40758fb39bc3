"""Apply drives to verdicts: a level never rises by road, and a site may move to review.

A report is decided by distance; a recheck by road starts from there, and so does a second recheck:
the verdict before any recheck can be derived from the row (`VerdictsBeforeRoads`). Therefore
rechecking twice equals rechecking once, also with another network or limit.

If a policy uses geodesic miles, a drive that takes too long, or does not exist, turns ``qualified``
into ``review``: manual review is needed, since the result of one engine is not a verdict. If it
uses road miles (``metric = "road"``), the run could not decide within the limit
(``road_unchecked``), and the miles of the fastest route decide here. A site reached by another
center, too, remains undecided if its nearest center is beyond the limit by road.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.geodesy import MILE_M, ROUNDING_M
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.model import PRINTED_MILES
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.roads.limits import DriveLimits
from coverage_analyzer.schema.verdict import Reason, Status

Codes = npt.NDArray[np.int8]

BEYOND_ALL: Final = -1
"""Instead of a level: the road distance is beyond all bands."""

NOT_OFFERED: Final = -2
"""Instead of a level: the level of the band is not offered in the country."""

ROAD_REASONS: Final = (Reason.road_over_budget, Reason.road_unreachable, Reason.road_unchecked)
"""Reasons of rows whose roads, or their manual review, are outstanding."""


@dataclass(frozen=True)
class VerdictRows:
    """The verdict columns that roads can change, and those that record earlier values.

    Attributes
    ----------
    level
        Position in ``policy.titles``, shape (n,).
    status, reason
        Values of `Status` and `Reason`, shape (n,).
    country
        Alpha-2 code of the assigned country, or empty, length n.
    limit_miles, margin_miles
        Geodesic distance; NaN without one, shape (n,).
    in_reach
        Number of open centers that may serve it, shape (n,).
    """

    level: Codes
    status: Codes
    reason: Codes
    country: npt.NDArray[np.object_]
    limit_miles: Floats
    margin_miles: Floats
    in_reach: Floats


@dataclass(frozen=True)
class VerdictsBeforeRoads:
    """The verdict of each row before any recheck by road.

    Attributes
    ----------
    asked
        Whether roads can withdraw the level or, for road miles, grant it.
    by_road
        Whether distances are road miles.
    level
        Position of the level of its band.
    """

    requested: Bools
    by_road: Bools
    level: Codes


def verdicts_before_roads(rows: VerdictRows, policy: Policy) -> VerdictsBeforeRoads:
    """Return the verdicts before any recheck by road."""
    level = rows.level.copy()
    by_road, offered = np.zeros(len(level), np.bool_), np.zeros(len(level), np.bool_)
    for country, limit, subset in _groups(rows):
        band = policy.band_for(country, limit)
        if band is not None:
            level[subset] = policy.level_position(band.level)
            by_road[subset] = band.metric == "road"
            offered[subset] = policy.offered(band.level, country)
    waiting = np.isin(rows.reason, ROAD_REASONS)
    # If the band of the row itself is not offered, the run refused it, not a recheck.
    # A negative margin is that to the nearest open center, where roads refused nothing.
    refused = rows.reason == Reason.beyond_radius
    refused |= (rows.reason == Reason.not_offered_in_country) & offered
    refused &= rows.margin_miles >= 0
    requested = (rows.status == Status.qualified) | waiting
    requested |= by_road & (rows.status == Status.fallback) & refused
    return VerdictsBeforeRoads(requested, by_road, level)


def limit_minutes(
    rows: VerdictRows, policy: Policy, limits: DriveLimits, road_miles: Floats
) -> Floats:
    """Return the drive-time limit of each site: that of its band's level.

    Parameters
    ----------
    rows
        As returned by a run, or an earlier recheck.
    policy, limits
        The policy of the verdicts.
    road_miles
        Miles by the fastest route, which decide the band for road miles; NaN if there is none,
        shape (n,).

    Returns
    -------
    minutes
        Infinite if the level has no limit, shape (n,).
    """
    was = verdicts_before_roads(rows, policy)
    band = _band_by_road(rows, policy, road_miles)
    return limits.minutes[np.where(was.by_road & (band >= 0), band, was.level)]


def apply_drive_times(
    rows: VerdictRows, policy: Policy, road: Codes, road_miles: Floats
) -> VerdictRows:
    """Return verdicts after a recheck by road.

    Parameters
    ----------
    rows
        As returned by a run, or an earlier recheck.
    policy
        The policy of the verdicts.
    road
        Values of `RoadStatus`, shape (n,); arbitrary for rows without a center.
    road_miles
        Miles by the fastest route, NaN if there is none, shape (n,).
    """
    was = verdicts_before_roads(rows, policy)
    fallback = policy.level_position(policy.qualification.fallback)
    band = _band_by_road(rows, policy, road_miles)
    late, cut_off = road == RoadStatus.over_budget, road == RoadStatus.unreachable
    inside = was.by_road & (band >= 0) & (road == RoadStatus.within)
    beyond = was.by_road & (band < 0) & ~np.isnan(road_miles)
    alone = rows.in_reach <= 1
    refusal = np.where(band == NOT_OFFERED, Reason.not_offered_in_country, Reason.beyond_radius)
    cases: list[tuple[Bools, Status, Any]] = [  # the first match decides
        (beyond & ~alone, Status.review, Reason.road_unchecked),
        (beyond & alone, Status.fallback, refusal),
        (inside, Status.qualified, Reason.within_radius),
        (late, Status.review, Reason.road_over_budget),
        (cut_off, Status.review, Reason.road_unreachable),
        (was.by_road, Status.review, Reason.road_unchecked),
    ]
    when = [case for case, _, _ in cases]
    # Unchanged: a row without a known road keeps its level, or remains undecided.
    status = np.select(when, [s for _, s, _ in cases], Status.qualified)
    reason = np.select(when, [r for _, _, r in cases], Reason.within_radius)
    level = np.select([inside, late | cut_off | was.by_road], [band, fallback], was.level)
    return replace(
        rows,
        level=np.where(was.requested, level, rows.level).astype(np.int8),
        status=np.where(was.requested, status, rows.status).astype(np.int8),
        reason=np.where(was.requested, reason, rows.reason).astype(np.int8),
    )


def _band_by_road(rows: VerdictRows, policy: Policy, road_miles: Floats) -> npt.NDArray[np.int64]:
    """Return the level of the band by road distance, or `BEYOND_ALL` or `NOT_OFFERED`.

    A geodesic band at or beyond the band of the site needs no road.
    """
    result = np.full(len(road_miles), BEYOND_ALL)
    for country, limit, subset in _groups(rows):
        bands = [b for b in policy.bands_in(country) if b.limit_in("miles") > limit - PRINTED_MILES]
        for band in reversed(bands):
            most = np.inf if band.metric == "geodesic" else (band.up_to_m + ROUNDING_M) / MILE_M
            fits = subset[road_miles[subset] <= most]
            offered = policy.offered(band.level, country)
            result[fits] = policy.level_position(band.level) if offered else NOT_OFFERED
    return result


def _groups(rows: VerdictRows) -> list[tuple[str, float, npt.NDArray[np.int64]]]:
    """Return each combination of country and limit, with its rows."""
    with_limit = np.flatnonzero(~np.isnan(rows.limit_miles))
    codes, code = np.unique(rows.country[with_limit].astype(str), return_inverse=True)
    limits, limit = np.unique(rows.limit_miles[with_limit], return_inverse=True)
    pair = code * len(limits) + limit
    return [
        (str(codes[p // len(limits)]), float(limits[p % len(limits)]), with_limit[pair == p])
        for p in np.unique(pair).tolist()
    ]

"""Apply drives to verdicts: a level never rises by road, and a site may move to review.

What a report says was decided by distance; a look at roads takes it from there, and a second look
starts from the same place: the verdict before any look can be told from the row
(`VerdictsBeforeRoads`). So looking twice comes to the same as looking once, also with another
network or budget.

Where a policy counts miles along the geodesic, a drive that takes too long, or that does not exist,
makes ``qualified`` a ``review``: somebody has to look, since one engine's word is no verdict. Where
it counts miles by road (``metric = "road"``), the run could not decide within the limit
(``road_unchecked``), and the miles of the fastest way decide here. A site that another center
reaches, too, goes on waiting where its nearest is beyond by road.
"""

from dataclasses import dataclass, replace
from typing import Final

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
        Alpha-2 that decided, or empty, length n.
    limit_miles, margin_miles
        By the geodesic; NaN without one, shape (n,).
    in_reach
        How many open centers may serve it, shape (n,).
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
        Whether there is one that roads can take back or, if miles count by road, give.
    by_road
        Whether miles count by road.
    level
        Position of the level that its band buys.
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
    # Where the band of the row itself is not offered, the run refused it, not a look at roads.
    # A margin below 0 is that to the nearest open center, and roads refused nothing there.
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
        As a run, or an earlier look, left them.
    policy, limits
        Those that they are by.
    road_miles
        Along the fastest way: where miles count by road, they tell the band; NaN where there is
        none, shape (n,).

    Returns
    -------
    minutes
        Infinite where the level sets no limit, shape (n,).
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
        As a run, or an earlier look, left them.
    policy
        The one that they are by.
    road
        Values of `RoadStatus`, shape (n,); of rows without a center anything.
    road_miles
        Along the fastest way, NaN where there is none, shape (n,).
    """
    was = verdicts_before_roads(rows, policy)
    fallback = policy.level_position(policy.qualification.fallback)
    # As it was: what no road is known for keeps the promise, or goes on waiting for one.
    level = np.where(was.requested, np.where(was.by_road, fallback, was.level), rows.level)
    status = np.where(was.by_road, np.int8(Status.review), np.int8(Status.qualified))
    reason = np.where(was.by_road, np.int8(Reason.road_unchecked), np.int8(Reason.within_radius))
    for road_status, why in (
        (RoadStatus.over_budget, Reason.road_over_budget),
        (RoadStatus.unreachable, Reason.road_unreachable),
    ):
        now = road == road_status
        level[now & was.requested], status[now], reason[now] = fallback, Status.review, why
    band = _band_by_road(rows, policy, road_miles)
    inside = was.by_road & (band >= 0) & (road == RoadStatus.within)
    alone = rows.in_reach <= 1
    beyond = was.by_road & (band < 0) & ~np.isnan(road_miles)
    level[inside & was.requested] = band[inside & was.requested]
    status[inside], reason[inside] = Status.qualified, Reason.within_radius
    refusal = np.where(band == NOT_OFFERED, Reason.not_offered_in_country, Reason.beyond_radius)
    status[beyond & alone], reason[beyond & alone] = Status.fallback, refusal[beyond & alone]
    status[beyond & ~alone], reason[beyond & ~alone] = Status.review, Reason.road_unchecked
    return replace(
        rows,
        level=level.astype(np.int8),
        status=np.where(was.requested, status, rows.status).astype(np.int8),
        reason=np.where(was.requested, reason, rows.reason).astype(np.int8),
    )


def _band_by_road(rows: VerdictRows, policy: Policy, road_miles: Floats) -> npt.NDArray[np.int64]:
    """Return the level of the band by road distance, or `BEYOND_ALL` or `NOT_OFFERED`.

    A band that counts along the geodesic, and that the site is in or before, needs no road.
    """
    result = np.full(len(road_miles), BEYOND_ALL)
    for country, limit, subset in _groups(rows):
        bands = [b for b in policy.bands_in(country) if b.up_to_miles > limit - PRINTED_MILES]
        for band in reversed(bands):
            most = np.inf if band.metric == "geodesic" else band.up_to_miles + ROUNDING_M / MILE_M
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

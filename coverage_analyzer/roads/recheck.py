"""Apply drives to verdicts: a level never rises by road, and a site may move to review.

A report is decided by distance; a recheck by road starts from there, and so does a second recheck:
the verdict before any recheck can be derived from the row (`VerdictsBeforeRoads`). Therefore
rechecking twice equals rechecking once, also with another network or limit.

If a policy uses geodesic miles, a drive that takes too long, or does not exist, turns ``qualified``
into ``review``: manual review is needed, since the result of one engine is not a verdict. If it
uses road miles (``metric = "road"``), the run could not decide within the limit
(``road_unchecked``), and the miles of the fastest route decide here. A site reached by another
center, too, remains undecided if its nearest center is beyond the limit by road. If its bands are
drive times, the minutes decide, from the center that reaches the site first (`fastest`); a drive
that is too long for one band is within the next.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, distinct
from coverage_analyzer.geodesy import MILE_M, ROUNDING_M
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.distances import Unit
from coverage_analyzer.policy.model import PRINTED_MILES
from coverage_analyzer.policy.rules import Band
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.roads.limits import DriveLimits
from coverage_analyzer.schema.verdict import ROAD_REASONS, Reason, Status

Codes = npt.NDArray[np.int8]

BEYOND_ALL: Final = -1
"""Instead of a level: the road distance is beyond all bands."""

NOT_OFFERED: Final = -2
"""Instead of a level: the level of the band is not offered in the country."""


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

    @classmethod
    def concatenate(cls, parts: "list[VerdictRows]") -> "VerdictRows":
        """Return the rows of several blocks as one."""
        return cls(*(np.concatenate(values) for values in zip(*map(_values, parts), strict=True)))


def _values(rows: VerdictRows) -> tuple[Any, ...]:
    return tuple(vars(rows).values())


@dataclass(frozen=True)
class VerdictsBeforeRoads:
    """The verdict of each row before any recheck by road.

    Attributes
    ----------
    requested
        Whether roads can withdraw the level or, for road miles, grant it.
    by_road
        Whether the band is decided by road: by road miles, or by the drive time.
    by_time
        Whether it is decided by the drive time.
    level
        Position of the level of its band.
    """

    requested: Bools
    by_road: Bools
    by_time: Bools
    level: Codes


def verdicts_before_roads(rows: VerdictRows, policy: Policy) -> VerdictsBeforeRoads:
    """Return the verdicts before any recheck by road."""
    level = rows.level.copy()
    by_road, by_time, offered = np.zeros((3, len(level)), np.bool_)
    for country, limit, subset in _groups(rows):
        band = policy.band_for(country, limit)
        if band is not None:
            level[subset] = policy.level_position(band.level)
            by_road[subset] = band.metric != "geodesic"
            by_time[subset] = band.metric == "drive_time"
            offered[subset] = policy.offered(band.level, country)
    waiting = np.isin(rows.reason, ROAD_REASONS)
    # If the band of the row itself is not offered, the run refused it, not a recheck.
    # A negative margin is that to the nearest open center, where roads refused nothing.
    refused = rows.reason == Reason.beyond_radius
    refused |= (rows.reason == Reason.not_offered_in_country) & offered
    refused &= rows.margin_miles >= 0
    requested = (rows.status == Status.qualified) | waiting
    requested |= by_road & (rows.status == Status.fallback) & refused
    return VerdictsBeforeRoads(requested, by_road, by_time, level)


def limit_minutes(
    rows: VerdictRows,
    policy: Policy,
    limits: DriveLimits,
    road_miles: Floats,
    minutes: Floats | None = None,
    was: VerdictsBeforeRoads | None = None,
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
    minutes
        Its time, which decides the band for drive times; required if the policy has such bands.
    was
        The verdicts before any recheck, if they are known already.

    Returns
    -------
    minutes
        Infinite if the level has no limit, shape (n,).
    """
    was = was or verdicts_before_roads(rows, policy)
    band = _band_by_road(rows, policy, road_miles, minutes)
    return limits.minutes[np.where(was.by_road & (band >= 0), band, was.level)]


def apply_drive_times(
    rows: VerdictRows,
    policy: Policy,
    road: Codes,
    road_miles: Floats,
    minutes: Floats | None = None,
    was: VerdictsBeforeRoads | None = None,
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
    minutes
        Its time, from the center that reaches the site first (`fastest`); required if the policy
        has bands of drive times.
    was
        The verdicts before any recheck, if they are known already.
    """
    was = was or verdicts_before_roads(rows, policy)
    fallback = _fallbacks(rows, policy)
    band = _band_by_road(rows, policy, road_miles, minutes)
    late, cut_off = road == RoadStatus.over_budget, road == RoadStatus.unreachable
    inside = was.by_road & (band >= 0) & (road == RoadStatus.within)
    # A drive that is too long to be measured is longer than any band.
    beyond = was.by_road & (band < 0) & (~np.isnan(road_miles) | (was.by_time & late))
    alone = (rows.in_reach <= 1) | was.by_time  # by time, all centers were compared
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


def _band_by_road(
    rows: VerdictRows, policy: Policy, road_miles: Floats, minutes: Floats | None
) -> npt.NDArray[np.int64]:
    """Return the level of the band by road, or `BEYOND_ALL` or `NOT_OFFERED`.

    A geodesic band at or beyond the band of the site needs no road.
    """
    result = np.full(len(road_miles), BEYOND_ALL)
    taken = np.full(len(road_miles), np.nan) if minutes is None else minutes
    for country, limit, subset in _groups(rows):
        for band in reversed(_bands_from(policy, country, limit)):
            level = policy.level_position(band.level)
            offered = policy.offered(band.level, country)
            fits = _is_within(band, road_miles[subset], taken[subset])
            result[subset[fits]] = level if offered else NOT_OFFERED
    return result


def band_reach_m(rows: VerdictRows, policy: Policy) -> Floats:
    """Return the geodesic distance up to which the band of each row applies; NaN without one."""
    reach = np.full(len(rows.limit_miles), np.nan)
    for country, limit, subset in _groups(rows):
        band = policy.band_for(country, limit)
        if band is not None:
            reach[subset] = band.up_to_m
    return reach


def limit_by_time(rows: VerdictRows, policy: Policy, minutes: Floats, unit: Unit) -> Floats:
    """Return the limit of the band of each row by drive time in a unit; NaN without such a band.

    Parameters
    ----------
    rows, policy, minutes
        As for `apply_drive_times`.
    unit
        Of the limits.
    """
    limits = np.full(len(rows.limit_miles), np.nan)
    for country, limit, subset in _groups(rows):
        for band in reversed(_bands_from(policy, country, limit)):
            if band.metric == "drive_time":
                fits = _is_within(band, minutes[subset], minutes[subset])
                limits[subset[fits]] = band.limit_in(unit)
    return limits


def _bands_from(policy: Policy, country: str, limit: float) -> list[Band]:
    """Return the bands of a country from that with a limit on, the nearest first."""
    bands = policy.bands_in(country)
    return [band for band in bands if band.limit_in("miles") > limit - PRINTED_MILES]


def _is_within(band: Band, road_miles: Floats, minutes: Floats) -> Bools:
    """Return which drives are within a band, in its own metric."""
    if band.metric == "drive_time":
        within: Bools = minutes <= band.up_to
        return within
    most = np.inf if band.metric == "geodesic" else (band.up_to_m + ROUNDING_M) / MILE_M
    is_within: Bools = road_miles <= most
    return is_within


def _fallbacks(rows: VerdictRows, policy: Policy) -> Codes:
    """Return the position of the level of each row without a band: that of its country.

    An offer for some products only is not considered, as a report does not always have them.
    """
    codes, at = np.unique(rows.country.astype(str), return_inverse=True)
    levels = [policy.level_position(policy.fallback_in(code).id) for code in codes.tolist()]
    result: Codes = np.array(levels, np.int8)[at]
    return result


def _groups(rows: VerdictRows) -> list[tuple[str, float, npt.NDArray[np.int64]]]:
    """Return each combination of country and limit, with its rows."""
    with_limit = np.flatnonzero(~np.isnan(rows.limit_miles))
    codes, code = np.unique(rows.country[with_limit].astype(str), return_inverse=True)
    limits, limit = np.unique(rows.limit_miles[with_limit], return_inverse=True)
    pair = code * len(limits) + limit
    return [
        (str(codes[p // len(limits)]), float(limits[p % len(limits)]), with_limit[pair == p])
        for p in distinct(pair).tolist()
    ]

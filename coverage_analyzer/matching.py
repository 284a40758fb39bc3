"""Sites and centers give verdicts: the kernel. Arrays in, arrays out.

A `Matcher` is built once from centers, policy and countries, and then matches batch after batch;
nothing but its index of cells outlives a batch. Each batch goes one way: the country of each site
(`countries.decision`), the centers of that country that could matter (`nearness`), the band of the
nearest one, the verdict.
"""

import dataclasses
import datetime
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays, geodesy, tables
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.centers import Centers, Days
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.countries.decision import Ground, Grounds, decided
from coverage_analyzer.errors import InputError
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.nearness import NOBODY, Index
from coverage_analyzer.policy import Policy

LOST: Final = (Ground.NULL_ISLAND, Ground.UNKNOWN)
"""Grounds on which no country can be told, so that there is nothing to measure to."""

NO_DAY: Final = np.datetime64("NaT", "D")

ROWS_AT_ONCE: Final = 100_000
"""Bounds the memory of a match; the answer does not depend on it."""


class Status(enum.IntEnum):
    """What a verdict comes to."""

    qualified = 0
    pending = 1
    fallback = 2
    review = 3


class Reason(enum.IntEnum):
    """Why: the code in the report."""

    within_radius = 0
    center_opens_later = 1
    beyond_radius = 2
    no_center_in_country = 3
    country_conflict = 4
    country_unknown = 5
    borderline = 6
    null_island = 7


@dataclass(frozen=True)
class Sites:
    """Customer sites as the kernel wants them.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84, finite and in range, shape (n,).
    declared
        The country each declares, as a number of `countries.Names`, shape (n,).
    accuracy_m
        How far off the coordinates may be, NaN where not known, shape (n,).
    """

    lon: Floats
    lat: Floats
    declared: Numbers
    accuracy_m: Floats

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.lon)

    def batches(self) -> Iterator["Sites"]:
        """Yield the sites in runs of at most `ROWS_AT_ONCE`."""
        for start in range(0, len(self), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            yield Sites(self.lon[some], self.lat[some], self.declared[some], self.accuracy_m[some])


@dataclass(frozen=True)
class Verdicts:
    """One verdict a site, in the order of the sites; each attribute has shape (n,).

    Attributes
    ----------
    level
        Position in ``policy.levels`` of the level in force.
    status, reason
        Values of `Status` and `Reason`.
    center
        Position in the centers, or `NOBODY`.
    distance_miles
        To that center, rounded to 3 decimals as Karney's geodesic rounds; NaN without one.
    limit_miles, margin_miles
        The limit that applied, and what is left of it, rounded away from zero; NaN without one.
    country
        Number of the country that decided.
    available_on
        The day that center opens, where pending, else ``NaT``.
    centers_in_reach
        How many open centers of its country cover the site.
    """

    level: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    center: npt.NDArray[np.int32]
    distance_miles: Floats
    limit_miles: Floats
    margin_miles: Floats
    country: Numbers
    available_on: Days
    centers_in_reach: npt.NDArray[np.int32]


class Matcher:
    """The rules of a policy over the centers of a network on a day.

    Parameters
    ----------
    centers
        Open, planned and closed ones.
    policy
        The levels and rules.
    world
        Where countries are.
    as_of
        The day to judge; by default today in UTC.
    trust_declared
        Whether a declared country stands wherever a point lies.

    Raises
    ------
    InputError
        If there is no center, or the country of one cannot be told.
    """

    def __init__(
        self,
        centers: Centers,
        policy: Policy,
        world: Countries,
        *,
        as_of: datetime.date | None = None,
        trust_declared: bool = False,
    ) -> None:
        if not len(centers):
            msg = "There are no centers: give at least one."
            raise InputError(msg)
        self.centers, self.policy, self.world = centers, policy, world
        self.as_of = as_of or datetime.datetime.now(datetime.UTC).date()
        self.convention = policy.convention(world.names, trust_declared=trust_declared)
        self.center_country = centers.decided(world, self.convention)
        self._edges = band_edges(policy, world)
        self._level = band_levels(policy, world)
        self._points = geodesy.ecef(centers.lon, centers.lat)
        day = np.datetime64(self.as_of, "D")
        self._open = self._index(centers.is_open(day), list_all=False)
        self._planned = self._index(centers.is_planned(day), list_all=True)

    def _index(self, serving: Bools, *, list_all: bool) -> Index:
        """Return the index of some centers; each country asks its own ones, or all."""
        every = np.flatnonzero(serving)
        own = self.policy.qualification.same_country
        members = [
            every[self.center_country[every] == number] if own else every
            for number in range(len(self._edges))
        ]
        reach_m = np.nanmax(self._edges, axis=1) * MILE_M
        return Index(self.centers.lon, self.centers.lat, members, reach_m, list_all=list_all)

    @property
    def open_centers(self) -> int:
        """How many centers serve on the day."""
        return int(self.centers.is_open(np.datetime64(self.as_of, "D")).sum())

    def match(self, sites: Sites) -> Verdicts:
        """Return the verdict on each site; the answer for one does not depend on the others."""
        parts = [self._match(batch) for batch in sites.batches()] or [self._match(sites)]
        return Verdicts(
            **{
                f.name: np.concatenate([getattr(p, f.name) for p in parts])
                for f in dataclasses.fields(Verdicts)
            }
        )

    def _match(self, sites: Sites) -> Verdicts:
        country, ground = decided(sites.lon, sites.lat, sites.declared, self.world, self.convention)
        if not self.policy.needs_country:
            ground = np.where(ground == Ground.NULL_ISLAND, ground, Ground.AGREED).astype(np.int8)
        points = geodesy.ecef(sites.lon, sites.lat)
        group = country.astype(np.int64)
        nearest, in_reach = self._open.nearest(sites.lon, sites.lat, points, group)
        nearest[np.isin(ground, LOST)] = NOBODY
        now = self._measured(sites, points, country, nearest)
        beyond = np.flatnonzero(~now.inside & (ground < Ground.NULL_ISLAND))
        coming = np.full(len(sites), NOBODY, np.int64)
        coming[beyond] = self._opening_first(sites, group, beyond)
        later = self._measured(sites, points, country, coming)
        return self._judged(sites, country, ground, (now, later), in_reach)

    def _opening_first(self, sites: Sites, group: Ints, some: Ints) -> Ints:
        """Return for some sites the planned center in reach that opens first, then the nearest."""
        site, center, away = self._planned.in_reach(sites.lon[some], sites.lat[some], group[some])
        order = np.lexsort((center, away, self.centers.opens_on[center], site))
        first = order[np.flatnonzero(np.diff(site[order], prepend=-1))]
        result = np.full(len(some), NOBODY, np.int64)
        result[site[first]] = center[first]
        return result

    def _measured(self, sites: Sites, points: Floats, country: Numbers, center: Ints) -> "Measured":
        """Return how far one center for each site is, and the band that the distance falls in."""
        to = np.flatnonzero(center != NOBODY)
        c, edges = center[to], self._edges[country]
        chord = geodesy.chord_m(points[to], self._points[c])
        pair = (sites.lon[to], sites.lat[to], self.centers.lon[c], self.centers.lat[c])
        band = np.full(len(sites), edges.shape[1], np.int64)
        for number in reversed(range(edges.shape[1])):
            within = geodesy.within_chord(chord, pair, edges[to, number] * MILE_M)
            band[to[within]] = number
        inside = band < edges.shape[1]
        upper = np.take_along_axis(edges, np.minimum(band, edges.shape[1] - 1)[:, None], axis=1)
        limit = np.where(inside, upper[:, 0], np.nanmax(edges, axis=1))
        return Measured(center, band, inside, limit, self._miles(sites, points, center, limit))

    def _judged(
        self,
        sites: Sites,
        country: Numbers,
        ground: Grounds,
        measured: tuple["Measured", "Measured"],
        in_reach: Ints,
    ) -> Verdicts:
        """Return the verdicts, given the nearest open center and the planned one to come."""
        now, later = measured
        edges = self._edges[country]
        borderline = _borderline(sites, np.where(later.inside, later.miles, now.miles), edges)
        status, reason = _statuses(ground, now, later.inside, borderline)
        pending = status == Status.pending
        # A margin that is too small to tell is shown, also that of a center to come.
        told = later.inside & (pending | (reason == Reason.borderline))
        shown = Measured(*(np.where(told, b, a) for a, b in zip(now, later, strict=True)))
        lost = np.isin(ground, LOST)
        margin = shown.limit - shown.miles
        opens = np.where(pending, self.centers.opens_on[shown.center], NO_DAY)
        return Verdicts(
            level=self._levels(country, status, shown.band),
            status=status,
            reason=reason,
            center=shown.center.astype(np.int32),
            distance_miles=np.round(shown.miles * 1000) / 1000,
            limit_miles=np.where(lost, np.nan, shown.limit),
            margin_miles=_away_from_zero(np.where(shown.inside, np.maximum(margin, 0), margin)),
            country=country,
            available_on=opens.astype("datetime64[D]"),
            centers_in_reach=np.where(lost, 0, in_reach).astype(np.int32),
        )

    def _levels(
        self, country: Numbers, status: npt.NDArray[np.int8], band: Ints
    ) -> npt.NDArray[np.int8]:
        """Return the level in force: what the band buys, else interim or fallback."""
        position = {level.id: number for number, level in enumerate(self.policy.levels)}
        rules = self.policy.qualification
        bought = self._level[country, np.minimum(band, self._level.shape[1] - 1)]
        less = np.where(status == Status.pending, position[rules.interim], position[rules.fallback])
        return np.where(status == Status.qualified, bought, less).astype(np.int8)

    def _miles(self, sites: Sites, points: Floats, center: Ints, limit: Floats) -> Floats:
        """Return distances good enough that no printed digit differs from Karney's."""
        result = np.full(len(sites), np.nan)
        to = np.flatnonzero(center != NOBODY)
        c = center[to]
        metres = geodesy.arc_m(points[to], self._points[c])
        far = metres > geodesy.ARC_REACH_M
        error = geodesy.ARC_ERROR_M / MILE_M
        printed = _near_step(metres / MILE_M + 0.0005, error)
        ask = far | printed | _near_step(limit[to] - metres / MILE_M, error)
        some, other = to[ask], c[ask]
        metres[ask] = geodesy.distance_m(
            sites.lon[some], sites.lat[some], self.centers.lon[other], self.centers.lat[other]
        )
        result[to] = metres / MILE_M
        return result

    def columns(self, verdicts: Verdicts) -> dict[str, pa.Array]:
        """Return verdicts as the columns that a report adds, in their order: `tables.VERDICT`."""
        days = np.isnat(verdicts.available_on)
        country = np.where(verdicts.country > 0, verdicts.country, -1)
        columns = {
            "level": arrays.chosen(verdicts.level, [level.title for level in self.policy.levels]),
            "status": arrays.chosen(verdicts.status, [s.name for s in Status]),
            "reason": arrays.chosen(verdicts.reason, [r.name for r in Reason]),
            "center_id": arrays.chosen(verdicts.center, self.centers.center_id),
            "distance_miles": _nullable(verdicts.distance_miles),
            "limit_miles": _nullable(verdicts.limit_miles),
            "margin_miles": _nullable(verdicts.margin_miles),
            "site_country": arrays.chosen(country, self.world.names.codes),
            "available_on": arrays.arrow(verdicts.available_on, days),
            "centers_in_reach": arrays.arrow(verdicts.centers_in_reach),
        }
        return {name: columns[name] for name in tables.VERDICT}


def _nullable(values: Floats) -> pa.Array:
    return arrays.arrow(values, np.isnan(values))


class Measured(NamedTuple):
    """One center a site: its position or `NOBODY`, the band of its distance; shape (n,) each.

    ``band`` counts on by one where the site is beyond all bands, which ``inside`` says, too;
    ``limit`` and ``miles`` are the band's upper limit and the distance.
    """

    center: Ints
    band: Ints
    inside: Bools
    limit: Floats
    miles: Floats


def _statuses(
    ground: Grounds, now: Measured, pending: Bools, borderline: Bools
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Return status and reason; the first case that fits decides."""
    offshore = (ground == Ground.OFFSHORE) & (now.inside | pending)
    cases: list[tuple[Bools, Status, Reason]] = [
        (ground == Ground.NULL_ISLAND, Status.review, Reason.null_island),
        (ground == Ground.UNKNOWN, Status.review, Reason.country_unknown),
        (ground == Ground.CONFLICT, Status.review, Reason.country_conflict),
        (offshore, Status.review, Reason.country_conflict),
        (borderline, Status.review, Reason.borderline),
        (pending, Status.pending, Reason.center_opens_later),
        (now.center == NOBODY, Status.fallback, Reason.no_center_in_country),
        (now.inside, Status.qualified, Reason.within_radius),
    ]
    when = [case for case, _, _ in cases]
    status = np.select(when, [s for _, s, _ in cases], Status.fallback)
    reason = np.select(when, [r for _, _, r in cases], Reason.beyond_radius)
    return status.astype(np.int8), reason.astype(np.int8)


def _borderline(sites: Sites, miles: Floats, edges: Floats) -> Bools:
    """Return where coordinates are not good enough to tell the side of a limit."""
    off = np.abs(edges - miles[:, None]).min(axis=1, initial=np.inf, where=~np.isnan(edges))
    doubtful: Bools = off * MILE_M < sites.accuracy_m
    return doubtful


def _near_step(miles: Floats, error: float) -> Bools:
    """Return where a number lies within its error of a multiple of 0.001, where printing jumps."""
    steps = miles * 1000
    near: Bools = np.abs(steps - np.rint(steps)) < 2 * error * 1000
    return near


def _away_from_zero(miles: Floats) -> Floats:
    """Return numbers rounded to 3 decimals, outwards, so that only zero prints as zero."""
    return np.sign(miles) * np.ceil(np.round(np.abs(miles) * 1000, 6)) / 1000


def band_edges(policy: Policy, world: Countries) -> Floats:
    """Return the upper limits of the bands of each country in miles, NaN where it has fewer."""
    bands = [policy.bands_in(code) for code in world.names.codes]
    result = np.full((len(bands), max(map(len, bands))), np.nan)
    for number, some in enumerate(bands):
        result[number, : len(some)] = [band.up_to_miles for band in some]
    return result


def band_levels(policy: Policy, world: Countries) -> npt.NDArray[np.int8]:
    """Return the positions of the levels that the bands of each country buy."""
    position = {level.id: number for number, level in enumerate(policy.levels)}
    result = np.zeros(band_edges(policy, world).shape, np.int8)
    for number, code in enumerate(world.names.codes):
        levels = [position[band.level] for band in policy.bands_in(code)]
        result[number, : len(levels)] = levels
    return result

"""Which sites a new center could help: those that lack the level only because of distance.

Existing centers and planned ones are fixed: planned ones count as open. A site whose verdict is
for review, or that a rule of eligibility keeps from the level, is never counted as gained.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import Numbers
from coverage_analyzer.errors import InputError, refuse
from coverage_analyzer.matching.bands import band_edges, band_levels, bands_by_road, limit_table
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.eligibility import EligibilityInputs
from coverage_analyzer.matching.matcher import Matcher, Sites, Verdicts
from coverage_analyzer.matching.nearest import ReachIndex
from coverage_analyzer.matching.outcomes import printed_metres
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.schema.days import NO_DAY
from coverage_analyzer.schema.verdict import Reason, Status

BY_DISTANCE: Final = (Reason.beyond_radius, Reason.no_center_in_country)
"""Reasons that a new center can remove."""

COVERED, WANTING, REVIEW, RULED_OUT = range(4)
"""States of sites: has the level; lacks it by distance; is for review; lacks it by a rule."""

STATES: Final = ("covered", "without_level", "review", "ruled_out")


@dataclass(frozen=True)
class SiteTable:
    """Sites as read.

    Attributes
    ----------
    sites
        Where they are.
    facts
        What their rows say for the rules of eligibility, if anything.
    site_id
        What they are called, length n.
    weight
        What each counts, not negative, shape (n,).
    weight_column
        Header of the column that the weights are from; empty if each site counts 1.
    """

    sites: Sites
    facts: EligibilityInputs | None
    site_id: pa.Array
    weight: Floats
    weight_column: str = ""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.sites)

    def part(self, rows: Ints) -> tuple[Sites, EligibilityInputs | None]:
        """Return a subset as the matcher takes it."""
        return self.sites.take(rows), None if self.facts is None else self.facts.take(rows)


def check_weights(weight: Floats, row: Any, column: str) -> None:
    """Raise if a weight is missing, negative or not a number.

    Parameters
    ----------
    weight
        NaN where a cell is not a number, shape (n,).
    row
        Returns how a row is called in messages, by its position.
    column
        Its header.

    Raises
    ------
    InputError
        With the first rows, and how many there are.
    """
    bad = np.flatnonzero(~((weight >= 0) & np.isfinite(weight))).tolist()
    refuse(
        [f"{row(i)}: the weight in {column!r} is missing, negative or not a number" for i in bad],
        len(weight),
        "site",
    )


class Reach:
    """How far a center reaches by a policy: the best band of each country, exactly as the matcher.

    Parameters
    ----------
    matcher
        The rules.

    Raises
    ------
    InputError
        If the policy measures the best level by road, or gives centers bands of their own, which
        siting cannot plan for.
    """

    def __init__(self, matcher: Matcher) -> None:
        policy, zones = matcher.policy, matcher.zones
        if policy.by_center:
            msg = (
                f"The policy {policy.title!r} gives named centers bands of their own, and plans "
                f"are made for new centers. Choose a policy whose bands name no centers."
            )
            raise InputError(msg)
        if bands_by_road(zones.rows)[:, 0].any():
            msg = (
                f"The policy {policy.title!r} measures by road, and plans are made by geodesic "
                f"distance. Choose a policy that measures by distance."
            )
            raise InputError(msg)
        self.limit_m = band_edges(zones.rows)[:, 0]
        self._limits = {u: limit_table(zones.rows, u)[:, 0] for u in policy.printed_units}
        self.level = band_levels(policy, zones.rows)[:, 0]
        self.same_country = policy.qualification.same_country
        self._countries = len(matcher.world.names.codes)
        self._by_country = zones.by_country
        served = np.nan_to_num(self.limit_m)
        self._reaches, self._kind = (served, np.zeros(0, np.int64))
        if not self._by_country:
            self._reaches, self._kind = np.unique(served, return_inverse=True)

    def index(self, lon: Floats, lat: Floats, country: Numbers) -> ReachIndex:
        """Return an index of places that could serve sites; shape (n,) each."""
        every = np.flatnonzero(country >= 0)
        members = [
            np.flatnonzero(country == number) if self.same_country else every
            for number in range(self._countries)
        ]
        if self._by_country:
            return ReachIndex(lon, lat, members, self.limit_m)
        kinds = len(self._reaches)  # a group for each reach and country
        reach_m = np.repeat(self._reaches, self._countries)
        return ReachIndex(lon, lat, members * kinds, reach_m)

    def pairs(
        self, index: ReachIndex, sites: Sites, country: Numbers, zone: Ints
    ) -> tuple[Ints, Ints]:
        """Return all pairs of a site and a place that gives it the level for certain.

        Where the coordinates of a site are rough, a place near the limit does not.

        Parameters
        ----------
        index
            The places.
        sites, country, zone
            The sites, with the country and zone of each.
        """
        group = country.astype(np.int64)
        if not self._by_country:
            group = self._kind.astype(np.int64).take(zone) * self._countries + group
        site, place = index.reaching(sites.lon, sites.lat, group)
        if not self._by_country:  # a zone without bands reaches nothing, not even itself
            banded = ~np.isnan(self.limit_m[zone[site]])
            site, place = site[banded], place[banded]
        rough = np.flatnonzero(~np.isnan(sites.accuracy_m[site]))
        if not len(rough):
            return site, place
        x, y = site[rough], place[rough]
        pair = sites.lon[x], sites.lat[x], index.lon[y], index.lat[y]
        at = zone[x]
        points = geodesy.ecef(*pair[:2]), geodesy.take(index.points, y)
        limits = {unit: table[at] for unit, table in self._limits.items()}
        metres = printed_metres(
            geodesy.arc_m(*points), limits, lambda some: [c[some] for c in pair]
        )
        certain = np.ones(len(site), np.bool_)
        certain[rough] = np.abs(self.limit_m[at] - metres) >= sites.accuracy_m[x]
        return site[certain], place[certain]

    def has_level(self, verdicts: Verdicts, zone: Ints) -> Bools:
        """Return which sites have the best level of their zone, shape (n,)."""
        best = verdicts.level == self.level[zone]
        return np.asarray((verdicts.status == Status.qualified) & best)


def with_planned_open(matcher: Matcher) -> Matcher:
    """Return the same rules with all planned centers open."""
    centers = matcher.centers
    planned = centers.is_planned(np.datetime64(matcher.as_of, "D"))
    if not planned.any():
        return matcher
    changed = dataclasses.replace(
        centers,
        opens_on=np.where(planned, NO_DAY, centers.opens_on),
        ordered_on=np.where(planned, NO_DAY, centers.ordered_on),
        earliest_on=np.where(planned, NO_DAY, centers.earliest_on),
    )
    return with_centers(matcher, changed)


def with_centers(matcher: Matcher, centers: Centers) -> Matcher:
    """Return the same rules over other centers."""
    return dataclasses.replace(MatcherSpec.of(matcher), centers=centers).build(matcher.world)


def joined(
    centers: Centers, ids: tuple[str, ...], lon: Floats, lat: Floats, codes: list[str]
) -> Centers:
    """Return centers and further ones that are open, in the order of their ids.

    Parameters
    ----------
    centers
        Those that there are.
    ids, lon, lat, codes
        Of the further ones: ids, degrees on WGS 84, and countries.
    """
    n = len(ids)
    none = np.full(n, NO_DAY)
    every = (*centers.center_id, *ids)
    order = sorted(range(len(every)), key=every.__getitem__)

    def texts(old: tuple[str, ...], new: list[str]) -> tuple[str, ...]:
        whole = (*(old or ("",) * len(centers)), *new)
        return tuple(whole[i] for i in order)

    def values(old: npt.NDArray[Any], new: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate([old, new])[order]

    return Centers(
        center_id=texts(centers.center_id, list(ids)),
        name=texts(centers.name, [""] * n),
        country=texts(centers.country, codes),
        lon=values(centers.lon, lon),
        lat=values(centers.lat, lat),
        opens_on=values(centers.opens_on, none),
        closes_on=values(centers.closes_on, none),
        row=texts(centers.row, [f"candidate {name}" for name in ids]),
        ordered_on=values(centers.ordered_on, none),
        earliest_on=values(centers.earliest_on, none),
        time_zone=texts(centers.time_zone, [""] * n),
        region=texts(centers.region, [""] * n),
    )


@dataclass(frozen=True)
class Demand:
    """Sites with their state under the fixed centers.

    Attributes
    ----------
    table
        The sites.
    matcher
        The rules, planned centers open.
    reach
        How far a center reaches.
    country, zone
        Number of the country that decided, and the zone, shape (n,).
    state
        `COVERED`, `WANTING`, `REVIEW` or `RULED_OUT`, shape (n,).
    reason
        Reason of each verdict, shape (n,).
    """

    table: SiteTable
    matcher: Matcher
    reach: Reach
    country: Numbers
    zone: Ints
    state: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]

    @classmethod
    def of(cls, table: SiteTable, matcher: Matcher) -> "Demand":
        """Return the sites with their state.

        Raises
        ------
        InputError
            If the policy measures by road, or gives centers bands of their own.
        """
        fixed = with_planned_open(matcher)
        reach = Reach(fixed)
        verdicts = fixed.match(table.sites, table.facts)
        zone, uncertain = fixed.zones_of(table.sites, table.facts, verdicts.country)
        covered = reach.has_level(verdicts, zone)
        by_distance = np.isin(verdicts.reason, BY_DISTANCE) & (verdicts.status == Status.fallback)
        lower = (verdicts.status == Status.qualified) & ~covered
        state = np.full(len(table), RULED_OUT, np.int8)
        state[by_distance | lower] = WANTING
        state[(verdicts.status == Status.review) | (uncertain & ~covered)] = REVIEW
        state[covered] = COVERED
        return cls(table, fixed, reach, verdicts.country, zone, state, verdicts.reason)

    def rows(self, *states: int) -> Ints:
        """Return the positions of the sites in some states."""
        return np.flatnonzero(np.isin(self.state, states))

    def weight(self, *states: int) -> float:
        """Return the weight of the sites in some states."""
        return float(self.table.weight[self.rows(*states)].sum())

    def ruled_out(self, rows: Ints, centers: Centers) -> Ints:
        """Return those of some sites that do not get the level even with all candidates open.

        Only rules of eligibility can be the cause for sites that a candidate reaches.
        """
        if self.table.facts is None and not self.matcher.gates.everywhere:
            return rows[:0]
        probe = with_centers(self.matcher, centers)
        verdicts = probe.match(*self.table.part(rows))
        return rows[~self.reach.has_level(verdicts, self.zone[rows])]

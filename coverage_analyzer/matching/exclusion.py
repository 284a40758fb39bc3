"""Match sites as if some centers did not exist: other ones for each site, in one pass.

Which site loses what if a center closes is the question of one more match for the sites that it
serves, against all centers but that one. Sites are therefore put into groups by the center that
serves them, and the kernel compares each only with the centers of its group; the rule is the same
code (`Matcher.among`). A group has the centers that can reach a site of it: a site within reach of
two centers lies on a path between them of at most twice the reach.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Ints, distinct
from coverage_analyzer.errors import InputError
from coverage_analyzer.matching.eligibility import EligibilityInputs
from coverage_analyzer.matching.matcher import CenterGroups, Matcher, Sites, Verdicts
from coverage_analyzer.matching.nearest import Groups, NearestIndex, ReachIndex

MAX_MEMBERS: Final = 20_000_000
"""Bounds the memory of groups: 160 MB."""

SLACK_M: Final = 1.0
"""Added to twice the reach, for rounding."""


class Exclusion:
    """The sites of a matcher matched again without the centers that serve them.

    Parameters
    ----------
    matcher
        Of the verdicts that name the centers.
    pairs
        Whether `without_pair` will be called.

    Attributes
    ----------
    neighbours
        For each center the positions of the others that can reach a site of it, ascending.

    Raises
    ------
    InputError
        If there are too many centers near each other for pairs.
    """

    def __init__(self, matcher: Matcher, *, pairs: bool = False) -> None:
        self._matcher = matcher
        self.neighbours = list(_neighbours(matcher))
        degrees = np.array([len(near) for near in self.neighbours], np.int64)
        self._first = np.cumsum(degrees) - degrees
        members = int((degrees**2).sum()) * len(matcher.zones.kinds) if pairs else 0
        if members > MAX_MEMBERS:
            msg = (
                f"The {len(degrees):,} centers are too near each other for pairs: "
                f"{int(degrees.sum()):,} pairs of neighbours. Leave out the pairs."
            )
            raise InputError(msg)
        self._single = self._groups(self.neighbours)
        self._pair = self._groups(self._without_one()) if pairs else None

    def without_center(
        self, sites: Sites, facts: EligibilityInputs | None, verdicts: Verdicts
    ) -> Verdicts:
        """Return the verdict on each site if the center that serves it did not exist.

        Level, status, days and the center that takes over are those of a run without it. Where no
        center takes over, the verdict may name none, although one is open out of reach.

        Parameters
        ----------
        sites, facts
            Qualified or pending sites, as for `Matcher.match`.
        verdicts
            Those on the sites.
        """
        group = verdicts.center.astype(np.int64)
        return self._matcher.among(sites, facts, self._single, group)

    def without_pair(
        self,
        sites: Sites,
        facts: EligibilityInputs | None,
        verdicts: Verdicts,
        other: Ints,
    ) -> Verdicts:
        """Return the verdict on each site if another center did not exist either.

        Parameters
        ----------
        sites, facts, verdicts
            As for `without_center`.
        other
            Position of a second center, one of the neighbours of the first, shape (n,).

        Raises
        ------
        ValueError
            If it was not made for pairs.
        """
        if self._pair is None:
            msg = "this exclusion was not made for pairs"
            raise ValueError(msg)
        center = verdicts.center.astype(np.int64)
        place = np.zeros(len(center), np.int64)
        for first in distinct(center).tolist():
            rows = center == first
            place[rows] = np.searchsorted(self.neighbours[first], other[rows])
        return self._matcher.among(sites, facts, self._pair, self._first[center] + place)

    def _without_one(self) -> Iterator[Ints]:
        """Yield the neighbours of each center but one, for each of them in turn."""
        for near in self.neighbours:
            for place in range(len(near)):
                yield np.delete(near, place)

    def _groups(self, members: "Iterator[Ints] | list[Ints]") -> CenterGroups:
        """Return an index of the open and of the planned centers of groups, for each kind."""
        centers, day = self._matcher.centers, np.datetime64(self._matcher.as_of, "D")
        zones = self._matcher.zones
        kinds = range(len(zones.kinds))
        listed = [zones.members(kind, near) for near in members for kind in kinds]
        reach_m = np.tile([reach for _, reach in zones.kinds], len(listed) // len(kinds))

        def groups(serving: Bools) -> Groups:
            subset = [near[serving[near]] for near in listed]
            return Groups(centers.lon, centers.lat, subset, reach_m)

        return CenterGroups(
            NearestIndex(*groups(centers.is_open(day))),
            ReachIndex(*groups(centers.is_planned(day))),
        )


def _neighbours(matcher: Matcher) -> Iterator[Ints]:
    """Yield for each center those that may serve a site of it, too: open or planned."""
    centers, day = matcher.centers, np.datetime64(matcher.as_of, "D")
    points = geodesy.ecef(centers.lon, centers.lat)
    serving = centers.is_open(day) | centers.is_planned(day)
    own = matcher.policy.qualification.same_country
    country = matcher.center_country
    reach = matcher.reach_m[country] if own else np.full(len(centers), matcher.reach_m.max())
    far = 2 * geodesy.chord_limits_m(reach)[1] + SLACK_M
    for center in range(len(centers)):
        near = geodesy.square_m2(points, points[[center]]) <= far[center] ** 2
        near &= serving & ((country == country[center]) | (not own))
        near[center] = False
        yield np.flatnonzero(near)

"""Why the verdict on a site changed: it is judged again, with one input swapped at a time.

A verdict depends on the site, the centers, the policy, the products and the day, and on nothing
else; so a cause can be proved. Beginning with the inputs of the earlier report, one of them is
replaced by that of the later report; if this gives the later verdict, that input is the cause. The
order is that of `LEVERS`, and the first that explains the change is named. Where none does alone,
all pairs are tried in the same order, then all triples and so on: the first set that explains the
change is the smallest one, and the cause is `several`.

Verdicts are the same if they are in the columns that a comparison compares (`changes.COMPARED`).

The cause is ``borders_or_version`` if the earlier inputs, judged by this version of the program, no
longer give the earlier verdict, or the later ones the later verdict: another version of the program
or of its country layer made the reports, or a report was edited.

What a recheck by road did to a verdict is kept as it is: it applies where judging gives the verdict
that was rechecked. ``roads`` is the cause if the recheck alone makes the difference.
"""

import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Ints
from coverage_analyzer.comparison.changes import COMPARED, Change, LevelRanks, TextEnum, classify
from coverage_analyzer.comparison.rows import Side
from coverage_analyzer.errors import CoverageError
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.verdict import Reason

Columns = Mapping[str, pa.Array]
"""Columns of verdicts, by name."""


class Cause(TextEnum):
    """Why a verdict changed; its name is the code in ``changes.csv``."""

    centers = 0, "centers opened, closed, moved or were corrected"
    policy = 1, "the policy, or whether declared countries are trusted"
    products = 2, "the support phases of the products"
    site_moved = 3, "the coordinates of the site"
    site_data = 4, "other data of the site, or the site is in one report only"
    day = 5, "the day of the assessment"
    roads = 6, "the recheck by road"
    borders_or_version = 7, "another version of the program or its borders, or an edited report"
    several = 8, "several of these together"
    not_known = 9, "a report does not keep what it was made of"


LEVERS: Final = (
    Cause.centers,
    Cause.policy,
    Cause.products,
    Cause.site_moved,
    Cause.site_data,
    Cause.day,
    Cause.roads,
)
"""What is swapped, in this order."""

ROAD_REASONS: Final = {
    reason.name
    for reason in (Reason.road_over_budget, Reason.road_unreachable, Reason.road_unchecked)
}

UNRANKED: Final = LevelRanks()

Levers = frozenset[Cause]
"""The inputs that are those of the later report."""


class CauseColumns(NamedTuple):
    """The cause of each change: values of `Cause`, shape (n,), and the smallest set as text."""

    cause: npt.NDArray[np.int8]
    sets: list[str]


@dataclass(frozen=True)
class ChangedRows:
    """Changed rows of one side: what they say of their sites, and the verdicts of the report."""

    sites: SiteRows
    verdict: Columns

    def take(self, which: Ints) -> "ChangedRows":
        """Return a subset of the rows."""
        return ChangedRows(take_sites(self.sites, which), _take(self.verdict, which))


class CauseFinder:
    """Finds the cause of changes between two sides whose inputs are known.

    Parameters
    ----------
    before, after
        The sides.
    """

    def __init__(self, before: Side, after: Side) -> None:
        self._by_road = before.by_road, after.by_road
        self._specs = before.spec, after.spec
        self._levers = tuple(self._active())
        self._matcher = functools.cache(self._build)

    def _active(self) -> Iterator[Cause]:
        """Yield the levers that may make a difference."""
        a, b = self._specs
        if a is None or b is None:
            return
        differs = {
            Cause.centers: not same_centers(a.centers, b.centers),
            Cause.policy: (a.policy.sha256, a.trust_declared)
            != (b.policy.sha256, b.trust_declared),
            Cause.products: _products(a) != _products(b),
            Cause.site_moved: True,
            Cause.site_data: True,
            Cause.day: a.as_of != b.as_of,
            Cause.roads: any(self._by_road),
        }
        yield from (lever for lever in LEVERS if differs[lever])

    def find(self, before: ChangedRows, after: ChangedRows) -> CauseColumns:
        """Return the cause of each change.

        Parameters
        ----------
        before, after
            The same n sites on both sides.
        """
        n = len(before.sites.lon)
        if not self._levers:
            return CauseColumns(np.full(n, Cause.not_known, np.int8), [""] * n)
        cause = np.full(n, Cause.borders_or_version, np.int8)
        sets = np.full(n, "", object)
        own = (
            self._assess_with(frozenset(), before, after),
            self._assess_with(frozenset(LEVERS), before, after),
        )
        if own[0] is None or own[1] is None:
            return CauseColumns(cause, sets.tolist())
        found_again = self._is_reproduced(own[0], before.verdict, by_road=self._by_road[0])
        found_again &= self._is_reproduced(own[1], after.verdict, by_road=self._by_road[1])
        left = np.flatnonzero(found_again)
        for levers in _subsets(self._levers):
            if not len(left):
                break
            rows = before.take(left), after.take(left)
            there = _take(own[0], left), _take(own[1], left)
            explained = left[self._explains(frozenset(levers), *rows, *there)]
            cause[explained] = levers[0] if len(levers) == 1 else Cause.several
            sets[explained] = "+".join(lever.name for lever in levers)
            left = np.setdiff1d(left, explained, assume_unique=True)
        return CauseColumns(cause, sets.tolist())

    def _explains(
        self,
        levers: Levers,
        before: ChangedRows,
        after: ChangedRows,
        own_before: Columns,
        own_after: Columns,
    ) -> Bools:
        """Return which rows get the later verdict if some inputs are those of the later report."""
        judged = self._assess_with(levers, before, after)
        if judged is None:
            return np.zeros(len(before.sites.lon), np.bool_)
        by_roads = (after, own_after) if Cause.roads in levers else (before, own_before)
        rows, own = by_roads
        rechecked = same(judged, own)
        predicted = same(judged, after.verdict)
        result: Bools = np.where(rechecked, same(rows.verdict, after.verdict), predicted)
        return result

    @staticmethod
    def _is_reproduced(judged: Columns, verdict: Columns, *, by_road: bool) -> Bools:
        """Return where judging gives the verdict of the report, but for what roads changed."""
        same_again = same(judged, verdict)
        if not by_road:
            return same_again
        names = [np.array(as_text(c["reason"]).to_pylist(), object) for c in (judged, verdict)]
        of_roads = [np.isin(texts, list(ROAD_REASONS)) for texts in names]
        result: Bools = same_again | of_roads[0] | of_roads[1]
        return result

    def _assess_with(
        self, levers: Levers, before: ChangedRows, after: ChangedRows
    ) -> Columns | None:
        """Return verdicts with some inputs of the later report; None if they do not fit."""
        matcher = self._matcher(levers - {Cause.site_moved, Cause.site_data, Cause.roads})
        if matcher is None:
            return None
        moved = (after if Cause.site_moved in levers else before).sites
        data = (after if Cause.site_data in levers else before).sites
        rows = SiteRows(moved.lon, moved.lat, data.accuracy_m, data.countries, data.cells)
        return matcher.columns(matcher.match(*matcher.inputs(rows)))

    def _build(self, levers: Levers) -> Matcher | None:
        """Return the matcher with some inputs of the later report; None if they do not fit.

        A policy may have no lead time for a center of the other report, for instance.
        """
        a, b = self._specs
        if a is None or b is None:
            return None
        policy = b if Cause.policy in levers else a
        spec = MatcherSpec(
            (b if Cause.centers in levers else a).centers,
            policy.policy,
            (b if Cause.day in levers else a).as_of,
            policy.trust_declared,
            (b if Cause.products in levers else a).products,
        )
        try:
            return spec.build()
        except CoverageError:
            return None


def _subsets(levers: tuple[Cause, ...]) -> Iterator[tuple[Cause, ...]]:
    """Yield all sets of levers: the smaller ones first, each size in the order of the levers."""
    for size in range(1, len(levers) + 1):
        yield from itertools.combinations(levers, size)


def same(before: Columns, after: Columns) -> Bools:
    """Return where verdicts are the same in the columns that are compared, shape (n,)."""
    result: Bools = classify(before, after, UNRANKED) == Change.same
    return result


def take_sites(sites: SiteRows, which: Ints) -> SiteRows:
    """Return a subset of rows.

    Parameters
    ----------
    sites
        The rows.
    which
        Positions, shape (k,).
    """
    at = arrays.from_numpy(which)
    return SiteRows(
        sites.lon[which],
        sites.lat[which],
        sites.accuracy_m[which],
        [cells.take(at) for cells in sites.countries],
        {
            name: cells[which] if isinstance(cells, np.ndarray) else cells.take(at)
            for name, cells in sites.cells.items()
        },
    )


def _take(columns: Columns, which: Ints) -> Columns:
    at = arrays.from_numpy(which)
    return {name: columns[name].take(at) for name in COMPARED}


def same_centers(before: Centers, after: Centers) -> bool:
    """Return whether centers are the same in all that a verdict depends on."""
    names = ("center_id", "country", "lon", "lat", "opens_on", "closes_on", "ordered_on")
    return all(_texts(before, name) == _texts(after, name) for name in names)


def _texts(centers: Centers, name: str) -> list[str]:
    texts: list[str] = np.asarray(getattr(centers, name)).astype(str).tolist()
    return texts


def _products(spec: MatcherSpec) -> Any:
    return spec.products.to_dict() if spec.products else None

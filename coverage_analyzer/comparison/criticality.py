"""What is lost if a center closes: for each center, and for pairs of neighbours, in one pass.

A site that is qualified or pending is matched a second time, without the center that serves it
(`matching.exclusion`); other sites cannot lose anything. What counts as lost or delayed is decided
as in a comparison (`changes`): the level ranks lower, or the better level starts later, or no
longer.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.geodesy import MILE_M, distance_m
from coverage_analyzer.matching.eligibility import EligibilityInputs
from coverage_analyzer.matching.exclusion import Exclusion
from coverage_analyzer.matching.matcher import Matcher, Sites, Verdicts
from coverage_analyzer.schema.verdict import Status

CENTERS: Final = pa.schema(
    [
        ("center_id", pa.string()),
        ("name", pa.string()),
        ("country", pa.string()),
        ("state", pa.string()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("sites", pa.int64()),
        ("lost", pa.int64()),
        ("waiting", pa.int64()),
        ("delayed", pa.int64()),
        ("kept", pa.int64()),
        ("alone", pa.int64()),
        ("weight", pa.float64()),
        ("lost_weight", pa.float64()),
        ("takes_over", pa.string()),
        ("takes_over_sites", pa.int64()),
    ]
)
"""Columns of the table of centers, those that lose the most first.

``sites``: qualified or pending sites that name the center; ``lost``: whose level falls if it
closes, ``waiting``: of those, who would wait for a planned center; ``delayed``: whose better level
starts later, or no longer; ``kept``: the others; ``alone``: qualified sites that no other open
center reaches; ``takes_over``: the center that serves most of them then.
"""

TAKE_OVER: Final = pa.schema(
    [
        ("center_id", pa.string()),
        ("takes_over", pa.string()),
        ("status", pa.string()),
        ("sites", pa.int64()),
        ("weight", pa.float64()),
    ]
)
"""Columns of the table of who takes over from whom, with the status of the sites then."""

PAIRS: Final = pa.schema(
    [
        ("center_id", pa.string()),
        ("other_id", pa.string()),
        ("distance_miles", pa.float64()),
        ("lost", pa.int64()),
        ("other_lost", pa.int64()),
        ("together", pa.int64()),
        ("extra", pa.int64()),
        ("together_weight", pa.float64()),
    ]
)
"""Columns of the table of pairs, of which each takes over a site of the other.

``together``: sites whose level falls if both close; ``extra``: how many that are more than if each
closes alone. Of all other pairs it is 0.
"""


Key = tuple[int, ...]
"""Positions of centers, and perhaps a status."""


class Loss(NamedTuple):
    """What sites lose: level, or days. Shape (n,) each."""

    lost: Bools
    delayed: Bools


def loss(before: Verdicts, after: Verdicts) -> Loss:
    """Return which sites lose by a change of centers, under the same policy.

    Parameters
    ----------
    before, after
        Verdicts on the same sites.
    """
    lost = after.level > before.level
    had_day, has_day = ~np.isnat(before.available_on), ~np.isnat(after.available_on)
    later = had_day & (~has_day | (after.available_on > before.available_on))
    return Loss(lost, later & (after.level == before.level))


@dataclass(frozen=True)
class Alone:
    """Sites of a batch that one open center reaches: their rows, and that center's position."""

    rows: Ints
    center: Ints


class Criticality:
    """Counts what each center's sites lose if it closes, batch by batch.

    Parameters
    ----------
    matcher
        Of the centers and the policy.
    pairs
        Whether pairs of neighbouring centers are counted, too.

    Raises
    ------
    InputError
        If there are too many centers near each other for pairs.
    """

    def __init__(self, matcher: Matcher, *, pairs: bool = False) -> None:
        self._matcher, self._with_pairs = matcher, pairs
        self._exclusion = Exclusion(matcher, pairs=pairs)
        n = len(matcher.centers)
        self._counts = {name: np.zeros(n, np.int64) for name in COUNTED}
        self._weights = {name: np.zeros(n) for name in ("weight", "lost_weight")}
        self._next: Counter[Key] = Counter()
        self._next_weights: Counter[Key] = Counter()
        self._extra: Counter[Key] = Counter()
        self._extra_weights: Counter[Key] = Counter()
        self.n_sites, self.n_served = 0, 0

    def add(
        self, sites: Sites, facts: EligibilityInputs | None, weight: Floats | None = None
    ) -> Alone:
        """Count sites; return those that a single open center reaches.

        Parameters
        ----------
        sites, facts
            As for `Matcher.match`.
        weight
            What each site counts, shape (n,); 1 by default.
        """
        verdicts = self._matcher.match(sites, facts)
        self.n_sites += len(sites)
        rows = np.flatnonzero((verdicts.status <= Status.pending) & (verdicts.center >= 0))
        self.n_served += len(rows)
        if not len(rows):
            return Alone(rows, rows)
        served = _Served(
            sites.take(rows),
            None if facts is None else facts.take(rows),
            verdicts.take(rows),
            np.ones(len(rows)) if weight is None else weight[rows],
        )
        is_alone = (served.verdicts.status == Status.qualified) & (
            served.verdicts.centers_in_reach == 1
        )
        self._count(served, is_alone)
        return Alone(rows[is_alone], served.verdicts.center[is_alone].astype(np.int64))

    def _count(self, served: "_Served", is_alone: Bools) -> None:
        """Count what sites lose without their center, and without the one that takes over."""
        center = served.verdicts.center.astype(np.int64)
        without = self._exclusion.without_center(served.sites, served.facts, served.verdicts)
        lost, delayed = loss(served.verdicts, without)
        waiting = lost & (without.status == Status.pending)
        n = len(self._matcher.centers)
        subsets = {"sites": np.ones(len(center), np.bool_), "lost": lost, "waiting": waiting}
        subsets |= {"delayed": delayed, "alone": is_alone}
        for name, subset in subsets.items():
            self._counts[name] += np.bincount(center[subset], minlength=n)
        for name, subset in (("weight", subsets["sites"]), ("lost_weight", lost)):
            self._weights[name] += np.bincount(center[subset], served.weight[subset], minlength=n)
        goes_on = np.flatnonzero((without.status <= Status.pending) & (without.center >= 0))
        to = without.center[goes_on].astype(np.int64)
        keys = np.stack([center[goes_on], to, without.status[goes_on].astype(np.int64)], axis=1)
        _add(self._next, self._next_weights, keys, served.weight[goes_on])
        if self._with_pairs and len(goes_on):
            part = served.take(goes_on)
            both = self._exclusion.without_pair(part.sites, part.facts, part.verdicts, to)
            more = np.flatnonzero(loss(part.verdicts, both).lost & ~lost[goes_on])
            pairs = np.sort(keys[:, :2], axis=1)
            seen = np.zeros(len(goes_on))
            seen[more] = 1
            _add(self._extra, self._extra_weights, pairs, part.weight * seen, seen)

    def centers(self) -> pa.Table:
        """Return the table of centers (`CENTERS`), those that lose the most first."""
        centers, names = self._matcher.centers, self._matcher.world.names
        day = np.datetime64(self._matcher.as_of, "D")
        state = np.select(
            [centers.is_planned(day), centers.is_open(day)], ["planned", "open"], "closed"
        )
        counts, best = self._counts, self._most_taken_over()
        n_kept = counts["sites"] - counts["lost"] - counts["delayed"]
        heirs = [centers.center_id[b] if b >= 0 else "" for b, _ in best]
        columns = [
            list(centers.center_id),
            list(centers.name),
            [names.codes[number] for number in self._matcher.center_country.tolist()],
            state.tolist(),
            centers.lat,
            centers.lon,
            *(counts[name] for name in ("sites", "lost", "waiting", "delayed")),
            n_kept,
            counts["alone"],
            self._weights["weight"],
            self._weights["lost_weight"],
            heirs,
            [n for _, n in best],
        ]
        table = pa.table(
            [pa.array(c, f.type) for c, f in zip(columns, CENTERS, strict=True)], CENTERS
        )
        keys = (counts["sites"], counts["delayed"], counts["lost"], self._weights["lost_weight"])
        order = np.lexsort((np.arange(len(centers)), *(-key for key in keys)))
        return table.take(arrays.from_numpy(order))

    def _most_taken_over(self) -> list[tuple[int, int]]:
        """Return for each center the one that takes over most of its sites, and how many."""
        sums: Counter[Key] = Counter()
        for (center, to, _), n in self._next.items():
            sums[center, to] += n
        best = [(-1, 0)] * len(self._matcher.centers)
        for (center, to), n in sorted(sums.items()):
            if n > best[center][1]:
                best[center] = (to, n)
        return best

    def take_over(self) -> pa.Table:
        """Return the table of who takes over from whom (`TAKE_OVER`)."""
        ids = self._matcher.centers.center_id
        keys = sorted(self._next, key=lambda key: (key[0], -self._next[key], key[1:]))
        rows = [
            (
                ids[a],
                ids[b],
                Status(status).name,
                self._next[a, b, status],
                self._next_weights[a, b, status],
            )
            for a, b, status in keys
        ]
        return _table(rows, TAKE_OVER)

    def pairs(self) -> pa.Table:
        """Return the table of pairs (`PAIRS`), those that lose the most together first."""
        centers, lost = self._matcher.centers, self._counts["lost"].tolist()
        weights = self._weights["lost_weight"].tolist()
        rows = []
        for (a, b), extra in self._extra.items():
            where = centers.lon[[a]], centers.lat[[a]], centers.lon[[b]], centers.lat[[b]]
            miles = round(float(distance_m(*where)[0]) / MILE_M, 3)
            weight = weights[a] + weights[b] + self._extra_weights[a, b]
            ids = centers.center_id[a], centers.center_id[b]
            rows.append((*ids, miles, lost[a], lost[b], lost[a] + lost[b] + extra, extra, weight))
        rows.sort(key=lambda row: (-row[7], -row[5], row[:2]))
        return _table(rows, PAIRS)


COUNTED: Final = ("sites", "lost", "waiting", "delayed", "alone")
"""What is counted for each center."""


class _Served(NamedTuple):
    """Sites that a center serves or will serve, with their verdicts and weights."""

    sites: Sites
    facts: EligibilityInputs | None
    verdicts: Verdicts
    weight: Floats

    def take(self, rows: Ints) -> "_Served":
        """Return a subset."""
        facts = None if self.facts is None else self.facts.take(rows)
        return _Served(self.sites.take(rows), facts, self.verdicts.take(rows), self.weight[rows])


def _add(
    counts: Counter[Key],
    weights: Counter[Key],
    keys: Ints,
    weight: Floats,
    number: Floats | None = None,
) -> None:
    """Add rows and their weight to counters by key.

    Parameters
    ----------
    counts, weights
        The counters.
    keys
        Shape (n, columns).
    weight
        Shape (n,).
    number
        How many rows each counts as, 1 by default.
    """
    if not len(keys):
        return
    unique, place = np.unique(keys, axis=0, return_inverse=True)
    place = place.reshape(-1)
    rows = np.bincount(place, number, minlength=len(unique))
    sums = np.bincount(place, weight, minlength=len(unique))
    for key, n, total in zip(
        map(tuple, unique.tolist()), rows.tolist(), sums.tolist(), strict=True
    ):
        counts[key] += int(n)
        weights[key] += total


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)

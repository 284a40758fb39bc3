"""What a comparison counts: kinds of change, causes, flows between levels, over-represented groups.

`Tally` takes pairs of rows, batch by batch, from whoever aligned them (`pairing`, or a job that
judges the rows of a run again), and keeps only counts. Its ledger is checked: each row of the
earlier report is the same, changed or left; each one of the later is the same, changed or entered.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.comparison.causes import Cause, CauseFinder, ChangedRows, take_sites
from coverage_analyzer.comparison.changes import CHANGED, COMPARED, Change, LevelRanks, classify
from coverage_analyzer.comparison.rows import MAX_VALUES, OWN, Counts
from coverage_analyzer.errors import CoverageError
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.schema.columns import as_text

FLOWS: Final = ("from", "to", "country", "sites", "weight")
"""Columns of ``flows.csv``: how many sites have which level before and after."""

SEGMENTS: Final = ("column", "value", "lost", "sites", "lost_share", "factor")
"""Columns of ``segments.csv``: groups of sites that lost their level more often than others."""

MIN_LOST: Final = 2
"""Lost sites from which a group is listed; a single one is chance."""


@dataclass(frozen=True)
class Pairs:
    """Rows of two reports, aligned; all arrays have length n.

    Attributes
    ----------
    key
        The columns of the key as text, by header.
    name
        Of each site, from the later report if it has the site.
    country
        Of each site, from the earlier report if it has the site: whatever has become of its
        country, a promise was lost there.
    before, after
        The columns `rows.SHOWN` of the verdicts; null where a side does not have the row.
    has_before, has_after
        Which rows a side has.
    weight
        What each row counts; 1 by default.
    own
        Own columns of the earlier report, by header.
    sites_before, sites_after
        What the rows of either side say of their sites: of those that it has, in order. None if
        unknown.
    """

    key: Mapping[str, pa.Array]
    name: pa.Array
    country: pa.Array
    before: Mapping[str, pa.Array]
    after: Mapping[str, pa.Array]
    has_before: Bools
    has_after: Bools
    weight: Floats
    own: Mapping[str, pa.Array] = field(default_factory=dict)
    sites_before: SiteRows | None = None
    sites_after: SiteRows | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.name)


@dataclass(frozen=True)
class Changes:
    """Pairs that are not the same, with the kind and the cause of each change.

    Attributes
    ----------
    pairs
        The pairs, some of which may be the same.
    rows
        Positions of those that changed, shape (k,).
    change, cause
        Values of `Change` and `Cause`, shape (n,).
    sets
        The inputs that explain each change, such as ``centers+day``, length n.
    """

    pairs: Pairs
    rows: npt.NDArray[np.int64]
    change: npt.NDArray[np.int8]
    cause: npt.NDArray[np.int8]
    sets: Sequence[str]


@dataclass
class Tally:
    """Counts of all changes.

    Attributes
    ----------
    ranks
        The levels of both policies.
    finder
        Finds causes; None if they are not known.
    changes, weights
        Rows and weight by kind of change and country.
    causes, sets
        Rows by cause, and by set of inputs.
    flows, flow_weights
        Changed rows and their weight by level before, level after and country; a level is empty
        where a report does not have the row.
    lost
        Lost sites by column and value.
    """

    ranks: LevelRanks
    finder: CauseFinder | None = None
    changes: Counter[tuple[Change, str]] = field(default_factory=Counter)
    weights: Counter[Change] = field(default_factory=Counter)
    causes: Counter[Cause] = field(default_factory=Counter)
    sets: Counter[str] = field(default_factory=Counter)
    flows: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    flow_weights: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lost: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, pairs: Pairs) -> Changes:
        """Count pairs; return those that changed, with kind and cause."""
        both = np.flatnonzero(pairs.has_before & pairs.has_after)
        change = np.where(pairs.has_before, Change.left, Change.entered).astype(np.int8)
        at = arrays.from_numpy(both)
        sides = [{n: side[n].take(at) for n in COMPARED} for side in (pairs.before, pairs.after)]
        change[both] = classify(sides[0], sides[1], self.ranks)
        cause, sets = self._causes(pairs, change)
        rows = np.flatnonzero(change != Change.same)
        changes = Changes(pairs, rows, change, cause, sets)
        if len(rows):
            self._count(changes)
        return changes

    def _causes(
        self, pairs: Pairs, change: npt.NDArray[np.int8]
    ) -> tuple[npt.NDArray[np.int8], list[str]]:
        """Return the cause of each change; a site that one report does not have is its data."""
        n = len(pairs)
        if self.finder is None or pairs.sites_before is None or pairs.sites_after is None:
            return np.full(n, Cause.not_known, np.int8), [""] * n
        cause = np.full(n, Cause.site_data, np.int8)
        sets = np.full(n, Cause.site_data.name, object)
        rows = np.flatnonzero(pairs.has_before & pairs.has_after & (change != Change.same))
        if len(rows):
            at = arrays.from_numpy(rows)
            sides = []
            for sites, has, verdict in (
                (pairs.sites_before, pairs.has_before, pairs.before),
                (pairs.sites_after, pairs.has_after, pairs.after),
            ):
                place = (np.cumsum(has) - 1)[rows]
                columns = {name: verdict[name].take(at) for name in COMPARED}
                sides.append(ChangedRows(take_sites(sites, place), columns))
            causes = self.finder.find(sides[0], sides[1])
            cause[rows], sets[rows] = causes.cause, causes.sets
        return cause, sets.tolist()

    def _count(self, changes: Changes) -> None:
        pairs, rows = changes.pairs, changes.rows
        at = arrays.from_numpy(rows)
        country = as_text(pairs.country.take(at)).to_pylist()
        kinds = [Change(k) for k in changes.change[rows].tolist()]
        weight = pairs.weight[rows].tolist()
        old, new = (
            as_text(side["level"].take(at)).to_pylist() for side in (pairs.before, pairs.after)
        )
        self.changes.update(zip(kinds, country, strict=True))
        self.causes.update(map(Cause, changes.cause[rows].tolist()))
        self.sets.update(changes.sets[i] for i in rows.tolist() if changes.sets[i])
        self.flows.update(zip(old, new, country, strict=True))
        for kind, flow, n in zip(kinds, zip(old, new, country, strict=True), weight, strict=True):
            self.weights[kind] += n
            self.flow_weights[flow] += n
        self._count_lost(changes)

    def _count_lost(self, changes: Changes) -> None:
        rows = changes.rows[changes.change[changes.rows] == Change.lost]
        if not len(rows):
            return
        pairs, at = changes.pairs, arrays.from_numpy(rows)
        columns = {OWN + header: cells for header, cells in pairs.own.items()}
        columns |= {name: pairs.before[name] for name in ("site_country", "center_id")}
        for name, cells in columns.items():
            counts = self.lost.setdefault(name, Counter())
            counts.update(as_text(cells.take(at)).to_pylist())

    def total(self, *kinds: Change) -> int:
        """Return the number of rows of some kinds of change."""
        return sum(n for (kind, _), n in self.changes.items() if kind in kinds)

    def ledger(self, before: Counts, after: Counts) -> dict[str, int]:
        """Return where each row of both reports went.

        Parameters
        ----------
        before, after
            The counts of all rows.

        Raises
        ------
        CoverageError
            If rows do not add up, which would be a bug in this program.
        """
        changed, left, entered = (
            self.total(*kinds) for kinds in (CHANGED, [Change.left], [Change.entered])
        )
        same = before.rows - changed - left
        if same < 0 or after.rows != same + changed + entered:
            msg = (
                f"The rows do not add up: {before.rows} before, {after.rows} after, {changed} "
                f"changed, {left} left, {entered} entered. Nothing was written. Report this as a "
                f"bug."
            )
            raise CoverageError(msg)
        return {
            "a": before.rows,
            "b": after.rows,
            "same": same,
            "changed": changed,
            "left": left,
            "entered": entered,
        }

    def figures(self, before: Counts, after: Counts) -> dict[str, int]:
        """Return the quantities of `quantities.Needs.rows`, in all and by country.

        A site that both reports have counts for the country of the earlier report, so that a share
        is never above 100 %, and a broken column of countries hides no loss.

        Parameters
        ----------
        before, after
            The counts of all rows.

        Raises
        ------
        CoverageError
            If rows do not add up.
        """
        ledger = self.ledger(before, after)
        result = {"sites_before": ledger["a"], "same": ledger["same"], "changed": ledger["changed"]}
        result |= {kind.name: self.total(kind) for kind in Change if kind != Change.same}
        parts: Counter[str] = Counter()
        for place, n in _countries(before).items():
            parts[f"sites_before[{place}]"] = parts[f"same[{place}]"] = n
        for (kind, place), n in self.changes.items():
            parts[f"{kind.name}[{place}]"] += n
            if kind in CHANGED:
                parts[f"changed[{place}]"] += n
            if kind != Change.entered:
                parts[f"same[{place}]"] -= n
        return result | parts

    def flow_rows(self, before: Counts) -> list[tuple[str, str, str, int, float]]:
        """Return the rows of ``flows.csv``.

        Parameters
        ----------
        before
            The counts of the earlier report.
        """
        sites, weights = Counter(self.flows), Counter(self.flow_weights)
        for (country, level, _), n in before.places.items():
            sites[level, level, country] += n
        for (country, level, _), weight in before.weights.items():
            weights[level, level, country] += weight
        for (level, _, country), n in self.flows.items():
            if level:
                sites[level, level, country] -= n
        for (level, _, country), weight in self.flow_weights.items():
            if level:
                weights[level, level, country] -= weight
        return [(*flow, n, rounded(weights[flow])) for flow, n in sorted(sites.items()) if n]

    def segment_rows(self, before: Counts) -> list[tuple[str, str, int, int, float, float]]:
        """Return the rows of ``segments.csv``, those with the most unexpected losses first.

        Parameters
        ----------
        before
            The counts of the earlier report.
        """
        lost = self.total(Change.lost)
        if not lost:
            return []
        overall, ranked = lost / before.rows, []
        groups = {**before.groups, "site_country": _countries(before)}
        for column, counts in self.lost.items():
            sizes = groups.get(column)
            if sizes is None:
                continue
            for value, n in counts.items():
                share = n / sizes[value]
                factor = share / overall
                if n >= MIN_LOST and factor > 1 and value:
                    excess = n - sizes[value] * overall
                    name = column.removeprefix(OWN)
                    row = (name, value, n, sizes[value], round(share, 6), round(factor, 3))
                    ranked.append((-excess, row))
        return [row for _, row in sorted(ranked)][:MAX_VALUES]


def _countries(counts: Counts) -> Counter[str]:
    result: Counter[str] = Counter()
    for (country, _, _), n in counts.places.items():
        result[country] += n
    return result


def rounded(weight: float) -> float:
    """Return a sum of weights as it is printed: whole if it is."""
    result = round(weight, 6)
    return int(result) if result == int(result) else result


def facts_of(counts: Counts, *, weighted: bool) -> dict[str, Any]:
    """Return what ``compare.json`` says of the rows of a report."""
    levels: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for (_, level, status), n in counts.places.items():
        levels[level] += n
        statuses[status] += n
    result: dict[str, Any] = {"rows": counts.rows}
    if weighted:
        result["weight"] = rounded(counts.weight)
    return result | {
        "levels": dict(sorted(levels.items())),
        "statuses": dict(sorted(statuses.items())),
    }

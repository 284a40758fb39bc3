"""Counts of rows and verdicts: every row read is counted exactly once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from coverage_analyzer.errors import CoverageError
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.files.run_folder.contents import Counts
from coverage_analyzer.files.run_folder.headline import qualified_sites
from coverage_analyzer.files.table import ParsedRows
from coverage_analyzer.matching.matcher import Matcher, Verdicts
from coverage_analyzer.schema.rejects import Reject
from coverage_analyzer.schema.verdict import Reason, Status

FIRST_REJECTS: Final = 3
"""Maximum number of rejects listed at the end of a run; the file has all."""

PLACES: Final = (1024, 64, len(Status))
"""Upper bound of the number of countries, levels and statuses."""


def line(figures: Mapping[str, int]) -> str:
    """Return the last line of a run from the counts of a ledger."""
    parts = " + ".join(f"{n} {figures[n]}" for n in ("decided", "rejected", "blank"))
    return f"read {figures['read']} = {parts}"


@dataclass
class Ledger:
    """Counts of rows: ``read = decided + rejected + blank``."""

    read: int = 0
    decided: int = 0
    rejected: int = 0
    blank: int = 0
    first: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Return the last line of a run."""
        return line(self.figures())

    def check(self) -> None:
        """Raise if any row is in none or more than one of decided, rejected and blank.

        Raises
        ------
        CoverageError
            If so, which would be a bug in this program.
        """
        if self.read != self.decided + self.rejected + self.blank:
            msg = f"The rows do not add up: {self}. No report was written. Report this as a bug."
            raise CoverageError(msg)

    def figures(self) -> dict[str, int]:
        """Return the four counts by name."""
        return {n: getattr(self, n) for n in ("read", "decided", "rejected", "blank")}

    def add(self, rows: ParsedRows) -> None:
        """Add the counts of a block: rows read, decided, rejected and blank."""
        self.count(rows.block, rows.rejects)

    def count(self, block: RowBlock, rejects: Sequence[Reject]) -> None:
        """Count the rows of a block, all of them decided, and the rows missing from it."""
        self.decided += len(block.lines)
        self.rejected += len(rejects)
        self.blank += block.blank
        self.read += block.records
        self.reasons.update(reject.reason.value for reject in rejects)
        spare = FIRST_REJECTS - len(self.first)
        self.first += [f"line {r.line}: {r.detail}" for r in rejects[: max(spare, 0)]]

    def update(self, other: "Ledger") -> None:
        """Add the counts of a part of the rows, which follows those counted so far."""
        for name, n in other.figures().items():
            setattr(self, name, getattr(self, name) + n)
        self.reasons.update(other.reasons)
        self.first = [*self.first, *other.first][:FIRST_REJECTS]


def by_country(counts: Counts) -> Counter[str]:
    """Return the number of sites by country."""
    result: Counter[str] = Counter()
    for (country, _, _), n in counts.items():
        result[country] += n
    return result


def totals(places: Counts, reasons: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return the number of sites by level, status and reason, as in ``run.json``.

    Parameters
    ----------
    places
        The number of sites by country, level and status.
    reasons
        The number of sites by the name of the reason.
    """
    levels: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for (_, level, status), n in sorted(places.items()):
        levels[level] += n
        statuses[status] += n
    ordered = {reason.name: n for reason in Reason if (n := reasons.get(reason.name, 0))}
    return {
        "qualified": qualified_sites(places),
        "level": dict(levels),
        "status": dict(statuses),
        "reason": ordered,
    }


class Tally:
    """Counts of verdicts by country, level and status, and by reason."""

    def __init__(self) -> None:
        self._places: Counter[int] = Counter()
        self._reasons = np.zeros(len(Reason), np.int64)

    def add(self, verdicts: Verdicts) -> None:
        """Count verdicts."""
        levels, statuses = int(verdicts.level.max(initial=0)) + 1, len(Status)
        keys = verdicts.country.astype(np.int64)
        for more, size in ((verdicts.level, levels), (verdicts.status, statuses)):
            keys *= size
            keys += more
        counts = np.bincount(keys)
        found = np.flatnonzero(counts)
        at = np.unravel_index(found, (PLACES[0], levels, statuses))
        places = np.ravel_multi_index(at, PLACES)
        self._places.update(dict(zip(places.tolist(), counts[found].tolist(), strict=True)))
        self._reasons += np.bincount(verdicts.reason, minlength=len(Reason))

    def update(self, other: "Tally") -> None:
        """Add the counts of other verdicts, of the same policy and countries."""
        self._places.update(other._places)  # noqa: SLF001 - of this class
        self._reasons += other._reasons  # noqa: SLF001

    def total(self) -> int:
        """Return the number of verdicts."""
        return self._places.total()

    def counts(self, matcher: Matcher) -> dict[tuple[str, str, str], int]:
        """Return the counts by country, level and status."""
        codes, levels = matcher.world.names.codes, matcher.policy.titles
        result = {}
        for place, n in self._places.items():
            country, level, status = map(int, np.unravel_index(place, PLACES))
            result[codes[country], levels[level], Status(status).name] = n
        return result

    def totals(self, matcher: Matcher) -> dict[str, dict[str, int]]:
        """Return the number of sites by level, status and reason."""
        reasons = {reason.name: int(self._reasons[reason]) for reason in Reason}
        return totals(self.counts(matcher), reasons)

"""The kinds of change between two verdicts on the same site, and the single table that decides.

The first row that fits decides:

===============  ==============================================================================
``entered``      only the later report has the row
``left``         only the earlier report has the row
``gained``       the level in force ranks higher than before
``lost``         the level in force ranks lower than before
``level_changed``  another level, and no policy ranks both
``sooner``       the same level; the better one starts earlier, or has a day and had none
``delayed``      the same level; the better one starts later, or had a day and has none
``status_only``  the same level and day, another status
``center_only``  the same level, day and status, another center
``reason_only``  all the same but the reason
``same``         none of these; distances, limits and ``centers_in_reach`` are not compared
===============  ==============================================================================

Levels rank as the policy of the later report lists them if it has both, else as that of the earlier
one does. `Not covered` is below all levels.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Ints
from coverage_analyzer.policy.rules import NOT_COVERED
from coverage_analyzer.schema.columns import as_text

COMPARED: Final = ("level", "status", "reason", "center_id", "available_on")
"""The columns of a verdict in which a change is a change."""

NO_DAY: Final = 1 << 40
"""Instead of days since 1970: the better level does not start."""


class TextEnum(enum.IntEnum):
    """A code with its meaning: the base of `Change` and of the causes."""

    text: str
    """Meaning, as text."""

    def __new__(cls, value: int, text: str = "") -> Self:
        """Return a member with its text."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member


class Change(TextEnum):
    """A kind of change; its name is the code in ``changes.csv``."""

    same = 0, "no change"
    lost = 1, "the level ranks lower than before"
    delayed = 2, "the better level starts later, or no longer starts"
    level_changed = 3, "another level, which no policy ranks against the earlier one"
    status_only = 4, "the same level, another status"
    center_only = 5, "the same level and status, another center"
    reason_only = 6, "only the reason differs"
    sooner = 7, "the better level starts sooner"
    gained = 8, "the level ranks higher than before"
    left = 9, "only the earlier report has the row"
    entered = 10, "only the later report has the row"


CHANGED: Final = tuple(c for c in Change if c not in {Change.same, Change.left, Change.entered})
"""The changes of rows that are in both reports."""


@dataclass(frozen=True)
class LevelRanks:
    """Titles of the levels of two policies, each the best first; empty if a policy is unknown."""

    before: Sequence[str] = ()
    after: Sequence[str] = ()

    def compared(self, before: str, after: str) -> Change:
        """Return what a change of the level is: same, gained, lost or level_changed.

        Examples
        --------
        >>> ranks = LevelRanks(("Gold Plus", "Gold"), ("Platinum", "Gold Plus", "Gold"))
        >>> pairs = (("Gold", "Platinum"), ("Gold Plus", "Not covered"), ("Gold", "Basic"))
        >>> [ranks.compared(*pair).name for pair in pairs]
        ['gained', 'lost', 'level_changed']
        """
        if before == after:
            return Change.same
        for titles in (self.after, self.before):
            ranked = [*(t for t in titles if t != NOT_COVERED.title), NOT_COVERED.title]
            if before in ranked and after in ranked:
                is_better = ranked.index(after) < ranked.index(before)
                return Change.gained if is_better else Change.lost
        return Change.level_changed


def classify(
    before: Mapping[str, pa.Array], after: Mapping[str, pa.Array], ranks: LevelRanks
) -> npt.NDArray[np.int8]:
    """Return the kind of change of each row, for rows that both reports have.

    Parameters
    ----------
    before, after
        The columns `COMPARED` of the same sites, as text or with the types of a report, length n.
    ranks
        The levels of both policies.

    Returns
    -------
    changes
        Values of `Change`, shape (n,).
    """
    level = _levels(before["level"], after["level"], ranks)
    old, new = (_days(side["available_on"]) for side in (before, after))
    differs = {n: _differs(before[n], after[n]) for n in ("status", "center_id", "reason")}
    cases: list[Bools] = [level != Change.same, new < old, new > old, *differs.values()]
    kinds: list[Any] = [
        level,
        Change.sooner,
        Change.delayed,
        Change.status_only,
        Change.center_only,
        Change.reason_only,
    ]
    result: npt.NDArray[np.int8] = np.select(cases, kinds, Change.same).astype(np.int8)
    return result


def _levels(before: pa.Array, after: pa.Array, ranks: LevelRanks) -> Ints:
    """Return what the change of the level of each row is; there are few pairs of levels."""
    old, new = (as_text(cells).dictionary_encode() for cells in (before, after))
    table = np.array(
        [[ranks.compared(a, b) for b in _values(new)] for a in _values(old)], np.int64
    ).reshape(len(_values(old)), len(_values(new)))
    return table[_positions(old), _positions(new)]


def _values(cells: pa.DictionaryArray) -> list[str]:
    values: list[str] = cells.dictionary.to_pylist()
    return values


def _positions(cells: pa.DictionaryArray) -> Ints:
    """Return the position of each cell in `_values`."""
    return arrays.as_numpy(cells.indices).astype(np.int64)


def _days(cells: pa.Array) -> Ints:
    """Return days since 1970, or `NO_DAY`."""
    if not pa.types.is_date(cells.type):
        cells = arrays.without_empty(as_text(cells)).cast(pa.date32())
    days = arrays.as_numpy(cells.cast(pa.date32()).cast(pa.int32()))
    return np.where(np.isnan(days), NO_DAY, days).astype(np.int64)


def _differs(before: pa.Array, after: pa.Array) -> Bools:
    return arrays.to_bools(pc.not_equal(as_text(before), as_text(after)))

"""Products and their life-cycle phases: validated, as arrays."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import Bools
from coverage_analyzer.errors import refuse
from coverage_analyzer.schema.days import Days, day_of

PHASES: Final = ("mainstream", "extended", "end_of_maintenance", "end_of_life")
"""The phases of a product in order; the last one has no end."""

ENDS: Final = ("mainstream_ends_on", "extended_ends_on", "life_ends_on")
"""Columns of the last day of each phase except the last."""


def name_key(text: str) -> str:
    """Normalise a name for comparison: no case, single spaces.

    Examples
    --------
    >>> name_key("  NetScaler  MPX 5900 ")
    'netscaler mpx 5900'
    """
    return " ".join(text.split()).casefold()


@dataclass(frozen=True)
class Products:
    """Products, optionally by version.

    Attributes
    ----------
    name, version
        Texts as given; an empty version applies to all versions without a row of their own.
    ends
        The last day of each phase except the last, ``NaT`` if unknown. Shape (n, 3).
    """

    name: tuple[str, ...]
    version: tuple[str, ...]
    ends: Days

    @classmethod
    def from_texts(cls, columns: Mapping[str, Sequence[str]], row: Sequence[str]) -> "Products":
        """Create products from columns of text.

        Parameters
        ----------
        columns
            ``product`` and, optionally, ``version`` and the columns of `ENDS`.
        row
            Label of each row in messages.

        Raises
        ------
        InputError
            One error that names every row without a product, every duplicate product, every invalid
            date, and dates in the wrong order.
        """
        blank = [""] * len(row)
        names, versions = (columns.get(c, blank) for c in ("product", "version"))
        cells = [columns.get(c, blank) for c in ENDS]
        ends = np.array([[day_of(t) for t in texts] for texts in cells], "datetime64[D]")
        ends = ends.reshape(len(ENDS), len(row)).T
        faults = _faults(names, versions, cells, ends, row)
        refuse(faults, len(row), "product")
        return cls(tuple(names), tuple(versions), ends)

    def __len__(self) -> int:
        """Return the number of products."""
        return len(self.name)

    def numbers(self) -> dict[tuple[str, str], int]:
        """Return the position of each product by its normalised name and version."""
        pairs = zip(self.name, self.version, strict=True)
        return {(name_key(n), name_key(v)): i for i, (n, v) in enumerate(pairs)}

    def possible_phases(self, day: np.datetime64) -> Bools:
        """Return the possible phases of each product on a day, shape (n, phases).

        More than one if an end between them is unknown.
        """
        after, before = self.ends < day, self.ends >= day
        count, last = len(PHASES), len(ENDS)
        first = np.where(after, np.arange(1, count), 0).max(axis=1, initial=0)
        final = np.where(before, np.arange(last), last).min(axis=1, initial=last)
        phase = np.arange(count)
        result: Bools = (phase >= first[:, None]) & (phase <= final[:, None])
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        return {"name": self.name, "version": self.version, "ends": self.ends.astype(str).tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Products":
        """Return the products of what `to_dict` returned."""
        ends = np.array(data["ends"], "datetime64[D]").reshape(len(data["name"]), len(ENDS))
        return cls(tuple(data["name"]), tuple(data["version"]), ends)


def _faults(
    names: Sequence[str],
    versions: Sequence[str],
    cells: Sequence[Sequence[str]],
    ends: Days,
    row: Sequence[str],
) -> list[str]:
    keys = [(name_key(n), name_key(v)) for n, v in zip(names, versions, strict=True)]
    often = {key for key, n in Counter(keys).items() if n > 1 and key[0]}
    faults = []
    for i, key in enumerate(keys):
        wrong = [f"{names[i]!r} appears more than once"] if key in often else []
        if not key[0]:
            wrong.append("product is empty")
        wrong += [
            f"{column} {texts[i]!r} is not a date like 2026-12-01"
            for column, texts, end in zip(ENDS, cells, ends[i], strict=True)
            if texts[i].strip() and np.isnat(end)
        ]
        ends_known = ends[i][~np.isnat(ends[i])]
        if np.any(ends_known[1:] < ends_known[:-1]):
            wrong.append(f"the dates are not in the order {', '.join(ENDS)}")
        faults += [f"{row[i]} ({names[i]!r}): {w}" for w in wrong]
    return faults

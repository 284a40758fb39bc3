"""What `check` finds about the countries of sites: conflicts by pair, and unknown names."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from coverage_analyzer import arrays
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.countries.assignment import CountryBases, CountryBasis
from coverage_analyzer.countries.names import UNKNOWN
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.schema.columns import COUNTRY_STATED, as_text

MAX_TEXTS: Final = 10_000
"""Maximum number of different unknown names that are counted."""


@dataclass
class CountryFindings:
    """Counts of conflicts and of unknown names, gathered block by block.

    Attributes
    ----------
    world
        Names and places of countries.
    basis
        How many sites have each `CountryBasis`.
    conflicts
        How many sites declare the first country and are located in the second, by their numbers.
    unknown
        How many sites state each text that is no known country.
    """

    world: Countries
    basis: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[tuple[int, int]] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, table: Table, rows: ParsedRows, declared: Numbers, basis: CountryBases) -> None:
        """Add the rows of a block."""
        counts = np.bincount(basis, minlength=len(CountryBasis)).tolist()
        self.basis.update(
            {b.name.lower(): n for b, n in zip(CountryBasis, counts, strict=True) if n}
        )
        where = rows.coordinates
        at = np.flatnonzero((basis == CountryBasis.CONFLICT) & (declared > 0))
        located = self.world.holder[self.world.borders.located(where.lon[at], where.lat[at])]
        pairs = zip(declared[at].tolist(), located.tolist(), strict=True)
        self.conflicts.update(pairs)
        lost = np.flatnonzero(declared == UNKNOWN)
        for name in COUNTRY_STATED if len(lost) else ():
            cells = table.column(rows.block, name)
            texts = (
                [] if cells is None else as_text(cells.take(arrays.from_numpy(lost))).to_pylist()
            )
            for text in texts:
                if len(self.unknown) < MAX_TEXTS or text in self.unknown:
                    self.unknown[text] += self.world.names.number(text) == UNKNOWN

    def to_dict(self) -> dict[str, Any]:
        """Return the conflicts and the unknown names, most frequent first, as JSON values."""
        names = self.world.names
        return {
            "country_conflicts": [
                {
                    "declared": names.codes[declared],
                    "located": names.codes[located],
                    "text": f"declared {names.label(declared)}, located in {names.label(located)}",
                    "sites": n_sites,
                }
                for (declared, located), n_sites in self.conflicts.most_common()
            ],
            "unknown_countries": [
                {"text": text, "sites": n_sites, "nearest": names.nearest(text)}
                for text, n_sites in self.unknown.most_common()
                if n_sites
            ],
        }

"""What the rows of a table say of their sites, before the kernel codes it.

Files, frames, requests and single points come to the kernel in this one form: `Matcher.inputs`
makes `Sites` and eligibility inputs of it, so that no way can forget a column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from coverage_analyzer.arrays import Floats
from coverage_analyzer.countries import Names, Numbers


@dataclass(frozen=True)
class SiteRows:
    """Usable rows of sites, one entry per row.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84, finite and in range, shape (n,).
    accuracy_m
        Accuracy of the coordinates, NaN if unknown, shape (n,).
    countries
        The columns that state a country, code columns first, as text of shape (n,); may be empty.
    cells
        Available inputs of eligibility rules, each of shape (n,): `eligibility.TEXTS` as Arrow
        strings, `eligibility.DAYS` as numpy dates.
    """

    lon: Floats
    lat: Floats
    accuracy_m: Floats
    countries: Sequence[pa.Array] = ()
    cells: Mapping[str, Any] = field(default_factory=dict)

    def declared(self, names: Names) -> Numbers:
        """Return the number of the country declared by each row (`Names.agreed`), shape (n,)."""
        stated = [names.named(cells) for cells in self.countries]
        return names.agreed(stated) if stated else np.zeros(len(self.lon), np.int16)

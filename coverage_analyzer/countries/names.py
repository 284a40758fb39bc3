"""What countries are called: ISO 3166-1 codes, names, everyday aliases; who belongs to whom.

A country is a small number in arrays: its position in `Names.codes`, where 0 is no country.
"""

import csv
import functools
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError

Numbers = npt.NDArray[np.int16]

NONE: Final = 0
"""No country: nothing declared, or no country there."""

UNKNOWN: Final = -1
"""Something is declared that no table knows."""


def folded(text: str) -> str:
    """Return a name without case, accents, punctuation, articles: what is compared.

    Examples
    --------
    >>> folded("The U.S. Virgin Islands"), folded("Türkiye"), folded("St. Lucia")
    ('us virgin islands', 'turkiye', 'saint lucia')
    """
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    for silent in ("'", "\N{RIGHT SINGLE QUOTATION MARK}", "."):
        bare = bare.replace(silent, "")
    spaced = "".join(c if c.isalnum() else " " for c in bare.replace("&", " and "))
    return " ".join("saint" if w == "st" else w for w in spaced.split() if w != "the")


@dataclass(frozen=True)
class Names:
    """The table of countries.

    Attributes
    ----------
    codes
        ISO 3166-1 alpha-2 and ``XK``, sorted; ``codes[0]`` is empty.
    titles
        The English name of each.
    sovereign
        For each country the number of the one whose territory it is, else 0. Shape (n,).
    """

    codes: tuple[str, ...]
    titles: tuple[str, ...]
    sovereign: Numbers
    _index: Mapping[str, int]

    def number(self, text: str) -> int:
        """Return the country that a text names; `NONE` if blank, `UNKNOWN` if no table knows it.

        Examples
        --------
        >>> names = load()
        >>> [names.codes[names.number(t)] for t in ("uk", "840", "Österreich", "NA", " ")]
        ['GB', 'US', 'AT', 'NA', '']
        """
        if not text.strip():
            return NONE
        key = folded(text)
        # A spreadsheet takes the leading zeros of numeric codes away.
        return self._index.get(key.zfill(3) if key.isdecimal() else key, UNKNOWN)

    def numbers(self, texts: Iterable[str]) -> Numbers:
        """Return `number` for each of some distinct texts."""
        return np.fromiter(map(self.number, texts), np.int16)

    def named(self, cells: pa.Array) -> Numbers:
        """Return `number` for each cell of text; each distinct text is looked up once."""
        coded = cells.dictionary_encode()
        return self.numbers(coded.dictionary.to_pylist()).take(arrays.numpy(coded.indices))

    def known(self, code: str) -> int:
        """Return the number of an alpha-2 code.

        Raises
        ------
        InputError
            If it is not one.
        """
        if code not in self.codes[1:]:
            msg = f"{code!r} is not an ISO 3166-1 alpha-2 country code."
            raise InputError(msg)
        return self.codes.index(code)


@functools.cache
def load() -> Names:
    """Return the table that ships with the package (its origin stands in ``SOURCE.md``)."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    text = (folder / "names.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    codes = ("", *(row["alpha2"] for row in rows))
    index: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        spellings = [row[c] for c in ("alpha2", "alpha3", "numeric", "name")]
        index |= dict.fromkeys(map(folded, (*spellings, *row["aliases"].split("|"))), number)
    index.pop("", None)
    sovereign = np.zeros(len(codes), np.int16)
    territories = tomllib.loads((folder / "territories.toml").read_text(encoding="utf-8"))
    for territory, owner in territories["sovereign"].items():
        sovereign[codes.index(territory)] = codes.index(owner)
    return Names(codes, ("", *(row["name"] for row in rows)), sovereign, index)

"""Names of countries: ISO 3166-1 codes, names, common aliases, sovereigns of territories.

In arrays a country is a small number: its position in `Names.codes`, where 0 is no country. The
meaning of a text is decided in one place: `Names.number`, and `Names.agreed` for several columns of
a row.
"""

import csv
import difflib
import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError

Numbers = npt.NDArray[np.int16]

NONE: Final = 0
"""No country is declared or located."""

UNKNOWN: Final = -1
"""The declared country is not in the table."""

NUMERIC: Final = re.compile(r"([0-9]{1,3})(?:\.0+|,0)?")
"""An ISO 3166-1 numeric code; spreadsheets drop its zeros, pandas appends ``.0``."""

SUBDIVISION: Final = re.compile(r"[A-Za-z]{2}[-\u2010\u2011][A-Za-z0-9]{1,3}")
"""Format of an ISO 3166-2 code."""

SEPARATORS: Final = tuple(
    map(re.compile, (r"[()\[\]|;]", r"\s[-\u2013\u2014:]\s", "/", ",", ":", r"[-\u2013\u2014]"))
)
"""Separators between a name and a code in one cell, the most common first."""

_ABBREVIATED = re.compile(
    r"\.(?=[^\W\d_]{2})"  # N.Mariana, P.R.China; in U.S.A. the points are dropped
    r"|(?<=[^\W\d_]{2})\.(?=\w)"  # Utd.A.E.
)
"""Dots that separate words."""

_NOT_ALPHANUMERIC = re.compile(r"[\W_]")

_FOUR_TOGETHER = re.compile(r"[^\W_]{4}")
"""What has four letters or digits in a row is no code, whatever else is in it."""


def country_key(text: str) -> str:
    """Normalise a name for comparison: no case, accents, punctuation or articles.

    Examples
    --------
    >>> country_key("The U.S. Virgin Islands"), country_key("Türkiye"), country_key("St.Lucia")
    ('us virgin islands', 'turkiye', 'saint lucia')
    """
    if text.isascii():  # nothing to decompose; thousands of names are normalised at start-up
        bare = text.casefold()
    else:
        decomposed = unicodedata.normalize("NFKD", text)
        bare = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    bare = _ABBREVIATED.sub(" ", bare)
    for silent in ("'", "\N{RIGHT SINGLE QUOTATION MARK}", "."):
        bare = bare.replace(silent, "")
    spaced = _NOT_ALPHANUMERIC.sub(" ", bare.replace("&", " and "))
    return " ".join("saint" if w == "st" else w for w in spaced.split() if w != "the")


def code_key(text: str) -> str:
    """Normalise a code for comparison: no case or punctuation; empty if not ASCII.

    Codes have no accents. Without this rule the Vietnamese names of Austria and Belgium, ``Áo`` and
    ``Bỉ``, would be the codes of Angola and Burundi.

    Examples
    --------
    >>> code_key("(D.E.)"), code_key("Áo"), code_key("Saint")
    ('de', '', 'saint')
    """
    if not text.isascii():
        return ""
    bare = text.casefold().replace(".", "").replace("'", "")
    return " ".join(_NOT_ALPHANUMERIC.sub(" ", bare).split())


@dataclass(frozen=True)
class Names:
    """The table of countries.

    Attributes
    ----------
    codes
        ISO 3166-1 alpha-2 and ``XK``, sorted; ``codes[0]`` is empty.
    titles
        English name of each country.
    sovereign
        Number of the sovereign of each territory, else 0. Shape (n,).
    """

    codes: tuple[str, ...]
    titles: tuple[str, ...]
    sovereign: Numbers
    _codes: Mapping[str, int]

    def label(self, number: int) -> str:
        """Return a country in words: its name and its code, ``no country`` for 0.

        A code alone misleads: MN is Mongolia, not Minnesota.

        Examples
        --------
        >>> names = load()
        >>> names.label(names.number("MN")), names.label(0)
        ('Mongolia (MN)', 'no country')
        """
        return f"{self.titles[number]} ({self.codes[number]})" if number > 0 else "no country"

    def number(self, text: str) -> int:
        """Return the country named by a text; `NONE` if empty, `UNKNOWN` if not in the table.

        A text may be a name, an ISO 3166-1 code, the code of a subdivision (ISO 3166-2), or several
        of them with separators, which must all mean the same country, or a territory and its
        sovereign, which give the territory.

        Examples
        --------
        >>> names = load()
        >>> [names.codes[names.number(t)] for t in ("uk", "840.0", "Österreich", "NA", " ")]
        ['GB', 'US', 'AT', 'NA', '']
        >>> [names.codes[names.number(t)] for t in ("Germany (DE)", "US - USA", "DE-BY", "FR-RE")]
        ['DE', 'US', 'DE', 'RE']
        >>> [names.number(t) for t in ("DE - France", "8.40", "DE-FR", "Korea")]
        [-1, -1, -1, -1]
        """
        plain = unicodedata.normalize("NFKC", text).strip()
        result = self._one(plain)
        return self._several(plain) if result == UNKNOWN else result

    def _one(self, text: str) -> int:
        """Return the country of a single name or code."""
        if not text:
            return NONE
        if numeric := NUMERIC.fullmatch(text):
            return self._codes.get(numeric[1].zfill(3), UNKNOWN)
        if SUBDIVISION.fullmatch(text):
            code = f"{text[:2]}-{text[3:]}".upper()
            if code in self._subdivisions:
                return self._subdivisions[code]
        key = country_key(text)  # 8.40 would be 840
        if key.isdecimal():
            return UNKNOWN
        return self._codes.get(code_key(text)) or self._index.get(key, UNKNOWN)

    def _several(self, text: str) -> int:
        """Return the country that all parts of a text name; `UNKNOWN` if one does not."""
        for parts in _splits(text):
            numbers: set[int] = set()
            for part in parts:
                numbers.add(self._one(part))
                if UNKNOWN in numbers:
                    break
            else:
                return self._common(numbers)
        return UNKNOWN

    def _common(self, numbers: set[int]) -> int:
        """Return the single country of a set; of a territory and its sovereign, the territory."""
        for number in numbers:
            if numbers <= {number, int(self.sovereign[number])}:
                return number
        return UNKNOWN

    def agreed(self, columns: Sequence[Numbers]) -> Numbers:
        """Return the country of rows that state it in several columns.

        The first column with a value applies. If a later one names another country, the result is
        `UNKNOWN`, unless one is a territory of the other; a later unknown text contradicts nothing.

        Parameters
        ----------
        columns
            `number` of each row, code columns first. Each of shape (n,).
        """
        result = columns[0].copy()
        for other in columns[1:]:
            result = np.where(result == NONE, other, result)
            both = (result > NONE) & (other > NONE) & (result != other)
            akin = (self.sovereign[result] == other) | (self.sovereign[other] == result)
            result = np.where(both & ~akin, np.int16(UNKNOWN), result)
        return result

    def stated(self, texts: Sequence[str]) -> str:
        """Return the values of several columns as one text, whose `number` is `agreed`."""
        filled = [text.strip() for text in texts if text.strip()]
        numbers = [self.numbers([text]) for text in filled]
        if len(filled) > 1 and self.agreed(numbers)[0] != numbers[0][0]:
            return " / ".join(filled)  # two countries
        return filled[0] if filled else ""

    def numbers(self, texts: Iterable[str]) -> Numbers:
        """Return `number` for each of the distinct texts."""
        return np.fromiter(map(self.number, texts), np.int16)

    def named(self, cells: pa.Array) -> Numbers:
        """Return `number` for each cell of text, computed once per distinct text."""
        coded = cells.dictionary_encode()
        return self.numbers(coded.dictionary.to_pylist()).take(arrays.as_numpy(coded.indices))

    def nearest(self, text: str) -> str:
        """Return the known name that is most like a text, as it is usually written; "" if none is.

        Examples
        --------
        >>> names = load()
        >>> names.nearest("Deutchland"), names.nearest("Untied States"), names.nearest("xyz")
        ('Deutschland', 'United States', '')
        """
        key = country_key(text)
        near = difflib.get_close_matches(key, self._index, n=1, cutoff=0.8)
        return self._spellings.get(near[0], near[0].title()) if near else ""

    @functools.cached_property
    def _index(self) -> Mapping[str, int]:
        """The number of each known name, by its key; made for the first text that is no code."""
        result: dict[str, int] = {}
        for number, row in enumerate(_rows("names.csv"), start=1):
            names = (row["name"], *row["aliases"].split("|"))
            result |= {country_key(name): number for name in names if not _is_code(name)}
        result.pop("", None)
        for row in _rows("official_names.csv"):
            number = self.codes.index(row["alpha2"])
            for key in row["keys"].split("|"):
                result.setdefault(key, number)
        return result

    @functools.cached_property
    def _subdivisions(self) -> Mapping[str, int]:
        """The number of the country of each ISO 3166-2 code."""
        return {
            f"{row['prefix']}-{suffix}": self.codes.index(row["alpha2"])
            for row in _rows("subdivisions.csv")
            for suffix in row["suffixes"].split()
        }

    @functools.cached_property
    def _spellings(self) -> Mapping[str, str]:
        """How each known name is written, by its key."""
        rows = _rows("names.csv")
        written = [name for row in rows for name in (*row["aliases"].split("|"), row["name"])]
        return {country_key(name): name for name in written}

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
    """Return the table bundled with the package (its origin is in ``SOURCE.md``)."""
    rows = _rows("names.csv")
    codes = ("", *(row["alpha2"] for row in rows))
    codes_of: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        codes_of |= {row[c].lower(): number for c in ("alpha2", "alpha3", "numeric") if row[c]}
        names = (row["name"], *row["aliases"].split("|"))
        codes_of |= {code_key(name): number for name in names if _is_code(name)}
    sovereign = np.zeros(len(codes), np.int16)
    territories = tomllib.loads((_folder() / "territories.toml").read_text(encoding="utf-8"))
    for territory, owner in territories["sovereign"].items():
        sovereign[codes.index(territory)] = codes.index(owner)
    return Names(codes, ("", *(row["name"] for row in rows)), sovereign, codes_of)


def _is_code(name: str) -> bool:
    """Return whether a name is known by its letters alone, as UK and U.S.A. are."""
    return not _FOUR_TOGETHER.search(name) and len(code_key(name)) in range(1, 4)


def _folder() -> Traversable:
    return resources.files("coverage_analyzer") / "resources" / "countries"


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((_folder() / name).read_text(encoding="utf-8").splitlines()))


def _splits(text: str) -> Iterator[list[str]]:
    """Yield the ways to split a text: at all equal separators, at the first, at the last."""
    for separator in SEPARATORS:
        matches = list(separator.finditer(text))
        cuts = [[*separator.split(text)]]
        cuts += [[text[: m.start()], text[m.end() :]] for m in (*matches[:1], *matches[-1:])]
        for parts in cuts if matches else []:
            filled = [part.strip() for part in parts if part.strip()]
            if len(filled) > 1:
                yield filled

"""Normalise addresses into queries, without flats and suites, free-form or structured."""

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from coverage_analyzer.addresses.lines import NUMBER_FIRST
from coverage_analyzer.addresses.postcodes import compact
from coverage_analyzer.countries import names
from coverage_analyzer.schema.columns import COUNTRY_BESIDE

__all__ = ["NUMBER_FIRST", "PARTS", "Query", "compact", "house_number", "query", "tokens"]

PARTS: Final = ("address", "street", "house_number", "postcode", "city", "state", "country")
"""The address columns of a table."""

_WORD: Final = r"[\w-]*\d[\w-]*|[A-Za-z]"
_UNITS: Final = re.compile(
    rf"""
    (?:^|(?<=[\s,;/]))
    (?: (?: apartment | appartement | apt | app | suite | ste | unit | flat | room | rm | bldg
          | building | wohnung | whg | stiege | top | t[üu]r | etage | stock | étage | piso
          | planta | porte | b[âa]t | b[âa]timent | escalier | scala | interno | int | floor )
        (?: \.\s* | \s+ | (?=[\d#]) ) (?:nr\.?\s* | no\.?\s* | \#\s*)? (?:{_WORD}) (?![\w'\u2019])
      | \# \s* \w+
      | \d+ \s* (?: st | nd | rd | th ) \s+ floor (?!\w)
      | \d+ \s* (?: \. | er | e | º | ª | ° )? \s* (?: etage | étage | stock | og | piso | planta )
        (?!\w)
      | p\.? \s* o\.? \s* box \s* [\w-]+ | postfach \s* \d*
      | c/o \s+ [^,;]+
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Names for parts of a building, or post-office boxes, which maps do not contain."""

_ONE: Final = r"\d+(?:\s?[A-Za-z](?![A-Za-z]))?"
_NUMBER: Final = rf"{_ONE}(?:\s?[-/\u2013]\s?{_ONE})*"
_NUMBER_FIRST: Final = re.compile(rf"^({_NUMBER})[\s,]+(?=.*[^\W\d])")
_NUMBER_LAST: Final = re.compile(rf"(?<=[^\W\d])[\s,.]+({_NUMBER})$")
_ORDINAL: Final = re.compile(r"^\d+\s?(?:st|nd|rd|th)\b", re.IGNORECASE)


def tokens(text: str) -> list[str]:
    """Return the words of a text, split at hyphens."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def tidy(text: str) -> str:
    """Return a text with single spaces and no leading comma.

    Examples
    --------
    >>> tidy("  12  Main St ,, Springfield , ")
    '12 Main St, Springfield'
    """
    parts = (" ".join(part.split()) for part in unicodedata.normalize("NFC", text).split(","))
    return ", ".join(part for part in parts if part)


def without_units(text: str) -> str:
    """Return an address without flats, suites, floors and post-office boxes.

    Examples
    --------
    >>> without_units("Kreuzstrasse 12, Top 3, 9495 Triesen")
    'Kreuzstrasse 12, 9495 Triesen'
    >>> without_units("350 5th Avenue Suite 3301"), without_units("Rue Ste Marie 4")
    ('350 5th Avenue', 'Rue Ste Marie 4')
    """
    return tidy(_UNITS.sub(" ", text)).strip(" /-;")


def house_number(street: str) -> str:
    """Return the house number in a street with its number; empty if it has none.

    Examples
    --------
    >>> [house_number(s) for s in ("12 Main St", "Kreuzstrasse 31B", "5th Avenue", "350 5th Ave")]
    ['12', '31B', '', '350']
    """
    first = None if _ORDINAL.match(street) else _NUMBER_FIRST.search(street)
    match = first or _NUMBER_LAST.search(street)
    return match[1] if match else ""


@dataclass(frozen=True)
class Query:
    """A geocoding query for an address.

    Attributes
    ----------
    text
        The whole address in one line, as written, but without units; empty if missing.
    street, house_number, postcode, city, state
        Its parts from columns of their own; the street includes its number.
    country
        Declared country, as alpha-2 code; empty if none is declared or it is unknown.
    """

    text: str
    street: str = ""
    house_number: str = ""
    postcode: str = ""
    city: str = ""
    state: str = ""
    country: str = ""

    @property
    def is_free(self) -> bool:
        """Whether the address, or its remainder, is free-form."""
        return not (self.street or self.city or self.postcode)

    @property
    def normalised(self) -> str:
        """The query without irrelevant differences: case, spaces, commas."""
        parts = (self.text, self.street, self.postcode, self.city, self.state, self.country)
        return "|".join(" ".join(tokens(part)) for part in parts)

    def key(self, provider: str, version: str) -> str:
        """Return the cache key: query, provider and data version."""
        whole = f"{self.normalised}\0{provider}\0{version}"
        return hashlib.sha256(whole.encode()).hexdigest()

    @property
    def countries(self) -> frozenset[str]:
        """The declared country, its sovereign and territories, which maps do not separate."""
        return _akin(self.country) if self.country else frozenset()

    def steps(self) -> Iterator[Mapping[str, str] | str]:
        """Yield the query variants to try, in order, until one has a result.

        First structured, then in one line, then without its first part: a company, or a misspelt
        street.
        """
        parts = {"street": self.street, "postalcode": self.postcode, "city": self.city}
        parts_given = {name: part for name, part in {**parts, "state": self.state}.items() if part}
        if not self.is_free:
            yield parts_given
        yield self.text
        rest = {name: part for name, part in parts_given.items() if name != "street"}
        if self.street and (self.city or self.postcode):
            yield rest
        elif self.is_free and not _code(rest_of := self.text.partition(",")[2].strip()) and rest_of:
            yield rest_of


def query(cells: Mapping[str, str]) -> Query | None:
    """Return the query for the cells of a row, keyed by `PARTS`; None if all are empty.

    Examples
    --------
    >>> query({"street": "Kreuzstr.", "house_number": "12", "city": "Balzers"}).text
    'Kreuzstr. 12, Balzers'
    >>> query({"address": " ", "country": "LI"}) is None
    True
    """
    texts = {name: tidy(cells.get(name) or "") for name in PARTS}
    stated = [texts["country"], *(cells.get(name) or "" for name in COUNTRY_BESIDE)]
    texts["country"] = tidy(names.load().stated(stated))
    country = _code(texts["country"])
    address, street, number = (
        without_units(texts[name]) for name in ("address", "street", "house_number")
    )
    parts = {name: texts[name] for name in ("postcode", "city", "state")}
    if not (address or street or parts["city"] or parts["postcode"]):
        return None
    if address and not street and (number or parts["city"] or parts["postcode"]):
        street = _first_line(address, (*parts.values(), _title(country), texts["country"]))
    if number and street and not house_number(street):
        street = f"{number} {street}" if country in NUMBER_FIRST else f"{street} {number}"
    town = " ".join(p for p in (parts["postcode"], parts["city"]) if p)
    whole = [street if texts["street"] or number else address or street]
    words_before = set(tokens(whole[0]))
    whole += [part for part in (town, parts["state"]) if not words_before.issuperset(tokens(part))]
    text = ", ".join(part for part in whole if part)
    return Query(text, street, house_number(street) or number, **parts, country=country)


def _first_line(address: str, other_parts: Sequence[str]) -> str:
    """Return an address without the parts that have columns of their own."""
    words = {word for part in other_parts for word in tokens(part)}
    lines = [line for line in address.split(",") if not words.issuperset(tokens(line))]
    return tidy(",".join(lines))


def _title(code: str) -> str:
    country_names = names.load()
    return country_names.titles[country_names.codes.index(code)]


@functools.lru_cache(maxsize=4096)
def _code(text: str) -> str:
    country_names = names.load()
    number = country_names.number(text)
    return country_names.codes[number] if number > 0 else ""


@functools.cache
def _akin(code: str) -> frozenset[str]:
    """Return a country, its sovereign and its territories."""
    country_names = names.load()
    number = country_names.codes.index(code)
    owned = {
        country_names.codes[i]
        for i, owner in enumerate(country_names.sovereign.tolist())
        if owner == number
    }
    return frozenset(
        {code, country_names.codes[int(country_names.sovereign[number])], *owned} - {""}
    )

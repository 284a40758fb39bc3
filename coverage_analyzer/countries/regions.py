"""Regions of countries by ISO 3166-2: which codes exist, and which region contains another."""

import csv
import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

CODE: Final = re.compile(
    r"(?P<country>[A-Z]{2})[\s\-\u2010-\u2015\u2212]+(?P<region>[A-Z0-9]{1,3})", re.IGNORECASE
)
"""A region code as people write it: any case, spaces, any dash."""

MAX_LISTED: Final = 3
"""Maximum number of rows named in a warning; the rest is counted."""


@dataclass(frozen=True)
class Region:
    """An entry of ISO 3166-2.

    Attributes
    ----------
    code, name
        Such as ``DE-BY`` and ``Bavaria``; the name is English, empty for a withdrawn code.
    parent
        Code of the containing region; empty if that is the country itself.
    stands_for
        What the code means instead: the country that it names (``US-PR`` is ``PR``), or the code
        that has replaced it. Usually empty.
    """

    code: str
    name: str
    parent: str
    stands_for: str


@dataclass(frozen=True)
class AssignedRegions:
    """The regions of centers.

    Attributes
    ----------
    codes
        ISO 3166-2 code of each center; empty if unknown.
    warnings
        The cells treated as empty, as text: at most one warning.
    """

    codes: tuple[str, ...]
    warnings: tuple[str, ...]


@functools.cache
def load() -> Mapping[str, Region]:
    """Return all regions by code (their origin is in ``SOURCE.md`` beside the table)."""
    path = resources.files("coverage_analyzer") / "resources" / "calendars" / "regions.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {row["code"]: Region(**row) for row in rows}


def region_code(text: str, country: str) -> str | None:
    """Return the region named by a text within a country.

    Parameters
    ----------
    text
        As in the cell, such as ``GB-ENG`` or `` de - by ``.
    country
        ISO 3166-1 alpha-2.

    Returns
    -------
    code
        ISO 3166-2; empty if the cell is empty or names the whole country (``US-PR`` in ``PR``);
        None if it is not a code of the country.

    Examples
    --------
    >>> [region_code(t, "DE") for t in ("de - by", "", "EMEA", "AT-7")]
    ['DE-BY', '', None, None]
    """
    if not text.strip():
        return ""
    match = CODE.fullmatch(text.strip())
    code = f"{match['country']}-{match['region']}".upper() if match else ""
    region = load().get(code)
    if region is None:
        return None
    if region.stands_for == country:
        return ""
    if "-" in region.stands_for:
        region = load().get(region.stands_for, region)
    return region.code if region.code[:2] == country else None


def region_named(text: str, country: str) -> str | None:
    """Return the region that a cell names within a country: by its code or by its name.

    Parameters
    ----------
    text
        As in the cell: a code, a code without its country, or the English name of the table.
    country
        ISO 3166-1 alpha-2.

    Returns
    -------
    code
        As `region_code` returns it.

    Examples
    --------
    >>> [region_named(t, "US") for t in ("TX", "us-tx", "texas", "Tx.", "Bayern")]
    ['US-TX', 'US-TX', 'US-TX', None, None]
    >>> region_named("Sao Paulo", "BR"), region_named("1", "JP"), region_named("VI", "ES")
    ('BR-SP', 'JP-01', 'ES-VI')
    """
    code = region_code(text, country)
    if code is not None:
        return code
    bare = text.strip()
    for short in (bare, bare.zfill(2)):  # a spreadsheet takes the zero of 01
        if code is None and re.fullmatch(r"[A-Za-z0-9]{1,3}", short):
            code = region_code(f"{country}-{short}", country)
    return code if code is not None else _by_name(country).get(_plain(bare))


@functools.cache
def _by_name(country: str) -> dict[str, str]:
    """Return the codes of a country by their names; a name of two regions is left out."""
    named: dict[str, str] = {}
    twice = set()
    for region in load().values():
        key = _plain(region.name)
        if region.code[:2] == country and not region.stands_for and key:
            twice |= {key} if named.get(key, region.code) != region.code else set()
            named[key] = region.code
    return {name: code for name, code in named.items() if name not in twice}


def _plain(text: str) -> str:
    """Return a name without case, accents and punctuation."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in decomposed if c.isalnum())


def containing(code: str) -> tuple[str, ...]:
    """Return a region and the regions that contain it, the smallest first.

    Examples
    --------
    >>> containing("GB-LND")
    ('GB-LND', 'GB-ENG')
    """
    regions = []
    while code and code not in regions:
        regions.append(code)
        region = load().get(code)
        code = region.parent if region else ""
    return tuple(regions)


def contained(code: str) -> tuple[str, ...]:
    """Return the regions directly within a region.

    Examples
    --------
    >>> "IT-MI" in contained("IT-25")
    True
    """
    return _contained().get(code, ())


@functools.cache
def _contained() -> dict[str, tuple[str, ...]]:
    children: dict[str, tuple[str, ...]] = {}
    for region in load().values():
        if region.parent:
            children[region.parent] = (*children.get(region.parent, ()), region.code)
    return children


def assign_regions(
    texts: Sequence[str], countries: Sequence[str], rows: Sequence[str]
) -> AssignedRegions:
    """Return the region of each center; empty if the cell is not a code of its country.

    Parameters
    ----------
    texts
        The cells of the column ``region``; empty if there is no such column. Length n or 0.
    countries
        The country assigned to each center, ISO 3166-1 alpha-2. Length n.
    rows
        Label of each center in messages, such as ``line 7``. Length n.
    """
    if not any(text.strip() for text in texts):
        return AssignedRegions(("",) * len(countries), ())
    codes = [region_code(text, c) for text, c in zip(texts, countries, strict=True)]
    unread = [i for i, code in enumerate(codes) if code is None]
    return AssignedRegions(
        tuple(code or "" for code in codes), tuple(_unread(unread, texts, countries, rows))
    )


def _unread(
    unread: Sequence[int], texts: Sequence[str], countries: Sequence[str], rows: Sequence[str]
) -> list[str]:
    if not unread:
        return []
    named = [
        f"{rows[i]}: {texts[i].strip()[:40]!r} in {countries[i] or 'no country'}"
        for i in unread[:MAX_LISTED]
    ]
    more = f" and {len(unread) - MAX_LISTED} more" if len(unread) > MAX_LISTED else ""
    center = "1 center" if len(unread) == 1 else f"{len(unread)} centers"
    warning = (
        f"The column region of {center} is not an ISO 3166-2 code of the center's country, such "
        f"as DE-BY, and counts as empty ({'; '.join(named)}{more})."
    )
    return [warning]

"""Compare the address of a request with the registered one: same, different or unclear.

Numbers decide first, and exactly: no similarity of words makes 12 of 21, or a sixth avenue of a
fifth one. Words are equal if they share a reading: an abbreviation may have two (*St* is a street
or a saint), and so has an umlaut (*u* or *ue*). Similar letters never make two addresses
equivalent; they only separate addresses that need manual review from different ones.

No library serves: parsers of addresses (libpostal) are statistical, load gigabytes and may be wrong
in silence, and scores of likeness (rapidfuzz) take 12 for 21. Letters are compared by `difflib`.
"""

import difflib
import enum
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from coverage_analyzer.addresses.spellings import ORDINALS, PLAIN, SPELLINGS, TENS, Spelling
from coverage_analyzer.addresses.transliteration import readings
from coverage_analyzer.addresses.units import lifted
from coverage_analyzer.countries import names


class AddressMatch(enum.StrEnum):
    """How two addresses compare, the closest match first."""

    identical = enum.auto()
    equivalent = enum.auto()
    unit_differs = enum.auto()
    unclear = enum.auto()
    different = enum.auto()
    different_country = enum.auto()


ALIKE: Final = 0.8
"""Share of common letters above which a differing word is unclear: a typo or another street."""

LONGEST: Final = 1000
"""Maximum length of an address in characters; comparing letters is slow for longer texts."""

SHORTEST_COUNTRY: Final = 4
"""Minimum length of a country name at the end of an address; shorter ones must be listed."""

SHORT_COUNTRIES: Final = frozenset({"usa", "uk", "uae", "us"})
TOKEN: Final = re.compile(r"#|[0-9]+(?:st|nd|rd|th)\b|[0-9]+[a-z]?\b(?:[-/][0-9]+[a-z]?\b)*|\w+")
CJK: Final = re.compile(r"(?<=[\u3040-\u30ff\u3400-\u9fff])\s+(?=[\u3040-\u30ff\u3400-\u9fff])")

CEDEX: Final = re.compile(r"\bcedex(?:\s+([0-9]{1,2})\b(?!\s*[0-9]))?")
"""Delivery through a post-office box: its postcode differs from that of the street."""

SUFFIXES: Final = {"bis": "b", "ter": "t", "quater": "q"}
ATOM: Final = re.compile(r"[0-9]+|(?<=[0-9])\s?(?:bis|ter|quater|[a-z])\b")

Readings = frozenset[str]


@dataclass(frozen=True)
class Parts:
    """An address split into its parts for comparison.

    Attributes
    ----------
    words
        The readings of each word, in order, including numbers.
    units
        Flats, floors and suites: the kind (empty for ``#``) and the value.
    postcode
        Without spaces and hyphens; empty if unknown.
    country
        Alpha-2 code of the country at the end of the text, or empty.
    atoms
        All numbers in order, of houses and units, without the postcode.
    cedex
        Whether it is a post-office delivery (France).
    is_latin
        Whether all letters are Latin.
    """

    words: tuple[Readings, ...]
    units: tuple[tuple[str, str], ...]
    postcode: tuple[str, ...]
    country: str
    atoms: tuple[str, ...] = ()
    cedex: bool = False
    is_latin: bool = True

    @property
    def names(self) -> list[Readings]:
        """Words that are not numbers."""
        return [w for w in self.words if not min(w)[:1].isdigit()]

    @property
    def numbers(self) -> list[str]:
        """Numbers with the letters attached to them, sorted."""
        return sorted(min(w) for w in self.words if min(w)[:1].isdigit())

    @property
    def ordinals(self) -> list[str]:
        """Numbers that are street names, such as *5th*."""
        return [n for n in self.numbers if re.fullmatch(r"[0-9]+(?:st|nd|rd|th)", n)]

    @property
    def text(self) -> str:
        """The words, with one reading each."""
        return " ".join(min(w) for w in self.words)


def address_match(registered: str, requested: str, country: str) -> AddressMatch:
    """Compare the address of a request with the registered one.

    Parameters
    ----------
    registered, given
        Complete addresses, on one line or several, with or without the country.
    country
        Alpha-2 code of the country of the registered address, whose spellings apply.

    Examples
    --------
    >>> registered = "350 Fifth Avenue, New York, NY 10118"
    >>> address_match(registered, "350 5th Ave, New York NY 10118", "US")
    <AddressMatch.equivalent: 'equivalent'>
    >>> address_match("350 Fifth Avenue, New York", "350 Sixth Avenue, New York", "US")
    <AddressMatch.different: 'different'>
    """
    if _plain(registered) == _plain(requested):
        return AddressMatch.identical
    if max(len(registered), len(requested)) > LONGEST:
        return AddressMatch.unclear
    return _compare_parts(parts(registered, country), parts(requested, country), country)


def _compare_parts(one: Parts, other: Parts, country: str) -> AddressMatch:
    """Compare two addresses that are not identical."""
    if (one.country or country) != (other.country or country):
        return AddressMatch.different_country
    if _postcodes_differ(one, other) or one.numbers != other.numbers:
        return AddressMatch.unclear if _are_regrouped(one, other) else AddressMatch.different
    if not _same_words(one, other):
        return AddressMatch.unclear if _alike(one, other) else AddressMatch.different
    if one.postcode[:1] != other.postcode[:1] or one.cedex != other.cedex:
        return AddressMatch.unclear
    if one.is_latin != other.is_latin:  # two names may be transliterated alike
        return AddressMatch.unclear
    return _by_units(one, other)


def _are_regrouped(one: Parts, other: Parts) -> bool:
    """Return whether only the grouping of numbers differs: *5/100* and *Unit 5, 100*."""
    if _postcodes_differ(one, other) or one.atoms != other.atoms:
        return False
    if one.ordinals != other.ordinals:
        return False  # a sixth avenue is not a fifth one
    pairs = zip(one.names, other.names, strict=False)
    return len(one.names) == len(other.names) and all(a & b for a, b in pairs)


def _by_units(one: Parts, other: Parts) -> AddressMatch:
    """Compare two addresses that differ only in their units."""
    if one.units == other.units:
        return AddressMatch.equivalent
    if sorted(v for _, v in one.units) == sorted(v for _, v in other.units):
        return AddressMatch.unclear  # "Apt 3" and "#3" may be the same door
    return AddressMatch.unit_differs


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _postcodes_differ(one: Parts, other: Parts) -> bool:
    """Return whether both addresses have a postcode and the postcodes differ, if comparable."""
    if one.cedex != other.cedex:  # only the department is the same
        return [p[:2] for p in one.postcode] != [p[:2] for p in other.postcode]
    return any(a != b for a, b in zip(one.postcode, other.postcode, strict=False))


def _same_words(one: Parts, other: Parts) -> bool:
    pairs = zip(one.words, other.words, strict=False)
    return len(one.words) == len(other.words) and all(a & b for a, b in pairs)


def _alike(one: Parts, other: Parts) -> bool:
    """Return whether manual review is needed: few letters differ, or words are missing or moved."""
    if one.is_latin != other.is_latin:
        return any(a & b for a in one.names for b in other.names)
    mine, theirs = set(one.text.split()), set(other.text.split())
    if mine and theirs and (mine <= theirs or theirs <= mine):
        return True
    matcher = difflib.SequenceMatcher(None, one.text, other.text, autojunk=False)
    return matcher.ratio() >= ALIKE


def parts(text: str, country: str) -> Parts:
    """Split an address into its parts by the spellings of a country (alpha-2)."""
    spelling = SPELLINGS.get(country, PLAIN)
    whole = text.replace("\r", "")
    rest, lifted_units = lifted(whole, country)
    segments = [s.strip() for s in re.split(r"[,;\n]", rest) if s.strip()]
    own = ""
    if len(segments) > 1 and (own := _country(segments[-1], spelling)):
        segments = segments[:-1]
    folded, cedex = CEDEX.subn(" ", _fold(" , ".join(segments)))
    rest, postcode = _postcode(folded, spelling, country)
    segments = [s.strip(" .-") for s in rest.split(",") if s.strip(" .-")]
    if segments:
        segments[-1] = spelling.regions.get(segments[-1], segments[-1])
    words: list[Readings] = []
    units: list[tuple[str, str]] = list(lifted_units)
    for segment in segments:
        rest_of_it, units_here = _units(_tokens(segment, spelling), spelling)
        units += units_here
        words += [_readings(rest_of_it, at, spelling) for at in range(len(rest_of_it))]
    is_latin = not any(c.isalpha() and c > "\u02af" for c in rest)
    atoms = _atoms(whole, spelling, country)
    return Parts(tuple(words), tuple(sorted(units)), postcode, own, atoms, cedex > 0, is_latin)


def _atoms(text: str, spelling: Spelling, country: str) -> tuple[str, ...]:
    """Return all numbers of an address in order, with the letters attached to them."""
    folded = CEDEX.sub(" ", _fold(text))
    rest, _ = _postcode(folded, spelling, country)
    atoms = (atom.strip() for atom in ATOM.findall(rest))
    return tuple(SUFFIXES.get(atom, atom) for atom in atoms)


def _country(segment: str, spelling: Spelling) -> str:
    """Return the country named in the last segment of an address; empty if none."""
    name = names.country_key(segment)
    if name in spelling.regions or (len(name) < SHORTEST_COUNTRY and name not in SHORT_COUNTRIES):
        return ""
    table = names.load()
    number = table.number(segment)
    # A city may have the name of its country: Singapore is kept, as both addresses end with it.
    return table.codes[number] if number > 0 else ""


def _fold(text: str) -> str:
    """Return text without case, width variants and Japanese block signs; umlauts are kept."""
    wide = unicodedata.normalize("NFKC", text).casefold().replace("〒", "").replace("i\u0307", "i")
    wide = re.sub(r"([0-9]+)\s*(?:丁目|番地の?|番|号)", r"\1-", wide)
    wide = re.sub(r"([0-9])-+(?=[0-9])", r"\1-", wide)
    wide = re.sub(r"([0-9])-(?![0-9])", r"\1 ", CJK.sub("", wide))
    wide = re.sub(r"['\N{RIGHT SINGLE QUOTATION MARK}`]", "", wide)
    return re.sub(r"\b([a-z])\.(?=[a-z]{1,2}\b)", r"\1", wide)  # "P.za" is one word


def _postcode(text: str, spelling: Spelling, country: str) -> tuple[str, tuple[str, ...]]:
    """Split a normalised text into the text without its postcode and the parts of the postcode."""
    # International form: D-80331, FL-9490, SE-111 22.
    text = re.sub(rf"\b(?:{country.lower()}|[abdfl]|fl)-(?=[0-9]{{3}})", "", text)
    matches = list(re.finditer(spelling.postcode, text)) if spelling.postcode else []
    if not matches:
        return text, ()
    last = matches[-1]
    groups = [part for part in last.groups() if part]
    # Only the US has an optional part; elsewhere the halves are one code.
    code = tuple(groups) if country == "US" else ("".join(groups),)
    return f"{text[: last.start()]},{text[last.end() :]}", code


def _tokens(segment: str, spelling: Spelling) -> list[str]:
    """Return the words of a segment; a letter that belongs to a number is joined to it."""
    tokens = [t.strip("_") for t in TOKEN.findall(segment)]
    tokens = [t for t in tokens if t and t not in {"no", "nr", "nº", "num", "numero"}]
    result: list[str] = []
    for token in tokens:
        before = result[-1] if result else ""
        hangs = token in {"bis", "ter"} or (spelling.number_last and len(token) == 1)
        if hangs and before.isdecimal() and token.isalpha() and token not in spelling.units:
            result[-1] = before + token
        elif before in TENS and ORDINALS.get(token, 10) < 10:
            result[-1] = _ordinal(TENS[before] + ORDINALS[token])
        else:
            result.append(_ordinal(ORDINALS[token]) if token in ORDINALS else token)
    return result


def _ordinal(number: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in {11, 12, 13} else last}"


def _units(tokens: list[str], spelling: Spelling) -> tuple[list[str], list[tuple[str, str]]]:
    """Split tokens into those that are not units, and the units."""
    rest: list[str] = []
    units: list[tuple[str, str]] = []
    at = 0
    while at < len(tokens):
        kind = "" if tokens[at] == "#" else spelling.units.get(_bare(tokens[at]))
        value = tokens[at + 1] if at + 1 < len(tokens) else ""
        if kind is not None and (value[:1].isdigit() or len(value) == 1):
            units.append((kind, value))
            at += 2
        elif kind == "floor" and rest and rest[-1][:1].isdigit():  # "12th floor"
            units.append((kind, re.sub(r"(st|nd|rd|th)$", "", rest.pop())))
            at += 1
        else:
            rest.append(tokens[at])
            at += 1
    return rest, units


def _bare(word: str) -> str:
    """Return a word without accents; an umlaut becomes its base vowel."""
    return min(readings(word), key=len)


def _readings(tokens: list[str], at: int, spelling: Spelling) -> Readings:
    """Return the possible meanings of a word of a segment, given the words around it."""
    token = tokens[at]
    if token[:1].isdigit():
        return frozenset({token})
    return frozenset(r for word in readings(token) for r in _meanings(word, tokens, at, spelling))


def _meanings(word: str, tokens: list[str], at: int, spelling: Spelling) -> set[str]:
    if word in spelling.words:
        return {spelling.words[word]}
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    first = at == 0 or (at == 1 and tokens[0][:1].isdigit())
    types = {*spelling.types, *spelling.types.values()}
    if word in spelling.types:
        name_follows = bool(after) and after not in spelling.directions and after.isalpha()
        if word == "st" and name_follows:
            return {"saint"} if first else {"saint", "street"}
        return {word} if first and name_follows else {spelling.types[word]}
    if word in spelling.directions:
        # "E Street" is a street named E, "E Main Street" is in the east.
        saint = after == "st" and "".join(tokens[at + 2 : at + 3]).isalpha()
        return {word} if after in types and not saint else {spelling.directions[word]}
    for short, whole in spelling.endings.items():
        if word.endswith(short) and len(word) > len(short) + 2:
            return {word.removesuffix(short) + whole}
    return {word}

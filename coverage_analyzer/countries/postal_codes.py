"""Postcodes of each country: their format, and whether a cell names one of a list.

A cell may have spaces, hyphens, lower case, full-width letters, a sign (〒), its country in front,
more digits than needed (ZIP+4), or may have lost its leading zeros in a spreadsheet.
"""

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

_FORMATS: Final = {
    r"[0-9]{4}": "AT AU BE BG CH CY DK GE HU LI LU LV MD MK NO NZ PH SI TN ZA",
    r"[0-9]{5}": (
        "BA CR DE DZ EE EG ES FI FR GF GP GT HR ID IT JO KE KR KW LK LT MA MC ME MM MN MQ MX MY "
        "NP PE PK PM RE RS SA SM SN TH TR UA UY VA XK YT ZM"
    ),
    r"[0-9]{5}(?:[- ][0-9]{4})?": "US PR VI GU AS MP",
    r"[0-9]{3} ?[0-9]{2}": "SE CZ SK GR",
    r"[0-9]{6}": "BY CN CO EC KG KZ RO RU SG TJ TM UZ VN",
    r"[0-9]{3} ?[0-9]{3}": "IN",
    r"[0-9]{4} ?[a-z]{2}": "NL",
    r"[a-z]{1,2}[0-9][a-z0-9]? ?[0-9][a-z]{2}": "GB GG JE IM GI FK",
    r"[a-z][0-9][0-9w] ?[a-z0-9]{4}": "IE",
    r"[a-z][0-9][a-z][ -]?[0-9][a-z][0-9]": "CA",
    r"[0-9]{3}-?[0-9]{4}": "JP",
    r"[0-9]{5}-?[0-9]{3}": "BR",
    r"[0-9]{2}-?[0-9]{3}": "PL",
    r"[0-9]{4}-[0-9]{3}": "PT",
    r"[a-z]{3} ?[0-9]{4}": "MT",
    r"[a-z]?[0-9]{4}(?:[a-z]{3})?": "AR",
    r"[0-9]{7}|[0-9]{5}": "IL CL",
    r"[0-9]{3}(?:[0-9]{2,3})?": "TW",
    r"ad ?[0-9]{3}": "AD",
    r"[a-z]{2} ?[0-9]{2}": "BM",
}
FORMATS: Final = {code: form for form, codes in _FORMATS.items() for code in codes.split()}
"""By alpha-2 country code, for normalised text."""

UNKNOWN: Final = r"[0-9]{4,6}"
"""Used if the country is unknown or has no format here."""

SHORT: Final = {"US": 5, "PR": 5, "BR": 5, "NL": 4, "PT": 4}
"""Number of leading characters of a postcode that are often written alone and identify the town."""


def compact(text: str) -> str:
    """Return only letters and digits, in one case, for comparing numbers and postcodes.

    Examples
    --------
    >>> compact("SW1A 1AA") == compact("sw1a1aa"), compact("31 B")
    (True, '31b')
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def code_of(postcode: str, country: str) -> str:
    """Return a postcode without spaces, hyphens and country prefix.

    Examples
    --------
    >>> code_of("D-80331", "DE"), code_of("AT-1010", "AT"), code_of("1011 ab", "NL")
    ('80331', '1010', '1011ab')
    >>> code_of("LV-1010", "LV"), code_of("SW1A 1AA", "GB"), code_of("〒150-0001", "JP")
    ('1010', 'sw1a1aa', '1500001')
    """
    text = compact(postcode.replace("〒", ""))
    form = FORMATS.get(country, UNKNOWN)
    if re.fullmatch(form.replace(" ", "").replace("-?", ""), text) or not form.startswith("[0-9]"):
        return text
    return re.sub(r"^[a-z]{1,3}(?=[0-9])", "", text)


class Member(IntEnum):
    """Whether something is in an area."""

    no = 0
    yes = 1
    unknown = 2


BRITISH: Final = frozenset({"GB", "GG", "JE", "IM"})
"""Countries of codes like ``SW1A 1AA``: an outward and an inward part, neither read as a prefix."""

_LOST_ZEROS: Final = {
    2: "US PR VI AS FI IT JP NO PL ZA KE",
    1: (
        "DE FR ES KR MX MY MM LT UA SK GR DK AU NZ PH BR DZ PE CO EC CN SG KZ RO TR VN GF GP MQ RE"
    ),
}
_LOST: Final = {code: n for n, codes in _LOST_ZEROS.items() for code in codes.split()}
"""How many zeros a code may begin with, and so lose in a spreadsheet; in other countries none."""

_LETTERED: Final = {
    "NL": ("ddddaa",),
    "IE": ("adxxxxx",),
    "CA": ("adadad",),
    "MT": ("aaadddd",),
    "AR": ("dddd", "addddaaa"),
    "AD": ("aaddd",),
    "BM": ("aadd",),
    "GI": ("aaxxdaa",),
    "FK": ("aaaadaa",),
}
"""Places of digits (d), letters (a) and either (x) in codes that have letters."""

_HYPHEN: Final = {"US": 5, "PR": 5, "JP": 3, "BR": 5, "PL": 2, "PT": 4, "CA": 3}
"""After how many characters a code has a hyphen; elsewhere it has none."""

_ENTRY: Final = re.compile(r"([A-Z]{2}):\s*(\S.*)")
_DASH: Final = re.compile(r"\s*(?:[-\u2010-\u2015]|\.\.)\s*")
_OUTWARD: Final = re.compile(r"[a-z]{1,2}(?:[0-9][a-z0-9]?)?")
_BRITISH: Final = re.compile(r"([a-z]{1,2}[0-9][a-z0-9]?)([0-9](?:[a-z]{2})?)")


class PostcodeEntry(NamedTuple):
    """Postcodes listed by a policy: those that begin with a text, or a range of such texts.

    ``inward`` is the beginning of the second half of a British code; ``first`` is then the first.
    """

    country: str
    first: str
    last: str
    inward: str = ""


def postcode_entry(text: str) -> PostcodeEntry:
    """Return the postcodes named by an entry of a policy.

    Parameters
    ----------
    text
        Alpha-2 code, colon, and a code, the beginning of codes, or a range: ``DE:79``,
        ``GB:SW1A``, ``DE:79098-79117``.

    Raises
    ------
    ValueError
        With what is wrong, as a sentence without its subject.

    Examples
    --------
    >>> postcode_entry("DE:79098-79117")[1:3], postcode_entry("JP:150-0001")[1:3]
    (('79098', '79117'), ('1500001', '1500001'))
    >>> postcode_entry("GB:SW1A 1")
    PostcodeEntry(country='GB', first='sw1a', last='sw1a', inward='1')
    """
    match = _ENTRY.fullmatch(text.strip())
    if match is None:
        msg = 'is not a country, a colon and postcodes, such as "DE:79" or "DE:79098-79117".'
        raise ValueError(msg)
    country, body = match[1], unicodedata.normalize("NFKC", match[2]).casefold().strip()
    if country in BRITISH:
        halves = _halves(body)
        if halves is None:
            msg = "is not a postcode, outward code or area, such as GB:SW1A 1AA, GB:SW1A or GB:SW."
            raise ValueError(msg)
        return PostcodeEntry(country, halves[0], halves[0], halves[1])
    return _range(country, body) or _beginning(country, body)


def _range(country: str, body: str) -> PostcodeEntry | None:
    """Return the range that an entry names, if it does.

    Raises
    ------
    ValueError
        If it ends before it begins.
    """
    whole = _lengths(country)
    for dash in _DASH.finditer(body):
        sides = compact(body[: dash.start()]), compact(body[dash.end() :])
        even = len(sides[0]) == len(sides[1]) and all(side.isdecimal() for side in sides)
        if even and (len(sides[0]) in whole or country not in _HYPHEN):
            if sides[0] > sides[1]:
                msg = "ends before it begins."
                raise ValueError(msg)
            return PostcodeEntry(country, *sides)
        if even:
            msg = "may be a range or a code. Write a range with whole codes."
            raise ValueError(msg)
    return None


def _beginning(country: str, body: str) -> PostcodeEntry:
    """Return the codes that begin with a text.

    Raises
    ------
    ValueError
        If no code of the country does.
    """
    code = compact(body)
    dash = _DASH.search(body)
    misplaced = dash and len(compact(body[: dash.start()])) != _HYPHEN.get(country)
    if misplaced or not code or not _may_begin(code, country):
        msg = "is not a postcode of that country, the beginning of one, or a range."
        raise ValueError(msg)
    return PostcodeEntry(country, code, code)


def _halves(text: str) -> tuple[str, str] | None:
    """Return the outward and inward part of a British code; the latter may be short or missing."""
    first, _, second = text.partition(" ")
    if second and _OUTWARD.fullmatch(first):
        inward = compact(second)
        return (first, inward) if re.fullmatch(r"[0-9][a-z]{0,2}", inward) else None
    code = compact(text)
    if _OUTWARD.fullmatch(code):
        return code, ""
    match = _BRITISH.fullmatch(code)
    return (match[1], match[2]) if match else None


@functools.cache
def _lengths(country: str) -> tuple[int, ...]:
    """Return how many digits the whole codes of a country have; none if they have letters."""
    form = FORMATS.get(country, "")
    bare = re.sub(r"\[- \]\??|[ -]\??(?![^\[]*\])", "", form)
    return tuple(n for n in range(3, 11) if re.fullmatch(bare, "0" * n))


def _may_begin(code: str, country: str) -> bool:
    """Return whether a code of a country may begin with a text without spaces and hyphens."""
    lengths = _lengths(country)
    if country in _LETTERED:
        kinds = {"d": str.isdecimal, "a": str.isalpha, "x": str.isalnum}
        return any(
            len(code) <= len(places)
            and all(kinds[place](c) for place, c in zip(places, code, strict=False))
            for places in _LETTERED[country]
        )
    if lengths:
        return code.isdecimal() and len(code) <= max(lengths)
    return code.isalnum()


def readings(text: str, country: str) -> tuple[str, ...]:
    """Return what a cell may mean as a postcode or its beginning; nothing if it is none.

    Examples
    --------
    >>> readings("1067", "DE"), readings("02134-1234", "US"), readings("\u3012150-0001", "JP")
    (('01067',), ('021341234',), ('1500001',))
    >>> readings("501", "US"), readings("n/a", "NL"), readings("79098 Freiburg", "DE")
    (('00501', '501'), (), ('79098',))
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u3012", " ").strip()
    folded = re.sub(r"(?<=[0-9])\.0+$", "", folded)
    form = FORMATS.get(country)
    code = code_of(folded, country)
    if form and not _may_begin(code, country):
        with_town = re.match(rf"(?:[a-z]{{1,3}}[- ])?({form})(?!\w)", folded)
        code = compact(with_town[1]) if with_town else ""
    if not code or not _may_begin(code, country):
        return ()
    missing = next((n - len(code) for n in _lengths(country) if n >= len(code)), 0)
    if 0 < missing <= _LOST.get(country, 0) and SHORT.get(country) != len(code):
        padded = "0" * missing + code
        return (padded,) if missing == 1 else (padded, code)
    return (code,)


class PostcodeList:
    """Postcodes of one country that a policy lists.

    Parameters
    ----------
    entries
        Entries of the country.

    Examples
    --------
    >>> listed = PostcodeList([postcode_entry("DE:79"), postcode_entry("DE:01067-01069")])
    >>> [listed.member(cell).name for cell in ("D-79098", "1067", "80331", "0", "")]
    ['yes', 'yes', 'no', 'unknown', 'unknown']
    >>> listed = PostcodeList([postcode_entry("GB:SW1")])
    >>> [listed.member(cell).name for cell in ("sw1a 1aa", "SW1", "SW10 9AA", "SW")]
    ['yes', 'yes', 'no', 'unknown']
    """

    def __init__(self, entries: Iterable[PostcodeEntry]) -> None:
        entries = list(entries)
        self.country = entries[0].country
        whole = [e for e in entries if e.first == e.last and not e.inward]
        self._ranges = [e for e in entries if e.first != e.last]
        self._first = {e.first for e in whole}
        self._sizes = sorted({len(text) for text in self._first})
        self._starts = {text[:n] for text in self._first for n in range(len(text))}
        self._inward: dict[str, list[str]] = defaultdict(list)
        for entry in entries:
            if entry.inward:
                self._inward[entry.first].append(entry.inward)

    def member(self, text: str) -> Member:
        """Return whether the postcode in a cell is listed."""
        if self.country in BRITISH:
            halves = _halves(unicodedata.normalize("NFKC", text).casefold().strip())
            return Member.unknown if halves is None else self._british(*halves)
        members = {self._member(code) for code in readings(text, self.country)}
        return members.pop() if len(members) == 1 else Member.unknown

    def _member(self, code: str) -> Member:
        if any(code[:n] in self._first for n in self._sizes):
            return Member.yes
        unknown = code in self._starts
        for _, first, last, _ in self._ranges:
            n = min(len(code), len(first))
            if first[:n] <= code[:n] <= last[:n]:
                if n == len(first):
                    return Member.yes
                unknown = True
        return Member.unknown if unknown else Member.no

    def _british(self, outward: str, inward: str) -> Member:
        area = re.split(r"[0-9]", outward, maxsplit=1)[0]
        district = outward[:-1] if outward[-1].isalpha() and outward != area else outward
        if not self._first.isdisjoint({area, district, outward}):
            return Member.yes
        halves = self._inward.get(outward, ())
        if inward and any(inward.startswith(half) for half in halves):
            return Member.yes
        if outward == area:  # letters alone may be a word, too, such as n/a
            return Member.unknown
        finer = any(t[:-1] == outward and t[-1].isalpha() for t in {*self._first, *self._inward})
        less = finer or any(half.startswith(inward) for half in halves)
        return Member.unknown if less else Member.no

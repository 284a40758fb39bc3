"""Latitudes and longitudes in text that is not a plain number: one grammar for all notations.

A cell is tidied first (blanks, minus signs and quotes of every kind become plain ones), then read
as a number, or as degrees with minutes and seconds, with a sign or a hemisphere. What can be read
in two ways is not read: the letter O is east in German and west in Spanish, unless the column shows
which.
"""

import functools
import re
import unicodedata
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats


class Axis(NamedTuple):
    """One of the two coordinates: its column, its hemispheres and its range in degrees."""

    name: str
    positive: str
    negative: str
    limit: int


LATITUDE: Final = Axis("latitude", "N", "S", 90)
LONGITUDE: Final = Axis("longitude", "E", "W", 180)

EITHER: Final = "O"
"""East (Ost, Oost) or west (Ouest, Oeste, Ovest)."""

HEMISPHERES: Final = {
    "N": "n north nord norte noord norden nb nbr nördlich nördlichebreite \u0441 \u0441ш север "
    "пн 北緯 北纬 北 북위",
    "S": "s south sud süd sued süden syd sør sur sul zuid zb sbr südlich südlichebreite ю юш юг пд "
    "南緯 南纬 南 남위",
    "E": "e east est este ost oost osten öst øst ö ø ol öl östlich östlichelänge leste в вд "
    "восток \u0441\u0445 東経 東經 东经 東 东 동경",
    "W": "w west ouest oeste ovest westen väst vest wl westlich westlichelänge з зд запад зх "
    "西経 西經 西经 西 서경",
    EITHER: "o",
}
"""How hemispheres are written in words and letters, lower case, without points and blanks."""

ON_ONE_AXIS: Final = {"latitude": {"z": "S"}, "longitude": {"z": "W"}}
"""Letters that mean one thing on each axis: Dutch *zuid*, Czech and Polish *západ*, *zachód*."""

_O_IN_HEADERS: Final = {
    r"(?i).*(l(ä|ae?)nge|lengte)": "E",
    r"(?i)(.*[^a-z])?longitud(ine)?([^a-z]|$)": "W",
}
"""What the letter O means in the language of a header: German and Dutch; Spanish and Italian."""

_INVISIBLE: Final = "[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
"""Marks of direction and joins. Not the soft hyphen, which some programs write for a minus."""

_MINUS: Final = "[\u02d7\u207b\u208b\u2010-\u2015\u2212\u2796\ufe58\ufe63\uff0d]"
_DEGREE: Final = "(?:\u00c2?[\u00b0\u00ba\u02da\u2218\u2070]|degrees?|deg\\.?|d|度|도)"
_QUOTE: Final = "['`\u00b4\u02b9\u02bc\u2018\u2019\u201b\u2032\uff07]"
_MINUTE_MARK: Final = f"(?:{_QUOTE}|\u00e2\u20ac[\u00b2\u2122]|minutes?|min\\.?|m|分|분)"
_SECOND_MARK: Final = (
    f'(?:["\u02ba\u02dd\u201c\u201d\u2033\u3003\uff02]|{_QUOTE}{{2}}|\u00e2\u20ac\u00b3'
    "|seconds|sec\\.?|秒|초|(?P<letter_s>s))"
)
_NUMBER: Final = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_SIXTY: Final = r"[0-5]?[0-9](?:\.[0-9]*)?"
_SIDE: Final = r"\pL[\pL. ]*?"

_TIDYING: Final = (
    (_INVISIBLE, ""),
    (r"[\pZ\s\x0b]+", " "),
    (_MINUS, "-"),
    ("[\u207a\uff0b]", "+"),
    (r'^ ?=? ?"([^"]*)" ?$', r"\1"),
    (rf"^ ?{_QUOTE}([^'\x{{2018}}\x{{2019}}]*){_QUOTE} ?$", r"\1"),
    (rf"^ ?{_QUOTE}", ""),
    ("^ | $", ""),
)
"""Patterns, and what takes their place, one after the other."""

_COMMA: Final = r"^[+-]?[0-9]+,[0-9]+$"
_PLAIN: Final = rf"^(?P<before>[+-]?) ?(?P<number>{_NUMBER}(?:[eE][+-]?[0-9]+)?)(?P<after>-?)$"
"""A number after tidying; ERP systems write a minus behind it."""

_ANGLE: Final = (
    rf"^(?P<before>(?:{_SIDE})?)\s*(?P<sign>[+-]?)\s*(?P<degrees>{_NUMBER})(?:"
    rf"(?:\s*(?P<mark>{_DEGREE})\s*|\s*:\s*|\s+|\s*(?P<dash>-)\s*)(?P<minutes>{_SIXTY})(?:"
    rf"(?:\s*{_MINUTE_MARK}\s*|\s*:\s*|\s+|\s*-\s*)(?P<seconds>{_SIXTY})\s*{_SECOND_MARK}?"
    rf"|\s*{_MINUTE_MARK}?)"
    rf"|\s*{_DEGREE}?)\s*(?P<after>(?:{_SIDE})?)$"
)
"""Degrees, also with minutes and seconds: ``47°36'52.2"N``, ``N 47 36.87``, ``-47:36:52``.

Only the last part has a fraction. Hyphens separate degrees, minutes and seconds only with a
hemisphere: with a sign, or without either, they could be signs.
"""


class Reading(NamedTuple):
    """What cells were read as.

    Attributes
    ----------
    degrees
        NaN where a cell cannot be read. Shape (n,).
    blank
        Where there is nothing in the cell. Shape (n,).
    comma, point
        Whether a cell that was read has a decimal comma, and whether one has a decimal point.
    """

    degrees: Floats
    blank: Bools
    comma: bool
    point: bool


def read(cells: pa.Array, axis: Axis, letter_o: str = "") -> Reading:
    r"""Return the degrees of cells of text.

    Parameters
    ----------
    cells
        Strings without nulls.
    axis
        What they are: hemispheres of the other axis are not read.
    letter_o
        What the letter O stands for in longitudes, ``E`` or ``W``; if empty, it is not read.

    Examples
    --------
    >>> cells = arrays.text_array(["47°36'52.2\"N", "S 47 30", "-0,5", "47,6-", "47°61'"])
    >>> read(cells, LATITUDE).degrees.tolist()
    [47.6145, -47.5, -0.5, -47.6, nan]
    """
    values, blank = np.full(len(cells), np.nan), np.zeros(len(cells), np.bool_)
    usual = _matches(cells, _COMMA)
    at, rest = np.flatnonzero(usual), np.flatnonzero(~usual)
    values[at] = _floats(pc.replace_substring(cells.take(arrays.from_numpy(at)), ",", "."))
    if not len(rest):
        return Reading(values, blank, comma=True, point=False)
    odd = cells.take(arrays.from_numpy(rest))
    tidied = tidy(odd)
    values[rest] = _degrees(tidied, axis, letter_o)
    blank[rest] = arrays.as_numpy(pc.binary_length(tidied)) == 0
    good, comma = ~np.isnan(values[rest]), arrays.to_bools(pc.match_substring(odd, ","))
    point = good & ~comma & _matches(tidied, r"[0-9]\.[0-9]|^\.|\.$")
    return Reading(values, blank, bool(len(at) or (good & comma).any()), bool(point.any()))


def tidy(cells: pa.Array) -> pa.Array:
    r"""Return texts with plain blanks and signs, without quotes around them, and with points.

    One comma, in a text in which no point parts digits, is a decimal comma.

    Examples
    --------
    >>> cells = ['="39,1"', "'39.1", "\u221239,1", "1,234.5"]
    >>> tidy(arrays.text_array(cells)).to_pylist()
    ['39.1', '39.1', '-39.1', '1,234.5']
    """
    for pattern, plain in _TIDYING:
        cells = pc.replace_substring_regex(cells, pattern, plain)
    commas = arrays.as_numpy(pc.count_substring(cells, ","))
    decimal = (commas == 1) & ~_matches(cells, r"[0-9]\.|\.[0-9]")
    return pc.if_else(arrays.from_numpy(decimal), pc.replace_substring(cells, ",", "."), cells)


def meaning_of_o(cells: pa.Array, header: str) -> str:
    """Return what the letter O stands for in a column of longitudes: ``E``, ``W``, or not known.

    It is what the language of the header has it for, if that is one of a single language; else
    east where other cells have the west, west where others have the east.

    Parameters
    ----------
    cells
        The first cells of the column, as text.
    header
        The name of the column.

    Examples
    --------
    >>> meaning_of_o(arrays.text_array(["13.4 O", "2.5 W"]), "lon")
    'E'
    >>> [meaning_of_o(arrays.text_array(["13.4 O"]), h) for h in ("lon", "Länge", "longitud")]
    ['', 'E', 'W']
    """
    marked = cells.filter(pc.match_substring_regex(cells, r"\pL"))
    sides = {_side(word) for text in marked.to_pylist() for word in _WORD.findall(text or "")}
    if EITHER not in sides:
        return ""
    by_cells = {"E": "W", "W": "E"}.get("".join(sides & {"E", "W"}), "")
    by_header = {o for pattern, o in _O_IN_HEADERS.items() if re.match(pattern, header.strip())}
    return by_header.pop() if len(by_header) == 1 else by_cells


def hint(text: str, axis: Axis) -> str:
    """Return why a text is not a coordinate, to be put behind what says that it is not.

    Examples
    --------
    >>> hint("40_5", LATITUDE)
    "; '_' is not allowed"
    >>> hint("13.4 E", LATITUDE)
    "; 'E' is a hemisphere of the longitude: latitude and longitude look swapped"
    """
    tidied: str = tidy(arrays.text_array([text]))[0].as_py()
    if not re.search(r"\d", tidied):
        return ""
    sides = [_side(word) for word in _WORD.findall(tidied)]
    if other := [side for side in sides if side not in {"", axis.positive, axis.negative}]:
        return _other_side(other[0], axis)
    if odd := _odd_character(tidied):
        return f"; {odd} is not allowed"
    if "," in tidied:
        return "; write it without a thousands separator"
    if any(sides) and re.search(r"[+-] ?[0-9]", tidied):
        return "; write a sign or a hemisphere, not both"
    return "; write decimal degrees, or degrees, minutes and seconds like 47°36'52.2\"N"


def _other_side(side: str, axis: Axis) -> str:
    """Return what a hemisphere may mean that an axis does not have."""
    if side == EITHER and axis is LONGITUDE:
        return "; O is Ost (east) or Oeste, Ouest (west): write E or W"
    if side == EITHER:
        return "; it has a letter O"
    other = LATITUDE if axis is LONGITUDE else LONGITUDE
    return f"; {side!r} is a hemisphere of the {other.name}: latitude and longitude look swapped"


def _side(word: str) -> str:
    """Return the hemisphere that a word means on whatever axis, else an empty text."""
    key = re.sub(r"[. ]", "", word.lower())
    return next((side for side, words in HEMISPHERES.items() if key in words.split()), "")


def _odd_character(tidied: str) -> str:
    """Return the first character that no notation has, with its name if it is not ASCII."""
    odd = re.sub(_KNOWN, "", tidied).lstrip()[:1]
    if not odd or odd.isascii():
        return repr(odd) if odd else ""
    name = unicodedata.name(odd, "a character without a name")
    return f"{odd!r} (U+{ord(odd):04X} {name})"


def _matches(cells: pa.Array, pattern: str) -> Bools:
    return arrays.to_bools(pc.match_substring_regex(cells, pattern=pattern))


def _floats(cells: pa.Array) -> Floats:
    values: Floats = arrays.as_numpy(cells.cast(pa.float64()))
    return values


def _degrees(tidied: pa.Array, axis: Axis, letter_o: str) -> Floats:
    """Return the degrees of tidied cells, NaN where they cannot be read."""
    parts = pc.extract_regex(tidied, pattern=_PLAIN)
    is_plain = arrays.is_valid(parts)
    at, rest = np.flatnonzero(is_plain), np.flatnonzero(~is_plain)
    values = np.full(len(tidied), np.nan)
    values[at] = _signed_numbers(parts.take(arrays.from_numpy(at)))
    if len(rest):
        values[rest] = _angles(tidied.take(arrays.from_numpy(rest)), axis, letter_o)
    return np.where(np.isfinite(values), values, np.nan)


def _signed_numbers(parts: pa.Array) -> Floats:
    """Return numbers whose sign is before or behind them, NaN where both do."""
    before, after = _text(parts, "before"), _text(parts, "after")
    values = _floats(_text(parts, "number"))
    signs = pc.binary_join_element_wise(before, after, _scalar(""))
    return np.select(
        [_is_in(signs, ["", "+"]), _is_in(signs, ["-"])], [values, -values], default=np.nan
    )


def _angles(tidied: pa.Array, axis: Axis, letter_o: str) -> Floats:
    """Return the degrees of cells with a hemisphere, or with degrees, minutes and seconds."""
    spaced = _separate_figures(tidied, axis)
    parts = pc.extract_regex(spaced, pattern=_ANGLE)
    figures = [_text(parts, name) for name in ("degrees", "minutes", "seconds")]
    has_text = [arrays.as_numpy(pc.binary_length(figure)) > 0 for figure in figures]
    degrees, minutes, seconds = (
        _floats(pc.if_else(arrays.from_numpy(rows), figure, _scalar("0")))
        for rows, figure in zip(has_text, figures, strict=True)
    )
    fraction = [arrays.to_bools(pc.match_substring(figure, ".")) for figure in figures]
    side, sign = _sides(parts, axis, letter_o), _text(parts, "sign")
    minus, plus = _is_in(sign, ["-"]), _is_in(sign, ["+"])
    wrong = (
        ~has_text[0]
        | (fraction[0] & has_text[1])
        | (fraction[1] & has_text[2])
        | np.isnan(side)
        | (minus & (side != 0))
        | (plus & (side < 0))
        | (_is_in(_text(parts, "dash"), ["-"]) & ((side == 0) | minus | plus))
        | (_is_in(_text(parts, "letter_s"), ["s"]) & (side == 0) & ~minus & ~plus)
    )
    value = degrees + (minutes + seconds / 60) / 60
    return np.where(wrong, np.nan, np.where(minus | (side < 0), -value, value))


def _separate_figures(tidied: pa.Array, axis: Axis) -> pa.Array:
    """Return cells in which figures without marks, as of aviation, are parted: ``473652N``."""
    figures = rf"([0-9]{{{len(str(axis.limit))}}})([0-5][0-9])([0-5][0-9](?:\.[0-9]+)?)"
    for pattern in (rf"^(\pL+) ?{figures}()$", rf"^(){figures} ?(\pL+)$"):
        tidied = pc.replace_substring_regex(tidied, pattern, r"\1 \2 \3 \4 \5")
    return tidied


def _sides(parts: pa.Array, axis: Axis, letter_o: str) -> Floats:
    """Return 1 and -1 for the hemispheres of cells, 0 where none is written.

    NaN for words that mean none of the axis, and where two are written. A letter s behind seconds
    is their mark only if degrees have the letter d; else it is the south.
    """
    lettered = _matches(_text(parts, "mark"), "^d")
    letter = _text(parts, "letter_s")
    before, after = (_key(_text(parts, name)) for name in ("before", "after"))
    joined = pc.binary_join_element_wise(letter, after, _scalar(""))
    is_mark = lettered & ~np.isnan(_signs(after, axis, letter_o))
    after = pc.if_else(arrays.from_numpy(is_mark), after, joined)
    first, last = _signs(before, axis, letter_o), _signs(after, axis, letter_o)
    return np.where((first != 0) & (last != 0), np.nan, first + last)


def _key(words: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.replace_substring_regex(words, "[. ]", ""))


def _signs(words: pa.Array, axis: Axis, letter_o: str) -> Floats:
    """Return 1, -1 or 0 for words of hemispheres, NaN for others."""
    side_words, signs = _words(axis, letter_o)
    at = pc.fill_null(
        pc.index_in(words, side_words), arrays.from_numpy(np.array([-1], np.int32))[0]
    )
    result: Floats = signs[arrays.as_numpy(at)]
    return result


@functools.cache
def _words(axis: Axis, letter_o: str) -> tuple[pa.Array, Floats]:
    """Return the words of an axis, and their signs, at the end that of others."""
    sides = {axis.positive: 1.0, axis.negative: -1.0}
    spelled = {side: HEMISPHERES[side].split() for side in sides}
    if axis is LONGITUDE and letter_o:
        spelled[letter_o] = [*spelled[letter_o], *HEMISPHERES[EITHER].split()]
    words = {word: sides[side] for side, spellings in spelled.items() for word in spellings}
    words |= {word: sides[side] for word, side in ON_ONE_AXIS[axis.name].items()} | {"": 0.0}
    return arrays.text_array(list(words)), np.array([*words.values(), np.nan])


def _text(parts: pa.Array, name: str) -> pa.Array:
    return pc.fill_null(pc.struct_field(parts, [name]), _scalar(""))


def _scalar(text: str) -> pa.Scalar:
    """Return a text as Arrow's, without pandas, which ``pa.scalar`` imports."""
    return arrays.text_array([text])[0]


def _is_in(cells: pa.Array, texts: list[str]) -> Bools:
    return arrays.to_bools(pc.is_in(cells, arrays.text_array(texts)))


_WORD: Final = re.compile(r"[^\W\d_]+\.?(?: ?[^\W\d_]+\.?)*")
_WORDS: Final = sorted(
    (word for words in HEMISPHERES.values() for word in words.split()), key=len, reverse=True
)
_KNOWN: Final = (
    rf"(?i){_NUMBER}|[-+.:, ]|{_SECOND_MARK}|{_MINUTE_MARK}|{_DEGREE}"
    rf"|(?<![^\W\d_])(?:{'|'.join(_WORDS)}|z)(?![^\W\d_])"
)
"""What has a meaning in some notation; compiled when needed, as that takes 2 ms."""

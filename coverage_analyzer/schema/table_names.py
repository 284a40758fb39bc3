"""What the name of a sheet or of a layer says about its rows: customer sites, or service centers.

The words are those of `column_names`. Names differ from them in plurals and endings.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from coverage_analyzer.schema.column_names import CENTER_WORDS, SITE_WORDS, words
from coverage_analyzer.schema.columns import CANDIDATES, CENTERS, Column, is_of_sites

NameTest = Callable[[str], int]
"""Returns how well the name of a sheet or layer fits the wanted table: `OTHER` to `WANTED`."""

OTHER: Final = 0
NEUTRAL: Final = 1
EITHER: Final = 2
WANTED: Final = 3
"""It says the other kind; nothing; both kinds, such as ``Branches``; the wanted kind."""

REPORT: Final = "report"
"""The sheet of our own reports that has the sites."""

SAYS_NOTHING: Final = frozenset(("internal", "external", "record", "entity", "unit"))
"""Words of columns of sites that say nothing in the name of a sheet."""

LONG: Final = 5
"""Words this long are recognised at the beginning of longer ones, as in Kundenliste."""

MAX_ENDING: Final = 2
"""Longest ending, in letters, of others, in addition to or instead of their last vowel."""

_LAST_VOWEL = re.compile("[aeiouy\u03b1\u03b7\u03bf\u0430\u044b\u044c\u044f]$")
"""Latin ones, of Greek alpha, eta and omicron, of Cyrillic the endings of plural and singular."""

_NO_SPACES = "[\u0e00-\u0eff\u2e80-\u9fff\uac00-\ud7af]"
"""Letters of languages that part no words; compiled when needed, as that takes 4 ms."""

_DIGITS = re.compile(r"\d+")


def neutral(_name: str) -> int:
    """Prefer no name."""
    return NEUTRAL


def name_test(table: Sequence[Column]) -> NameTest:
    """Return what assesses the names of sheets and layers for a table; `neutral` for most tables.

    Examples
    --------
    >>> fit = name_test(CENTERS)
    >>> [fit(name) for name in ("Sites", "Sheet1", "Branches", "Service Centers 2026")]
    [0, 1, 2, 3]
    """
    if table is CENTERS or table is CANDIDATES:
        return functools.partial(fitness, centers=True)
    return functools.partial(fitness, centers=False) if is_of_sites(table) else neutral


def fitness(name: str, *, centers: bool) -> int:
    """Return how well a name fits a table of centers, or else of sites.

    Examples
    --------
    >>> [fitness(name, centers=True) for name in ("Lager", "Niederlassungen", "Agences", "倉庫")]
    [3, 3, 3, 3]
    >>> [fitness(name, centers=False) for name in ("Kunden", "Customers", "顧客拠点", "Depots")]
    [3, 3, 3, 0]
    """
    parts = words(_DIGITS.sub(" ", name))
    if parts == [REPORT]:
        return OTHER if centers else WANTED
    says_site, says_center = _says(parts, SITE_WORDS - SAYS_NOTHING), _says(parts, CENTER_WORDS)
    alone = (
        _says(parts, SITE_WORDS - SAYS_NOTHING - CENTER_WORDS),
        _says(parts, CENTER_WORDS - SITE_WORDS),
    )
    if alone == (True, False):
        return OTHER if centers else WANTED
    if alone == (False, True):
        return WANTED if centers else OTHER
    return EITHER if says_site or says_center else NEUTRAL


def _says(parts: Iterable[str], terms: frozenset[str]) -> bool:
    return any(_is_form_of(part, term) for part in parts for term in terms)


def _is_form_of(word: str, term: str) -> bool:
    """Return whether a word is a term, its plural, or begins with it."""
    if re.search(_NO_SPACES, term):
        return term in word
    if len(term) >= LONG and word.startswith(term):
        return True
    stem = _LAST_VOWEL.sub("", term)
    is_short_ending = len(stem) > MAX_ENDING and len(word) <= len(term) + MAX_ENDING
    return word == term or (is_short_ending and word.startswith(stem))


def best(names: Sequence[str], fits: NameTest) -> tuple[list[str], list[str]]:
    """Return the names that fit best, and the others that could be meant, too.

    Names that say the other kind are among neither, unless all do.
    """
    scores: Mapping[str, int] = {name: fits(name) for name in names}
    most = max(scores.values(), default=NEUTRAL)
    others = [name for name in names if OTHER < scores[name] < most]
    return [name for name in names if scores[name] == most], others

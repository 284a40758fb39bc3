"""Suggestions for words that are not known: only where the meaning is near."""

import difflib
import re
from collections.abc import Iterable
from typing import Final

SIMILAR: Final = 0.8
"""Minimum similarity of a typing error; at 0.5, "iron" stands for "ion-plus"."""

UNLIKE: Final = 1
"""Maximum difference in length of a typing error, for each `LETTERS` of the word."""

LETTERS: Final = 6

SHORT: Final = 2
"""Words of at most this many letters are not compared: half of all such words are similar."""

MEANINGS: Final[tuple[frozenset[str], ...]] = tuple(
    frozenset(words.split())
    for words in (
        "up_to_miles radius_miles radius limit limit_miles max_miles distance_miles distance miles",
        "up_to_km radius_km limit_km max_km distance_km km",
        "above_miles from_miles min_miles",
        "above_km from_km min_km",
        "authorised authorized approved approval",
        "delivered delivery arrives arrived",
        "shipped shipment ships dispatched",
        "on_site onsite technician arrival",
        "repaired repair fixed",
        "hours hour hrs h",
        "business_days business_day working_days workdays bd",
        "cut_off cutoff deadline",
        "countries country",
        "clauses terms",
        "levels tiers plans",
        "bands zones radii",
        "every_day daily 24x7",
        "geodesic straight_line air_line",
        "road drive driving by_road",
    )
)
"""Words for the same thing."""


def suggestion(word: str, words: Iterable[str]) -> str | None:
    """Return the known word that was probably meant: a misspelling, or a word for the same thing.

    Examples
    --------
    >>> suggestion("Gold Plus", ["gold", "gold-plus"]), suggestion("sliver", ["gold", "silver"])
    ('gold-plus', 'silver')
    >>> suggestion("lots", ["lost", "left"])
    'lost'
    >>> suggestion("radius_km", ["level", "up_to_km"]), suggestion("at_least", ["at_most"])
    ('up_to_km', None)
    """
    candidates = list(words)
    by_letters = {_letters(each): each for each in candidates}
    letters = _letters(word)
    if letters in by_letters:
        return by_letters[letters]
    synonyms = [each for group in MEANINGS if word.casefold() in group for each in group]
    for each in candidates:
        if each in synonyms:
            return each
    if len(letters) <= SHORT:
        return None
    for each, meant_word in by_letters.items():
        if sorted(each) == sorted(letters):  # letters in another order
            return meant_word
    most = max(UNLIKE, len(letters) // LETTERS)
    alike = [each for each in by_letters if abs(len(each) - len(letters)) <= most]
    near = difflib.get_close_matches(letters, alike, n=1, cutoff=SIMILAR)
    return by_letters[near[0]] if near else None


def nearest(word: str, words: Iterable[str]) -> str:
    """Return a "Did you mean" question with the word that was probably meant, if there is one."""
    match = suggestion(word, words)
    return f" Did you mean {match!r}?" if match else ""


def _letters(word: str) -> str:
    """Return a word without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", word.casefold())

# ruff: noqa: RUF001 - letters of other scripts are what this module is about
"""Transliterate words of addresses to a-z by several systems in use.

A word has one reading per system: *Müller* is ``muller`` and ``mueller``, *улица* is ``ulitsa``,
``ulica`` and more. Readings never mix systems, so there are few, and two words that share one are
spelt alike by design, not by chance.
"""

import functools
import unicodedata
from collections.abc import Mapping
from typing import Final


def _table(letters: str, base: Mapping[int, str] | None = None) -> dict[int, str]:
    """Return a table for `str.translate` from pairs of a letter and its replacement."""
    pairs = [pair.partition("=") for pair in letters.split()]
    return {**(base or {}), **{ord(letter): latin for letter, _, latin in pairs}}


_SINGLE: Final = _table(
    "ø=o æ=ae œ=oe đ=d ð=d þ=th ł=l ħ=h ŋ=ng ß=ss \N{LATIN SMALL LETTER DOTLESS I}=i ə=e ŧ=t ĸ=k"
)
_DOUBLE: Final = _table("ä=ae ö=oe ü=ue ø=oe å=aa æ=ae đ=dj ð=dh ə=a", _SINGLE)

_BGN: Final = _table(
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f "
    "х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=yi є=ye ґ=g ў=u ј=j љ=lj њ=nj ћ=c "
    "ђ=dj џ=dz ѓ=g ќ=k ѕ=dz"
)
_SCHOLARLY: Final = _table("ж=z х=h ц=c ч=c ш=s щ=sc й=j ю=ju я=ja ї=i є=je ђ=d џ=dz", _BGN)
_PASSPORT: Final = _table("й=i ю=iu я=ia ъ=ie ї=i є=ie", _BGN)
_UKRAINIAN: Final = _table("г=h и=y", _PASSPORT)
_BULGARIAN: Final = _table("х=h щ=sht ъ=a ь=y", _BGN)
_GERMAN: Final = _table("в=w ж=sch з=s й=i х=ch ц=z ч=tsch ш=sch щ=schtsch ю=ju я=ja ё=jo", _BGN)
_CYRILLIC: Final = (_BGN, _SCHOLARLY, _PASSPORT, _UKRAINIAN, _BULGARIAN, _GERMAN)

_GREEK: Final = _table(
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f "
    "χ=ch ψ=ps ω=o"
)
_CLASSICAL: Final = _table("β=b η=e φ=ph χ=kh", _GREEK)
_SPOKEN: Final = _table("χ=h υ=i γ=y", _GREEK)
_GREEK_PAIRS: Final = {"ου": "ou", "γγ": "ng", "γκ": "gk", "γξ": "nx", "γχ": "nch"}
_VOICED: Final = "αεηιοωβγδζλμνρ"


@functools.lru_cache(maxsize=65_536)
def readings(word: str) -> frozenset[str]:
    """Return the possible transliterations of a word, in lower case without accents.

    Letters of unsupported scripts (such as Chinese) are unchanged.

    Examples
    --------
    >>> sorted(readings("Größe")), sorted(readings("Αθήνα"))
    (['groesse', 'grosse'], ['athena', 'athina'])
    >>> "tverskaya" in readings("Тверская"), "tverskaja" in readings("Тверская")
    (True, True)
    """
    text = unicodedata.normalize("NFKC", word).casefold()
    if any("\u0400" <= c <= "\u052f" for c in text):
        return frozenset(_bare(text.translate(table)) for table in _CYRILLIC)
    if any("\u0370" <= c <= "\u03ff" or "\u1f00" <= c <= "\u1fff" for c in text):
        return _greek(_bare(text))
    return frozenset(_bare(text.translate(table)) for table in (_SINGLE, _DOUBLE))


def _bare(text: str) -> str:
    """Return text without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _greek(text: str) -> frozenset[str]:
    """Transliterate Greek letters by ISO 843, the classical system and pronunciation."""
    spoken = text
    for pair, latin in _GREEK_PAIRS.items():
        spoken = spoken.replace(pair, latin)
    for vowel in "αε":
        for voiced in _VOICED:
            spoken = spoken.replace(f"{vowel}υ{voiced}", f"{vowel}v{voiced}")
        spoken = spoken.replace(f"{vowel}υ", f"{vowel}f")
    initial = f"b{spoken[2:]}" if spoken.startswith("μπ") else spoken
    classical = text.replace("ου", "ou").replace("αυ", "au").replace("ευ", "eu")
    modern = {t.translate(table) for t in (spoken, initial) for table in (_GREEK, _SPOKEN)}
    return frozenset({*modern, classical.translate(_CLASSICAL)})

"""Which encoding a text has that does not say it: UTF-8, or a guess, which is always reported.

The first bytes that are not ASCII decide. A valid sequence of UTF-8 hardly occurs by chance, so
that the text is UTF-8 unless more than half of its sequences are invalid. Else charset-normalizer
says which script it is. Of texts in Latin letters it cannot tell code pages apart: the most usual
one is taken that can hold the bytes.
"""

import itertools
import re
from typing import Final, NamedTuple

SEQUENCES: Final = 1_000
"""So many sequences of bytes that are not ASCII decide."""

SAMPLE_BYTES: Final = 32 << 10
"""The most that the library looks at: lines that are not ASCII."""

MIN_COHERENCE: Final = 0.1
"""What the library takes for a language has at least so much of it."""

MIN_ALONE: Final = 0.6
"""The share of bytes beside Latin letters from which a text is in Latin letters."""

MAX_WRONG: Final = 0.02
"""The share of bytes that a code page may lack."""

MIN_NULLS: Final = 4
MIN_ASCII: Final = 0.2
"""The share of characters in UTF-16 that are ASCII: delimiters, digits, ends of lines."""

LATIN: Final = ("cp1252", "cp1250", "cp1254")
"""Code pages of Latin letters, the most usual one first."""

_OTHER_LATIN: Final = ("cp850", "cp852", "cp437", "mac_roman")
_MULTI_BYTE: Final = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
_ONE_BYTE: Final = ("cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256", "cp874")

_SEQUENCE: Final = re.compile(
    b"(?P<valid>[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    b"|\xed[\x80-\xbf][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    b"|\xf4[\x80-\x8f][\x80-\xbf]{2})|[\x80-\xff]"
)
_CUT: Final = re.compile(b"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2})$")
"""A sequence that the end of the bytes cuts, which tells nothing."""

CUT_BYTES: Final = 4
"""A cut sequence, and a line feed behind it, are at most so long."""

_CONTROL: Final = bytes({*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F})
_BINARY: Final = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"PAR1",
    b"\x89PNG",
    b"%PDF",
    b"SQLite format",
)

_COMMON: Final = {
    "cp1251": "оеаинтсрвлкмдпуя",
    "koi8_r": "оеаинтсрвлкмдпуя",
    "cp866": "оеаинтсрвлкмдпуя",
    "cp1253": "αοιετσνηυρπκμλωάόίή",
    "cp1255": "יוהלארתמבשנח",
    "cp1256": "اليمنرتبودعسة",
    "cp874": "านรอกเงมยลวดทสตะปบคีัิไ่้",
}
"""The most frequent letters of the script that a code page is for."""


class Guess(NamedTuple):
    """The encoding of a text, as Python's codec, and whether it was guessed."""

    encoding: str
    guessed: bool


UTF_8: Final = Guess("utf-8", guessed=False)


def is_binary(data: bytes) -> bool:
    """Return whether the beginning of a file is no text in any encoding."""
    odd = len(data) - len(data.translate(None, _CONTROL))
    return data.startswith(_BINARY) or odd > len(data) // 50


def utf16_without_mark(data: bytes) -> str:
    r"""Return the codec of UTF-16 by the NUL bytes of its ASCII characters, else an empty text.

    Examples
    --------
    >>> utf16_without_mark("id,lat,lon\n1,39,-94\n".encode("utf-16-be"))
    'utf-16-be'
    """
    data = b"" if data.startswith(_BINARY) else data[: len(data) // 2 * 2]
    nulls = (data[0::2].count(0), data[1::2].count(0))
    for codec, many, few in (("utf-16-be", *nulls), ("utf-16-le", *nulls[::-1])):
        enough = many > max(MIN_NULLS, len(data) // 2 * MIN_ASCII) and few * 50 <= many
        if enough and _text(data[:-2], codec) is not None:  # the end may cut a pair
            return codec
    return ""


def n_sequences(data: bytes) -> int:
    """Return how many sequences of bytes that are not ASCII there are, up to `SEQUENCES`."""
    return sum(1 for _ in itertools.islice(_SEQUENCE.finditer(data), SEQUENCES))


def guess(data: bytes, *, at_end: bool) -> Guess:
    """Return the encoding of a text.

    Parameters
    ----------
    data
        From the beginning of a line on; some of it is not ASCII.
    at_end
        Whether nothing follows; else a last sequence may be cut.

    Examples
    --------
    >>> guess("Zürich".encode("cp1252"), at_end=True)
    Guess(encoding='cp1252', guessed=True)
    """
    cut = _CUT.search(data, max(len(data) - CUT_BYTES, 0))
    whole = cut.start() if cut and (len(cut[0]) > 1 or not at_end) else len(data)
    sequences = list(itertools.islice(_SEQUENCE.finditer(data, 0, whole), SEQUENCES))
    invalid = sum(match["valid"] is None for match in sequences)
    if 2 * invalid <= len(sequences):
        return UTF_8
    line_end = data.find(b"\n", sequences[-1].end())
    looked_at = data if line_end < 0 else data[: line_end + 1]
    return Guess(_code_page(_sample(looked_at, at_end=at_end)), guessed=True)


def _sample(data: bytes, *, at_end: bool) -> bytes:
    """Return whole lines that are not ASCII."""
    lines = data.splitlines(keepends=True)
    whole = lines if at_end or len(lines) == 1 else lines[:-1]
    some = [line for line in whole if not line.isascii()] or lines[-1:]
    sizes = itertools.accumulate(map(len, some))
    taken = [line for line, size in zip(some, sizes, strict=True) if size <= SAMPLE_BYTES]
    return b"".join(taken) or some[0][:SAMPLE_BYTES]


def _code_page(sample: bytes) -> str:
    """Return the code page of a text that is not UTF-8."""
    holding = [codec for codec in (*LATIN, *_OTHER_LATIN) if _holds(sample, codec)]
    usual = holding[0] if holding else LATIN[0]
    if _looks_latin(sample) or not _RUN.search(sample):
        return usual
    from charset_normalizer import from_bytes  # needed by such texts only

    matches = from_bytes(sample, cp_isolation=[*holding, *_MULTI_BYTE, *_ONE_BYTE])
    best = matches.best()
    if best is not None and best.coherence > MIN_COHERENCE:
        first = best.encoding
    else:  # too little text to tell a language by
        names = [match.encoding for match in matches]
        all_of_them = dict.fromkeys([*names, *holding, *_MULTI_BYTE, *_ONE_BYTE])
        first = max(all_of_them, key=lambda codec: _plausibility(sample, codec))
    return first if first in {*_MULTI_BYTE, *_ONE_BYTE} else usual


def _text(data: bytes, codec: str) -> str | None:
    """Return bytes as text, if a codec can hold all of them."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _holds(sample: bytes, codec: str) -> bool:
    """Return whether a codec has all bytes of a text, but for a rare wrong one."""
    wrong = sample.decode(codec, "replace").count("\ufffd")
    return wrong <= MAX_WRONG * sum(byte >= 0x80 for byte in sample)


def _looks_latin(sample: bytes) -> bool:
    """Return whether most bytes that are not ASCII stand alone, beside small Latin letters.

    So they do in Latin scripts; in others they come in runs, and in East Asian encodings the ASCII
    bytes between them are of all kinds.
    """
    alone = len(_ALONE.findall(sample))
    others = sum(byte >= 0x80 for byte in sample)
    return alone > MIN_ALONE * others


def _plausibility(sample: bytes, codec: str) -> float:
    """Return how usual the characters are as which a codec reads a text, 0 to 1."""
    text = _text(sample, codec)
    if text is None:
        return -1.0
    weights = [
        _weight(char, codec, text[max(at - 1, 0) : at], text[at + 1 : at + 2])
        for at, char in enumerate(text)
        if not char.isascii()
    ]
    return sum(weights) / max(len(weights), 1)


def _weight(char: str, codec: str, before: str, after: str) -> float:
    """Return how usual a character is in the texts that a codec is for."""
    beside_ascii = any(other.isascii() and other.isalpha() for other in (before, after))
    if codec in _ROWS:
        return _weight_by_row(char, codec)
    if codec not in _COMMON:
        return (1.0 if beside_ascii else 0.5) if char.isalpha() else 0.3
    if beside_ascii or (before.islower() and char.isupper()) or not char.isalpha():
        return 1.0 if char in _COMMON[codec] and not beside_ascii else 0.0
    return 1.0 if char.lower() in _COMMON[codec] else 0.4


def _weight_by_row(char: str, codec: str) -> float:
    """Return how usual a character is by its row in the table of its country."""
    table, weights = _ROWS[codec]
    try:
        row = char.encode(table)[0]
    except UnicodeEncodeError:
        return 0.05
    return next((weight for rows, weight in weights.items() if row in rows), 0.2)


_ALONE: Final = re.compile(
    b"(?<=[a-z])[\xc0-\xff](?![\x80-\xff])|(?<![\x80-\xff])[\xc0-\xff](?=[a-z])"
    b"|(?<=[0-9 ])[\xa0\xa7\xab\xb0\xb2-\xb4\xba\xbb](?![\x80-\xff])"
)
_RUN: Final = re.compile(b"[\x80-\xff]{2}|[\x81-\x9f][\x40-\x7e]")
"""A character of two bytes, or two letters: no word of another script has but one."""

_SYMBOLS: Final = range(0xA1, 0xA4)
_KANA: Final = range(0xA4, 0xA6)
_HALF_WIDTH: Final = range(0x8E, 0x8F)
_ROWS: Final = {
    **dict.fromkeys(
        ("cp932", "euc_jp"),
        ("euc_jp", {_KANA: 1.0, range(0xB0, 0xD0): 0.85, _SYMBOLS: 0.8, _HALF_WIDTH: 0.5}),
    ),
    "gb18030": ("gb2312", {range(0xB0, 0xD8): 0.9, _SYMBOLS: 0.8, _KANA: 0.1}),
    "big5": ("big5", {range(0xA4, 0xC7): 0.95, _SYMBOLS: 0.8}),
    "cp949": ("euc_kr", {range(0xB0, 0xC9): 1.0, _SYMBOLS: 0.8, range(0xA4, 0xB0): 0.05}),
}
"""The table that an East Asian encoding is made of, and how usual characters are by its rows: the
first rows of ideographs, and those of syllables, are the frequent ones."""

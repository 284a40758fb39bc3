"""The text encoding of a Shapefile, by its ``.cpg`` or its table, as a Python codec.

GDAL supports fewer spellings, and loses the last letter of each text in Hebrew and Vietnamese.
Therefore bytes are read unchanged (as Latin-1, which preserves each), and decoded here.
"""

import codecs
import contextlib
import re
import struct
from typing import Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import guessing

BYTES: Final = "ISO-8859-1"
"""Encoding for GDAL, by which each byte becomes the character of its number."""

NAME_BYTES: Final = 11
"""A dBASE table has so many for the name of a column."""

FALLBACK: Final = "cp1252"
"""Encoding of text that is not UTF-8 if the table names none: the most common one."""

LANGUAGE_DRIVERS: Final = {
    **dict.fromkeys((0x01, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x15, 0x18, 0x19, 0x1B), "cp437"),
    **dict.fromkeys((0x02, 0x0A, 0x0E, 0x10, 0x12, 0x14, 0x16, 0x1A, 0x1D, 0x25, 0x37), "cp850"),
    **dict.fromkeys((0x03, 0x57, 0x58, 0x59), "cp1252"),
    **dict.fromkeys((0x08, 0x17, 0x66), "cp865"),
    **dict.fromkeys((0x13, 0x7B), "cp932"),
    **dict.fromkeys((0x1C, 0x6C), "cp863"),
    **dict.fromkeys((0x1F, 0x22, 0x23, 0x40, 0x64, 0x87), "cp852"),
    **dict.fromkeys((0x26, 0x65), "cp866"),
    **dict.fromkeys((0x4D, 0x7A), "gbk"),
    **dict.fromkeys((0x4E, 0x79), "cp949"),
    **dict.fromkeys((0x4F, 0x78), "cp950"),
    **dict.fromkeys((0x50, 0x7C), "cp874"),
    **dict.fromkeys((0x6A, 0x86), "cp737"),
    **dict.fromkeys((0x6B, 0x88), "cp857"),
    0x04: "mac_roman",
    0x24: "cp860",
    0x67: "cp861",
    0x7D: "cp1255",
    0x7E: "cp1256",
    0x96: "mac_cyrillic",
    0x97: "mac_latin2",
    0x98: "mac_greek",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
    0xCC: "cp1257",
}
"""Codecs by the language driver byte of dBASE tables (dBASE, Esri, FoxPro)."""

CODE_PAGES: Final = {
    65001: "utf-8",
    936: "gbk",
    54936: "gb18030",
    1361: "johab",
    20127: "ascii",
    20866: "koi8_r",
    21866: "koi8_u",
    20932: "euc_jp",
    51932: "euc_jp",
    51949: "euc_kr",
    10000: "mac_roman",
    10006: "mac_greek",
    10007: "mac_cyrillic",
    10029: "mac_latin2",
    **{28590 + part: f"iso8859_{part}" for part in (*range(1, 12), *range(13, 17))},
}
"""Codecs by Windows code page number, where Python's name is not ``cp`` and the number."""

_ISO: Final = re.compile(r"(?:iso)?8859(\d{1,2})")
_NUMBERED: Final = re.compile(r"(?:ansi|windows|win|cp|ms|ibm|oem|dos|codepage)?0*(\d{3,5})")
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_NO_TABLE: Final = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape"})
"""Python codecs of other names."""


def codec(spelling: str) -> str:
    """Return the name of the codec for a spelling.

    Raises
    ------
    InputError
        If it is not a supported encoding. The text lacks the subject.

    Examples
    --------
    >>> [codec(s) for s in ("ANSI 1252", "1252", "UTF8", "65001", "ISO 88591", "OEM 850", "Big5")]
    ['cp1252', 'cp1252', 'utf-8', 'utf-8', 'iso8859-1', 'cp850', 'big5']
    """
    key = re.sub(r"[^0-9a-z]", "", spelling.casefold())
    iso, numbered = _ISO.fullmatch(key), _NUMBERED.fullmatch(key)
    name = spelling.strip()
    if iso:
        name = f"iso8859_{iso[1]}"
    elif numbered:
        number = int(numbered[1])
        name = CODE_PAGES.get(number, f"cp{number}")
    for each in (name, key):
        with contextlib.suppress(LookupError, ValueError):
            codec_name = codecs.lookup(each).name
            if codec_name not in _NO_TABLE and _PRINTABLE.decode(codec_name) == _PRINTABLE.decode(
                "ascii"
            ):
                return codec_name
    msg = f"names the unknown encoding {spelling.strip()[:40]!r}"
    raise InputError(msg)


def guessed(table: bytes) -> str:
    """Return the codec of the text in a dBASE table by its first rows; empty if they are UTF-8.

    Parameters
    ----------
    table
        The first bytes of the file: names of columns, and rows.
    """
    header, width = struct.unpack("<8xHH", table[:12])
    names = [table[at : at + NAME_BYTES].split(b"\0")[0] for at in range(32, header - 1, 32)]
    rows = [table[at : at + width] for at in range(header, len(table), max(width, 1))]
    sample = b"\n".join([*names, *(re.sub(b" {2,}", b" ", row) for row in rows)])
    if sample.isascii():
        return ""
    found = guessing.guess(sample, at_end=False)
    return found.encoding if found.guessed else ""


def decoded(cells: pa.Array, encoding: str) -> pa.Array:
    """Decode text that GDAL read as `BYTES`; undecodable bytes remain bytes.

    Parameters
    ----------
    cells
        Text, or any other column, which is returned unchanged.
    encoding
        The codec; if empty, UTF-8, or `FALLBACK` if a cell is not UTF-8.
    """
    if not pa.types.is_string(cells.type) or _is_ascii(cells):
        return cells
    encoded = cells.dictionary_encode()
    texts = [_decoded(text.encode("latin-1"), encoding) for text in encoded.dictionary.to_pylist()]
    return arrays.from_bytes(texts, pa.string()).take(encoded.indices)


def decoded_name(name: str, encoding: str) -> str:
    """Decode the name of a column that GDAL read as `BYTES`.

    Raises
    ------
    InputError
        If it is not text in the encoding. The text lacks the subject.
    """
    raw = name.encode("latin-1", "replace")
    try:
        return _decoded(raw, encoding).decode()
    except UnicodeDecodeError:
        shown = raw.decode("ascii", "backslashreplace")
        msg = f"has a column whose name is not {encoding or 'UTF-8'} text: {shown}"
        raise InputError(msg) from None


def _is_ascii(cells: pa.Array) -> bool:
    data = cells.buffers()[2]
    return data is None or not (np.frombuffer(data, np.uint8) & 0x80).any()


def _decoded(raw: bytes, encoding: str) -> bytes:
    """Return bytes as UTF-8; if undecodable, as bytes that are also invalid in UTF-8."""
    for name in [encoding] if encoding else ["utf-8", FALLBACK]:
        try:
            return raw.decode(name).encode()
        except UnicodeDecodeError:
            continue
    try:
        raw.decode()
    except UnicodeDecodeError:
        return raw
    return raw + b"\xff"

"""Escape text that a spreadsheet would run as a formula, and restore it.

One rule for every file: leading control, space and format characters are skipped; text that then
begins with one of `TRIGGERS`, or itself begins with one of `STARTERS`, is prefixed with an
apostrophe. So is text that already looks escaped, so that `unescape_formulas` removes exactly what
`escape_formulas` added. Text that cannot be a formula is unchanged: see `HARMLESS`.
"""

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays, documents
from coverage_analyzer.arrays import Bools, Ints
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.coordinates import NUMBER

FORMULA_ESCAPE: Final = "'"

TRIGGERS: Final = "=+-@\uff1d\uff0b\uff0d\uff20"
"""Characters that start a formula in some spreadsheet, and their full-width forms."""

STARTERS: Final = "\0\t\n\r"
"""First characters named by OWASP ASVS 5.0, 1.2.10 besides the triggers, and the line feed."""

SKIPPED: Final = (
    "\\x00-\\x20\\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680\u180e"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f"
)
"""Control, separator and format characters (Unicode 16: Cc, Zs, Zl, Zp, Cf), as a regex class."""

FORMULA: Final = f"^'*(?:[{re.escape(STARTERS)}]|[{SKIPPED}]*[{re.escape(TRIGGERS)}])"
"""Text that is escaped unless it is harmless."""

HARMLESS: Final = (
    r" *-+ *",
    r" *\+[0-9 ]+",  # a telephone number; +1+1 is not
    r"[ \t]*[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+[ \t]*",  # a number with thousands
    r"[ \t]*[+-]?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+[ \t]*",
    r"@[\pL\pN_]+",  # an account; @SUM(1) is not
)
"""Texts besides numbers that no spreadsheet runs."""

_LEADING: Final = {
    **dict.fromkeys((*range(0x21), *b"=+-@'\x7f"), range(256)),
    0xC2: (*range(0x80, 0xA1), 0xAD),
    0xD8: range(0x80, 0xA0),
    0xDB: (0x9D,),
    0xDC: (0x8F,),
    0xE0: (0xA2, 0xA3),
    0xE1: (0x9A, 0xA0),
    0xE2: (0x80, 0x81),
    0xE3: (0x80,),
    0xEF: (0xBB, 0xBC, 0xBF),
    0xF0: (0x91, 0x93, 0x9B, 0x9D),
    0xF3: (0xA0,),
}
"""First two UTF-8 bytes of the relevant characters: a fast filter with false positives."""

_IS_LEADING = np.zeros((256, 256), np.bool_)
for _first, _second in _LEADING.items():
    _IS_LEADING[_first, list(_second)] = True
_IS_FIRST_BYTE: Final[Bools] = np.array([row.any() for row in _IS_LEADING])
_IS_ESCAPE: Final[Bools] = np.arange(256) == ord(FORMULA_ESCAPE)


def escape_formulas(cells: pa.Array, *, decimal: str = ".") -> pa.Array:
    """Return cells of text with formulas escaped; other types are unchanged.

    Parameters
    ----------
    cells
        Strings, a dictionary array of them, or an array of another type.
    decimal
        Decimal separator of numbers in text: a point, or also a comma.

    Examples
    --------
    >>> escape_formulas(pa.array(["=1+1", "-75.5", "-2+3", "O'Hare", "'=x"])).to_pylist()
    ["'=1+1", '-75.5', "'-2+3", "O'Hare", "''=x"]
    >>> escape_formulas(pa.array(["-116,10", "+49 89 12", "---", "@home"]), decimal=",").to_pylist()
    ['-116,10', '+49 89 12', '---', '@home']
    """
    if pa.types.is_dictionary(cells.type):
        texts = escape_formulas(cells.dictionary, decimal=decimal)
        return pa.DictionaryArray.from_arrays(cells.indices, texts, safe=False)
    at = _suspects(cells)
    if not len(at):
        return cells
    suspects = cells.take(arrays.from_numpy(at))
    if _are_numbers(suspects, decimal):
        return cells
    formula = arrays.to_bools(pc.match_substring_regex(suspects, pattern=FORMULA))
    harmless = arrays.to_bools(pc.match_substring_regex(suspects, pattern=_harmless(decimal)))
    rows = arrays.from_numpy(np.flatnonzero(formula & ~harmless))
    mark, nothing = arrays.text_array([FORMULA_ESCAPE, ""])
    marked = pc.binary_join_element_wise(mark, suspects.take(rows), nothing)
    return _replace(cells, at[formula & ~harmless], marked)


def unescape_formulas(cells: pa.Array) -> pa.Array:
    """Return cells of text as they were before `escape_formulas`."""
    at = _suspects(cells, _IS_ESCAPE)
    if not len(at):
        return cells
    suspects = cells.take(arrays.from_numpy(at))
    marked = arrays.to_bools(pc.match_substring_regex(suspects, pattern=f"^'{FORMULA[1:]}"))
    bare = pc.utf8_slice_codeunits(
        suspects.take(arrays.from_numpy(np.flatnonzero(marked))), start=1
    )
    return _replace(cells, at[marked], bare)


def escape_formula(text: str, *, decimal: str = ".") -> str:
    """Return one text as `escape_formulas` would."""
    first = text[:1].encode(errors="replace")[:1]
    if not first or not _IS_FIRST_BYTE[first[0]]:
        return text
    escaped: str = escape_formulas(arrays.text_array([text]), decimal=decimal)[0].as_py()
    return escaped


def unescape_formula(text: str) -> str:
    """Return one text as `unescape_formulas` would."""
    plain: str = unescape_formulas(arrays.text_array([text]))[0].as_py()
    return plain


def _are_numbers(texts: pa.Array, decimal: str) -> bool:
    """Return whether all texts plainly are numbers, such as coordinates, which is found fast."""
    plain = texts if decimal == "." else pc.replace_substring(texts, decimal, ".")
    try:
        values = arrays.as_numpy(plain.cast(pa.float64()))
    except pa.ArrowInvalid:
        return False
    return bool(np.isfinite(values).all())


@functools.cache
def _harmless(decimal: str) -> str:
    """Return the pattern of harmless text that begins like a formula."""
    number = NUMBER if decimal == "." else NUMBER.replace(r"\.", f"[.{re.escape(decimal)}]")
    return f"^(?:{'|'.join((number, *HARMLESS))})$"


def _suspects(cells: pa.Array, is_first: Bools = _IS_FIRST_BYTE) -> Ints:
    """Return the positions of text whose first two bytes are relevant.

    Parameters
    ----------
    cells
        Of any type.
    is_first
        Which first bytes are relevant, shape (256,).
    """
    if not pa.types.is_string(cells.type) or not len(cells) or cells.buffers()[2] is None:
        return np.zeros(0, np.int64)
    offsets = np.frombuffer(cells.buffers()[1], np.int32)[cells.offset :][: len(cells) + 1]
    data = np.frombuffer(cells.buffers()[2], np.uint8)
    if offsets[0] == offsets[-1]:
        return np.zeros(0, np.int64)
    # Empty cells may begin behind the last byte.
    rows = np.flatnonzero(is_first.take(data.take(offsets[:-1], mode="clip")))
    rows = rows[offsets[rows] < offsets[rows + 1]]
    begin = offsets[rows]
    matters: Bools = _IS_LEADING[data[begin], data.take(begin + 1, mode="clip")]
    return rows[matters]


def _replace(cells: pa.Array, at: Ints, texts: pa.Array) -> pa.Array:
    """Return the cells with those at the given positions replaced."""
    if not len(at):
        return cells
    mask = np.zeros(len(cells), np.bool_)
    mask[at] = True
    return pc.replace_with_mask(cells, arrays.from_numpy(mask), texts)


def is_escaped(path: Path, headers: Sequence[str] = ()) -> bool:
    """Return whether the text of a file is formula-escaped.

    A file of a run is if its ``run.json`` says so, and so is each part of a report that Spark wrote
    as a folder; a CSV file of `geocode`, or of centers that were tried in a map, recognised by its
    last columns, is, so that its text equals that of its input.
    """
    if ".csv" not in path.suffixes:
        # Parquet is verbatim, and so is Excel, where the escaping is a property of the cell.
        return False
    geocoded = tuple(headers[-len(columns.GEOCODED) :]) == columns.GEOCODED
    if geocoded or tuple(headers[-1:]) == (columns.TRIED,):
        return True
    return any(map(_is_escaped_file, (path, path.parent)))


def _is_escaped_file(path: Path) -> bool:
    """Return whether a file (or folder) is one of a run whose text is formula-escaped."""
    try:
        manifest = documents.read_json(path.parent / "run.json")
        return path.name in manifest["files"] and bool(manifest["spreadsheet_guard"])
    except (OSError, ValueError, KeyError, TypeError):
        return False

"""Text that a spreadsheet would run as a formula, made inert and brought back.

A text cell that begins with one of `TRIGGERS` gets an apostrophe before it, unless it is a number;
so does one that looks guarded already, so that `unguarded` undoes exactly what `guarded` did.
"""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.coordinates import NUMBER

MARK: Final = "'"

TRIGGERS: Final = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
"""What begins a formula somewhere: also a tab, a CR, and the full-width forms."""

_TRIGGERED = f"^'*[{re.escape(TRIGGERS)}]"
_IS_FIRST_BYTE = np.isin(np.arange(256), np.frombuffer(b"=+-@\t\r'\xef", np.uint8))


def guarded(cells: pa.Array) -> pa.Array:
    """Return cells of text in which none is a formula; other types as they are.

    Examples
    --------
    >>> guarded(pa.array(["=1+1", "-75.5", "-2+3", "O'Hare", "'=x"])).to_pylist()
    ["'=1+1", '-75.5', "'-2+3", "O'Hare", "''=x"]
    """
    at = _suspects(cells)
    if not len(at):
        return cells
    some = cells.take(arrays.arrow(at))
    formula = arrays.truth(pc.match_substring_regex(some, pattern=_TRIGGERED))
    number = arrays.truth(pc.match_substring_regex(some, pattern=f"^{NUMBER}$"))
    return _replaced(cells, at[formula & ~number], lambda text: MARK + text)


def unguarded(cells: pa.Array) -> pa.Array:
    """Return cells of text as they were before `guarded`."""
    at = _suspects(cells)
    if not len(at):
        return cells
    some = cells.take(arrays.arrow(at))
    marked = arrays.truth(pc.match_substring_regex(some, pattern=f"^'{_TRIGGERED[1:]}"))
    return _replaced(cells, at[marked], lambda text: text[1:])


def guarded_text(text: str) -> str:
    """Return one text as `guarded` would."""
    formula = re.match(_TRIGGERED, text) and not re.fullmatch(NUMBER, text)
    return MARK + text if formula else text


def _suspects(cells: pa.Array) -> Ints:
    """Return the positions of text that begins with a byte that matters: a quick first look."""
    if not pa.types.is_string(cells.type) or not len(cells):
        return np.zeros(0, np.int64)
    offsets = np.frombuffer(cells.buffers()[1], np.int32)[cells.offset :][: len(cells) + 1]
    filled = np.flatnonzero(np.diff(offsets) > 0)
    if not len(filled):
        return filled
    data = np.frombuffer(cells.buffers()[2], np.uint8)
    return filled[_IS_FIRST_BYTE[data[offsets[filled]]]]


def _replaced(cells: pa.Array, at: Ints, change: Callable[[str], str]) -> pa.Array:
    """Return the cells with some of them changed; there are few."""
    if not len(at):
        return cells
    changed = [change(text) for text in cells.take(arrays.arrow(at)).to_pylist()]
    mask = np.zeros(len(cells), np.bool_)
    mask[at] = True
    return pc.replace_with_mask(cells, arrays.arrow(mask), arrays.text(changed))

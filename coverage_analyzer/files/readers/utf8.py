"""Reject text in typed columns that is not UTF-8, which Arrow does not check.

A report with such bytes would be unreadable, so their rows are rejects.
"""

from typing import Any

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.errors import InputError, visible


def rows_not_utf8(batch: pa.RecordBatch) -> dict[int, str]:
    """Return the rows of a batch with bytes that are not text, and the first such column.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the batch is damaged in another way.
    """
    bad: dict[int, str] = {}
    for name, cells in zip(batch.schema.names, batch.columns, strict=True):
        bad = dict.fromkeys(_not_utf8(cells), name) | bad
    return dict(sorted(bad.items()))


def row_with_escapes(batch: pa.RecordBatch, row: int) -> dict[str, Any]:
    r"""Return a row with bytes that are not text escaped as ``\xe9``."""
    cells = zip(batch.schema.names, batch.columns, strict=True)
    return {name: _shown(column[row]) for name, column in cells}


def column_names(schema: pa.Schema) -> list[str]:
    """Return the names of columns.

    Raises
    ------
    InputError
        If one is not UTF-8 text. The text lacks the subject.
    """
    try:
        names: list[str] = schema.names
    except UnicodeDecodeError as error:
        raise InputError(bad_name(error)) from None
    return names


def bad_name(error: UnicodeDecodeError) -> str:
    """Return the error about the name of a column, without its subject."""
    shown = error.object.decode("utf-8", "backslashreplace")
    return f"has a column whose name is not UTF-8 text: {visible(shown)}. Rename it"


def take(cells: pa.Array, rows: Ints) -> pa.Array:
    """Return a subset of the cells of a column, each of which is text if the column is."""
    if pa.types.is_string_view(cells.type):  # of which Arrow cannot take any
        texts = [cells[row].as_py() for row in rows.tolist()]
        encoded = [None if text is None else text.encode() for text in texts]
        return arrays.from_bytes(encoded, pa.string())
    return cells.take(arrays.from_numpy(rows))


def _not_utf8(cells: pa.Array) -> list[int]:
    """Return the positions of cells with bytes that are not text, at any depth.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the column is damaged in another way.
    """
    try:
        cells.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise
        return [i for i in range(len(cells)) if not _is_text(cells[i])]
    return []


def _is_text(cell: pa.Scalar) -> bool:
    try:
        cell.as_py()
    except UnicodeDecodeError:
        return False
    return True


def _shown(cell: pa.Scalar) -> Any:
    """Return the value of a cell, as text as far as possible."""
    try:
        return cell.as_py()
    except UnicodeDecodeError as error:
        whole: bytes = error.object
        return whole.decode("utf-8", "backslashreplace")

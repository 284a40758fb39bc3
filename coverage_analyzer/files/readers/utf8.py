"""Text in typed columns that is not UTF-8: Arrow, and the libraries that fill it, let it pass.

A report made of such bytes could be read by nobody, so the rows that hold them are rejects.
"""

from typing import Any

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.errors import InputError, visible


def rows_not_utf8(batch: pa.RecordBatch) -> dict[int, str]:
    """Return the rows of a batch that hold bytes which are no text, and the first such column.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the batch is damaged otherwise.
    """
    bad: dict[int, str] = {}
    for name, cells in zip(batch.schema.names, batch.columns, strict=True):
        bad = dict.fromkeys(_not_utf8(cells), name) | bad
    return dict(sorted(bad.items()))


def row_with_escapes(batch: pa.RecordBatch, row: int) -> dict[str, Any]:
    r"""Return a row in which bytes that are no text are escapes such as ``\xe9``."""
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
    """Return how to refuse a table, in words that lack the subject, because of a column's name."""
    shown = error.object.decode("utf-8", "backslashreplace")
    return f"has a column whose name is not UTF-8 text: {visible(shown)}. Rename it"


def take(cells: pa.Array, rows: Ints) -> pa.Array:
    """Return some cells of a column, each of which is text if the column is."""
    if pa.types.is_string_view(cells.type):  # of which Arrow cannot take any
        texts = [cells[row].as_py() for row in rows.tolist()]
        encoded = [None if text is None else text.encode() for text in texts]
        return arrays.from_bytes(encoded, pa.string())
    return cells.take(arrays.from_numpy(rows))


def _not_utf8(cells: pa.Array) -> list[int]:
    """Return the positions of cells that hold bytes which are no text, in whatever depth.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the column is damaged otherwise.
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
    """Return the value of a cell, text as far as it is some."""
    try:
        return cell.as_py()
    except UnicodeDecodeError as error:
        whole: bytes = error.object
        return whole.decode("utf-8", "backslashreplace")

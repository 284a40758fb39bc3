"""Types of the columns of a table in outputs that have types: known, stated, and else text.

An own column of text gets a type only if the user states one, so that the columns of a file or of a
table in a database never change their type from run to run.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Final, cast

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.files.typed_rows import typed_rows
from coverage_analyzer.matching import eligibility
from coverage_analyzer.schema.cell_types import (
    DATE_FORMATS,
    DECIMAL_MARKS,
    ColumnType,
    ColumnTypes,
    Kind,
    typed,
)
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.coordinates import DECIMAL_DEGREES, Notation

KINDS: Final[dict[str, str]] = {
    "text": "text",
    "integer": "whole numbers",
    "number": "numbers",
    "day": "days",
}
"""What can be stated of a column, and how it is called in messages."""

KNOWN_TYPES: Final = {
    **dict.fromkeys(("latitude", "longitude", "accuracy_m"), pa.float64()),
    **dict.fromkeys(eligibility.DAYS, pa.date32()),
}
"""The types of known columns that `typed_rows` parses, if they hold text."""

CELLS: Final = "cells"
"""The name under which the cells of one column are looked at."""

MAX_SHOWN: Final = 3
"""Maximum number of cells that do not fit that are named."""


class RowTyper:
    """Gives the rows of a table their types, block by block.

    Parameters
    ----------
    table
        Of sites.
    types
        What own columns hold, by header: ``text``, ``integer``, ``number`` or ``day``.
    left_out
        Columns of the table that are not written.

    Raises
    ------
    InputError
        If the table has no such column, or there is no such type.
    """

    def __init__(
        self,
        table: Table,
        types: Mapping[str, str] | None = None,
        left_out: Collection[str] = (),
    ) -> None:
        self.table, self._left_out = table, left_out
        self.stated = {_position(table, n): _kind(n, kind) for n, kind in (types or {}).items()}
        self._seen = {at: _column_types(table.notation) for at in self.stated}
        self._last: tuple[pa.RecordBatch, pa.RecordBatch] | None = None

    def typed(self, batch: pa.RecordBatch, rows: ParsedRows) -> pa.RecordBatch:
        """Return rows whose known, stated and workbook columns have their types.

        An empty cell of a file of text is null. The rows asked for last are not made twice.

        Parameters
        ----------
        batch
            Rows that begin with the columns of the table, in its order.
        rows
            The same rows as they were parsed.

        Raises
        ------
        InputError
            If a cell does not fit the type that is stated of its column.
        """
        if self._last is None or self._last[0] is not batch:
            self._last = batch, self._typed(batch, rows)
        return self._last[1]

    def _typed(self, batch: pa.RecordBatch, rows: ParsedRows) -> pa.RecordBatch:
        columns = list(typed_rows(batch, rows, self.table).columns)
        for at, kind in self.stated.items():
            if kind == "text":
                columns[at] = as_text(batch.column(at))
            elif not pa.types.is_string(columns[at].type):
                columns[at] = self._cast(at, columns[at], kind)
            else:
                columns[at] = self._parse(at, batch.column(at), kind, rows)
        if self.table.source.is_text:
            width = len(self.table.headers)
            columns = [*map(_null_if_empty, columns[:width]), *columns[width:]]
        result = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        return result.drop_columns(list(self._left_out)) if self._left_out else result

    def _cast(self, at: int, cells: pa.Array, kind: Kind) -> pa.Array:
        """Return cells that have a type in the one that is stated.

        Raises
        ------
        InputError
            If that would lose something.
        """
        try:
            return cells.cast(ColumnType(kind).arrow)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            msg = f"{self._start(at, kind)} it holds {cells.type}: {error}. Leave its type out."
            raise InputError(msg) from None

    def _parse(self, at: int, cells: pa.Array, kind: Kind, rows: ParsedRows) -> pa.Array:
        """Return the numbers or days that text holds, by the notation of all cells so far.

        Raises
        ------
        InputError
            If a cell does not fit, or could be read in two ways.
        """
        filled = _null_if_empty(as_text(cells))
        if filled.null_count == len(filled):
            return pa.nulls(len(cells), ColumnType(kind).arrow)
        self._seen[at].add(pa.RecordBatch.from_arrays([filled], names=[CELLS]))
        detected = self._seen[at].result()[CELLS]
        if detected.kind == "integer" and kind == "number":
            detected = ColumnType("number", ".")
        if detected.kind != kind:
            raise InputError(self._unfit(at, filled, kind, rows))
        return typed(filled, detected)

    def _unfit(self, at: int, cells: pa.Array, kind: Kind, rows: ParsedRows) -> str:
        """Return which cells are not of a type, and what to do."""
        odd = [i for i, fits in enumerate(_fitting(cells, kind, self.table.notation)) if not fits]
        examples = [
            f"line {rows.block.lines[i]} holds {cells[i].as_py()!r}" for i in odd[:MAX_SHOWN]
        ]
        if not odd:
            option = "--date-format" if kind == "day" else "--decimal"
            return (
                f"{self._start(at, kind)} its cells can be read in two ways, or are written in "
                f"several. State {option}, or leave the type out."
            )
        more = f" ({len(odd)} such cells so far)" if len(odd) > MAX_SHOWN else ""
        return (
            f"{self._start(at, kind)} {', '.join(examples)}{more}. Fix the cells, or leave the "
            "type out."
        )

    def _start(self, at: int, kind: Kind) -> str:
        name = self.table.headers[at]
        return f"{self.table.path}: the column {name!r} is to hold {KINDS[kind]} ([types]), but"


def _position(table: Table, name: str) -> int:
    """Return where a column is whose type is stated.

    Raises
    ------
    InputError
        If it is missing.
    """
    if name in table.headers:
        return table.headers.index(name)
    near = difflib.get_close_matches(name, table.headers, 1)
    hint = f"; is {near[0]!r} meant?" if near else "."
    msg = f"{table.path} has no column {name!r}, whose type is stated ([types]){hint}"
    raise InputError(msg)


def _kind(name: str, kind: str) -> Kind:
    """Return the type that is stated of a column.

    Raises
    ------
    InputError
        If it is not one of `KINDS`.
    """
    if kind not in KINDS:
        msg = f"The type of {name!r} is {kind!r}; choose from {', '.join(KINDS)} ([types])."
        raise InputError(msg)
    return cast("Kind", kind)


def _column_types(notation: Notation) -> ColumnTypes:
    decimal = _stated_decimal(notation)
    return ColumnTypes([CELLS], decimal=decimal, date_format=notation.date_format)


def _stated_decimal(notation: Notation) -> str:
    """Return the decimal mark that the user states, empty if none is."""
    return notation.decimal if notation.decimal != DECIMAL_DEGREES.decimal else ""


def _fitting(cells: pa.Array, kind: Kind, notation: Notation) -> list[bool]:
    """Return of each cell whether it alone can be read as a type, in some notation."""
    decimal = _stated_decimal(notation)
    marks = (decimal,) if decimal else tuple(DECIMAL_MARKS)
    forms = (notation.date_format,) if notation.date_format else DATE_FORMATS
    ways = [(mark, "") for mark in marks] if kind != "day" else [("", form) for form in forms]
    kinds = {kind, "integer"} if kind == "number" else {kind}

    def fits(cell: pa.Array) -> bool:
        for decimal, date_format in ways:
            types = ColumnTypes([CELLS], decimal=decimal, date_format=date_format)
            types.add(pa.RecordBatch.from_arrays([cell], names=[CELLS]))
            if types.result()[CELLS].kind in kinds:
                return True
        return False

    return [cell.null_count > 0 or fits(cell) for cell in _single(cells)]


def _single(cells: pa.Array) -> Iterator[pa.Array]:
    return (cells.slice(row, 1) for row in range(len(cells)))


def _null_if_empty(cells: pa.Array) -> pa.Array:
    """Return cells, those of empty text null."""
    return arrays.without_empty(cells) if pa.types.is_string(cells.type) else cells

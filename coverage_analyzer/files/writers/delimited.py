"""Write CSV files: the report, the rejects and small tables."""

import csv
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, TextIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from coverage_analyzer import arrays
from coverage_analyzer.files import formulas
from coverage_analyzer.files.readers.streams import BOM
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.schema.rejects import Reject
from coverage_analyzer.schema.verdict import decimals_of, distance_columns


class CsvRows(Protocol):
    """What writes rows of cells, as `csv.writer` does."""

    def writerow(self, row: Iterable[Any], /) -> Any:
        """Write a row."""

    def writerows(self, rows: Iterable[Iterable[Any]], /) -> None:
        """Write rows."""


REJECTS: Final = ("line", "reason", "detail", "raw")

ROWS_AT_ONCE: Final = 4096
"""Rows that are formatted before they are written: fewer take more calls, more miss the cache."""

LIMITS: Final = frozenset(distance_columns(unit)[1] for unit in ("miles", "km"))
"""Columns of limits, which mostly are whole numbers."""

GZIP_EFFORT: Final = 5
"""Of 9: higher levels hardly reduce the size, and take twice the time."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """Style of text files: UTF-8, LF.

    Attributes
    ----------
    raw_text
        Whether to leave text unescaped even where a spreadsheet would run it (`formulas`).
    excel
        Whether they begin with a UTF-8 byte order mark, for Excel.
    decimal
        Decimal separator of numbers in text, which are not escaped: a point, or also a comma.
    delimiter
        Field separator.
    output_decimal
        Decimal separator of the numbers that are written: a point or a comma.
    """

    raw_text: bool = False
    excel: bool = False
    decimal: str = "."
    delimiter: str = ","
    output_decimal: str = "."

    @property
    def beginning(self) -> bytes:
        """Bytes at the start of a file."""
        return BOM if self.excel else b""

    def shown(self, text: str) -> str:
        """Return a text as it is written."""
        return text if self.raw_text else formulas.escape_formula(text, decimal=self.decimal)

    def cell(self, value: Any) -> Any:
        """Return a text or number as it is to be written."""
        if isinstance(value, str):
            return self.shown(value)
        if isinstance(value, float) and self.output_decimal != ".":
            return repr(value).replace(".", self.output_decimal)
        return value

    def writer(self, file: TextIO) -> "CsvRows":
        """Return what writes rows of cells to an open file."""
        return csv.writer(_Lines(file), delimiter=self.delimiter)

    def opened(self, path: Path) -> TextIO:
        """Open a file for writing; a name that is not UTF-8 is escaped as in messages."""
        encoding = "utf-8-sig" if self.excel else "utf-8"
        return path.open("w", encoding=encoding, errors="backslashreplace", newline="")


SAFE: Final = Style()
"""Formula escaping for text."""


def left_out(schema: pa.Schema) -> list[str]:
    """Return a message about byte columns omitted from CSV, such as a Parquet geometry."""
    return [
        f"The column {field.name!r} contains bytes and is omitted from the CSV file."
        for field in schema
        if arrays.is_bytes(field.type)
    ]


class CsvWriter(Writer):
    """UTF-8 text, LF, quoted text, distances with three decimals, no byte columns (`left_out`).

    Text that a spreadsheet would run is escaped (`formulas`), unless raw text is requested.
    """

    def __init__(
        self, path: Path | BinaryIO, schema: pa.Schema, style: Style = SAFE, *, packing: str = ""
    ) -> None:
        self._own = isinstance(path, Path)
        self._sink = _packed(path, packing) if isinstance(path, Path) else path
        self._style = style
        self._kept = [i for i, f in enumerate(schema) if not arrays.is_bytes(f.type)]
        fields = [schema.field(i) for i in self._kept]
        self._names = [f.name for f in fields]
        self._decimals = decimals_of(self._names)
        shown = list(map(style.shown, self._names))
        types = [_csv_type(f, style.output_decimal, self._decimals) for f in fields]
        self._schema = pa.schema(list(zip(shown, types, strict=True)))
        self._sink.write(style.beginning)
        self._writers: dict[pa.Schema, pyarrow.csv.CSVWriter] = {}
        self._writer(self._schema)  # which writes the header

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; their text may be in dictionary arrays."""
        columns = zip(self._names, map(batch.column, self._kept), strict=True)
        cells = [self._cells(name, column) for name, column in columns]
        rows = pa.RecordBatch.from_arrays(cells, names=self._schema.names)
        self._writer(rows.schema).write(rows)

    def _writer(self, schema: pa.Schema) -> pyarrow.csv.CSVWriter:
        """Return the writer for rows of a schema; the first one writes the header."""
        if schema not in self._writers:
            options = pyarrow.csv.WriteOptions(
                include_header=not self._writers,
                delimiter=self._style.delimiter,
                batch_size=ROWS_AT_ONCE,
            )
            self._writers[schema] = pyarrow.csv.CSVWriter(self._sink, schema, write_options=options)
        return self._writers[schema]

    def _cells(self, name: str, cells: pa.Array) -> pa.Array:
        """Return the cells of a column as they are written."""
        if not _is_coded_text(cells.type):  # else each text is escaped once, not in every row
            cells = _csv_cells(_plain(cells), self._decimals.get(name))
        if not self._style.raw_text:
            cells = formulas.escape_formulas(cells, decimal=self._style.decimal)
        if self._style.output_decimal != ".":
            cells = _with_mark(cells, self._style.output_decimal)
        elif name in LIMITS:
            cells = _whole(cells)
        return _plain(cells)

    def close(self) -> None:
        """Finish the file."""
        for writer in self._writers.values():
            writer.close()
        if self._own:
            self._sink.close()


def _packed(path: Path, packing: str) -> BinaryIO:
    """Open a file for writing; compressed files contain neither name nor time."""
    if packing == "gz":
        return cast("BinaryIO", _Gzip(path))
    if packing == "zst":
        return cast("BinaryIO", pa.CompressedOutputStream(utf8_name(path), "zstd"))
    return cast("BinaryIO", pa.OSFile(utf8_name(path), "wb"))  # no thread waits for Python's lock


class _Gzip(gzip.GzipFile):
    """A gzip file that closes the file below it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        super().__init__("", "wb", GZIP_EFFORT, self._file, mtime=0)

    def close(self) -> None:
        """Finish the file."""
        with self._file:
            super().close()


def _plain(cells: pa.Array) -> pa.Array:
    """Return text of any Arrow type as plain strings, so that all of it is escaped."""
    kind = _text_type(cells.type)
    return cells if cells.type == kind else cells.cast(kind)


def _text_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _text_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind


def _is_coded_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))


def _whole(numbers: pa.Array) -> pa.Array:
    """Return numbers as integers if all are whole: the same text, in a third of the time."""
    try:
        return numbers.cast(pa.int64())
    except pa.ArrowInvalid:
        return numbers


def _is_fractional(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _with_mark(cells: pa.Array, mark: str) -> pa.Array:
    """Return numbers as text with another decimal mark than the point; other cells unchanged."""
    if not _is_fractional(cells.type):
        return cells
    return pc.replace_substring(cells.cast(pa.string()), ".", mark)


def _csv_type(field: pa.Field, mark: str, decimals: Mapping[str, int]) -> pa.DataType:
    if mark != "." and (field.name in decimals or _is_fractional(field.type)):
        return pa.string()
    if field.name in decimals:
        return pa.decimal128(18, decimals[field.name])
    return pa.string() if pa.types.is_nested(field.type) else _text_type(field.type)


def _csv_cells(cells: pa.Array, decimals: int | None) -> pa.Array:
    if decimals is not None:
        return arrays.decimals(arrays.as_numpy(cells), decimals)
    if pa.types.is_nested(cells.type):
        texts = ["" if v is None else json.dumps(v, default=str) for v in cells.to_pylist()]
        return arrays.text_array(texts)
    return cells


class _Lines:
    """Rows of `csv.writer`, which end with CR LF, as lines that end with LF.

    With LF alone, csv would leave a CR in an unquoted cell, where other readers begin a row.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        """Write a row."""
        return self._file.write(row.removesuffix("\r\n") + "\n")


class RejectsWriter:
    """``rejects.csv``: each rejected row with its line, reason and raw text.

    Parameters
    ----------
    path, style
        Where it is written, and how.
    source
        The file of the rows, for a further column ``file``; without it there is none.
    """

    def __init__(self, path: Path, style: Style = SAFE, source: str = "") -> None:
        self._shown = style.shown
        self._more = [self._shown(source)] if source else []
        self._file = style.opened(path)
        self._writer = style.writer(self._file)
        self._writer.writerow([*REJECTS, *(["file"] if source else [])])

    def write(self, rejects: Iterable[Reject]) -> None:
        """Append rows."""
        self._writer.writerows(
            (r.line, r.reason.value, self._shown(r.detail), self._shown(r.raw), *self._more)
            for r in rejects
        )

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def write_rows(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], style: Style = SAFE
) -> None:
    """Write a small table, with formula escaping (`formulas`)."""
    with style.opened(path) as file:
        writer = style.writer(file)
        for row in (header, *rows):
            writer.writerow([style.cell(c) for c in row])

"""Formats of a report, and their writers."""

from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coverage_analyzer.files.writers import excel
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.delimited import SAFE, CsvWriter, Style
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.schema.verdict import DECIMALS

Format = Literal["csv", "csv.gz", "csv.zst", "parquet", "xlsx"]


FORMATS: Final[tuple[Format, ...]] = ("csv", "csv.gz", "csv.zst", "parquet", "xlsx")


def report_writer(path: Path, kind: Format, schema: pa.Schema, style: Style = SAFE) -> Writer:
    """Return a report writer for a schema."""
    if kind == "parquet":
        return ParquetWriter(path, schema)
    if kind == "xlsx":
        return excel.WorkbookWriter(path, schema, DECIMALS, style.shown)
    return CsvWriter(path, schema, style, packing=kind.removeprefix("csv").removeprefix("."))


def check_rows(kind: Format, rows: int | None) -> None:
    """Raise if a format cannot hold the number of rows, if that is known.

    Raises
    ------
    InputError
        If they do not fit into a sheet.
    """
    if kind == "xlsx" and rows is not None:
        excel.check_rows(rows)


class ParquetWriter(Writer):
    """Rows with their types; columns with recurring values are dictionary-encoded."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._writer: pq.ParquetWriter | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; the first ones determine which values recur."""
        if self._writer is None:
            # A dictionary of values that do not recur costs twice the time, and space.
            self._writer = pq.ParquetWriter(
                utf8_name(self._path),
                self._schema,
                compression="zstd",
                use_dictionary=_recurring(batch),
            )
        self._writer.write_batch(batch)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def _recurring(batch: pa.RecordBatch) -> list[str]:
    """Return the columns in which at most a quarter of the values are distinct."""
    uncounted = (pa.types.is_nested, pa.types.is_null, pa.types.is_binary_view)
    names = [f.name for f in batch.schema if not any(is_kind(f.type) for is_kind in uncounted)]
    return [n for n in names if pc.count_distinct(batch.column(n)).as_py() * 4 <= len(batch)]

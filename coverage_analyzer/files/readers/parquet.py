"""Parquet files, batch by batch, with their types."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import utf8
from coverage_analyzer.files.readers.base import PREVIEW_ROWS, RowBlock, TableReader, first_rows
from coverage_analyzer.fingerprint import WatchedFiles, unchanged, unchanged_during
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.schema.rejects import Reject, Rejected

ROWS_AT_ONCE: Final = 65_536
READ_AT_ONCE: Final = 1 << 20
"""Minimum size of a column to be read in parts; smaller ones are read whole per row group."""


class ParquetFile(TableReader):
    """A Parquet file; its rows count from 1.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it cannot be read as Parquet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fingerprint: WatchedFiles = WatchedFiles(path)
        try:
            self._file = parquet(path)
            schema = self._file.schema_arrow
            self.headers: list[str] = schema.names
        except UnicodeDecodeError as error:
            msg = f"{path} {utf8.bad_name(error)}."
            raise InputError(msg) from None
        except (OSError, ValueError, pa.ArrowException) as error:
            msg = f"{path} cannot be read as Parquet: {error}."
            raise InputError(msg) from error
        self.rows: int = self._file.metadata.num_rows
        self.types = [plain_type(field.type) for field in schema]
        self.known: dict[str, str] = {}
        self._read = 0
        self.spatial = b"geo" in (schema.metadata or {})
        """Whether it is GeoParquet."""

    def share(self) -> float:
        """Return the share of the table that has been read, 0 to 1."""
        return self._read / max(self.rows, 1)

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows without consuming them.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        with unchanged_during(self.fingerprint):
            return first_rows(self._first_block(n_rows).columns, self.headers, n_rows)

    def _first_block(self, n_rows: int) -> RowBlock:
        """Return at most so many rows from the first one on.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        try:
            batch = next(self._file.iter_batches(n_rows, use_threads=False), None)
            return block(empty(self._file.schema_arrow) if batch is None else batch, 1)
        except (OSError, pa.ArrowException) as error:
            msg = f"{self._path} cannot be read on from row 1: {error}."
            raise InputError(msg) from error

    @unchanged
    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        row = 1
        try:
            for batch in self._file.iter_batches(ROWS_AT_ONCE, use_threads=False):
                yield block(batch, row)
                row += len(batch)
                self._read = row - 1
            if row == 1:
                yield block(empty(self._file.schema_arrow), row)
        except (OSError, pa.ArrowException) as error:
            msg = f"{self._path} cannot be read on from row {row}: {error}."
            raise InputError(msg) from error


def parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file with little of it in memory at once, unlike the default."""
    name = utf8_name(path)
    file = pq.ParquetFile(name, pre_buffer=False, buffer_size=READ_AT_ONCE)
    # Arrow counts in 32 bits here; to count otherwise it looks at the text, and refuses all of it.
    narrow = [f.name for f in file.schema_arrow if _is_narrow(f.type)]
    if not narrow:
        return file
    file.close()
    return pq.ParquetFile(name, pre_buffer=False, buffer_size=READ_AT_ONCE, read_dictionary=narrow)


def _is_narrow(kind: pa.DataType) -> bool:
    """Return whether a column is a dictionary of text with indices below 32 bits."""
    if not pa.types.is_dictionary(kind) or kind.index_type == pa.int32():
        return False
    return bool(plain_type(kind) == pa.string())


def block(batch: pa.RecordBatch, row: int) -> RowBlock:
    """Return a batch from a given row in plain types; text that is not UTF-8 is rejected.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the batch is damaged.
    """
    bad = utf8.rows_not_utf8(batch)
    rejects = [
        Reject(
            row + i, Rejected.not_utf8, f"{name!r} contains bytes that are not UTF-8 text", shown
        )
        for i, name in bad.items()
        for shown in [_json(utf8.row_with_escapes(batch, i))]
    ]
    kept = np.delete(np.arange(len(batch)), list(bad)) if bad else np.arange(len(batch))
    usable = [utf8.take(column, kept) for column in batch.columns] if bad else batch.columns
    plain = [column.cast(plain_type(column.type)) for column in usable]
    columns = pa.RecordBatch.from_arrays(plain, names=batch.schema.names)

    def raw(position: int) -> str:
        return _json(columns.slice(position, 1).to_pylist()[0])

    return RowBlock(kept + row, columns, raw, rejects, records=len(batch))


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch of no rows."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, kind) for kind in schema.types], schema=schema)


def _json(row: Any) -> str:
    return json.dumps(row, default=str, ensure_ascii=False)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of a column as provided to the caller: plain text, plain storage."""
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if pa.types.is_string_view(kind) or pa.types.is_large_string(kind):
        return pa.string()
    return kind

"""Parquet files, batch by batch, with the types that they have."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.blocks import Block, Source
from coverage_analyzer.fingerprint import WatchedFiles, unchanged
from coverage_analyzer.paths import utf8_name

ROWS_AT_ONCE: Final = 65_536
READ_AT_ONCE: Final = 1 << 20
"""Bytes of a column; else it is read whole, for all rows of a group."""


class ParquetFile(Source):
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
        except (OSError, ValueError, pa.ArrowException) as error:
            msg = f"{path} cannot be read as Parquet: {error}."
            raise InputError(msg) from error
        schema = self._file.schema_arrow
        self.rows: int = self._file.metadata.num_rows
        self.headers: list[str] = schema.names
        self.types = [plain_type(field.type) for field in schema]
        self.known: dict[str, str] = {}
        self._read = 0
        self.spatial = b"geo" in (schema.metadata or {})
        """Whether it is GeoParquet."""

    def share(self) -> float:
        """Return how much of the table has been read, 0 to 1."""
        return self._read / max(self.rows, 1)

    @unchanged
    def blocks(self) -> Iterator[Block]:
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
                schema = self._file.schema_arrow
                none = [pa.nulls(0, kind) for kind in schema.types]
                yield block(pa.RecordBatch.from_arrays(none, schema=schema), row)
        except (OSError, pa.ArrowException) as error:
            msg = f"{self._path} cannot be read on from row {row}: {error}."
            raise InputError(msg) from error


def parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file so that little of it is in memory at once; by default all stays there."""
    return pq.ParquetFile(utf8_name(path), pre_buffer=False, buffer_size=READ_AT_ONCE)


def block(batch: pa.RecordBatch, row: int) -> Block:
    """Return a batch, which begins with a row, in plain types."""
    plain = [column.cast(plain_type(column.type)) for column in batch.columns]
    columns = pa.RecordBatch.from_arrays(plain, names=batch.schema.names)

    def raw(position: int) -> str:
        return json.dumps(
            columns.slice(position, 1).to_pylist()[0], default=str, ensure_ascii=False
        )

    return Block(np.arange(row, row + len(batch)), columns, raw, records=len(batch))


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type under which a column is handed on: plain text, plain storage."""
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if pa.types.is_string_view(kind) or pa.types.is_large_string(kind):
        return pa.string()
    return kind

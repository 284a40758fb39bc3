"""Parquet files, batch by batch, with their types."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import utf8
from coverage_analyzer.files.readers.arrow_rows import ROWS_AT_ONCE, block, empty, plain_type
from coverage_analyzer.files.readers.base import PREVIEW_ROWS, RowBlock, TableReader, first_rows
from coverage_analyzer.fingerprint import WatchedFiles, unchanged, unchanged_during
from coverage_analyzer.paths import utf8_name

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

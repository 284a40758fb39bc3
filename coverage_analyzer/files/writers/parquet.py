"""Reports as Parquet."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coverage_analyzer import arrays
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.cells import empty_rows
from coverage_analyzer.paths import utf8_name

GROUP_ROWS: Final = 1 << 18
"""Rows of a group: fewer cost more time and space, more cost memory."""

GROUP_BYTES: Final = 64 << 20
"""Bytes in memory after which a group ends though it has fewer rows."""

DISTINCT_SHARE: Final = 4
"""A column recurs if at most one in so many of its values is distinct."""

ARROW_SCHEMA: Final = b"ARROW:schema"
"""Key of the metadata under which Arrow keeps the types of columns."""


class ParquetWriter(Writer):
    """Rows with their types; columns with recurring values are dictionary-encoded.

    Parameters
    ----------
    path
        The file.
    schema
        Of the rows, as readers see them. Text may come in dictionary arrays: where it recurs, its
        codes are written as they are, and the file states no least and greatest text of them.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._metadata: dict[str, str] = {}
        self._writer: pq.ParquetWriter | None = None
        self._recurring: frozenset[str] = frozenset()
        self._waiting: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; the first ones determine which values recur."""
        if self._writer is None:
            self._recurring = self._recurring_columns(batch)
            self._writer = self._open_writer(self._stored(batch.slice(0, 0)).schema)
        self._waiting.append(self._stored(batch))
        n_rows = sum(map(len, self._waiting))
        if n_rows >= GROUP_ROWS or sum(map(_n_bytes, self._waiting)) >= GROUP_BYTES:
            self._write_group()

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Note what the file is to say of itself, as keys of its metadata."""
        self._metadata |= metadata

    def close(self) -> None:
        """Finish the file."""
        if self._writer is None:
            self.write(empty_rows(self._schema))
        if self._writer is not None:
            self._write_group()
            if self._metadata:
                self._writer.add_key_value_metadata(self._metadata)
            self._writer.close()

    def _columns(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Array, bool]]:
        """Yield the name and the cells of each column, and whether they are codes of its text."""
        fields = zip(self._schema.names, self._schema.types, batch.columns, strict=True)
        return ((name, cells, cells.type != kind) for name, kind, cells in fields)

    def _recurring_columns(self, batch: pa.RecordBatch) -> frozenset[str]:
        """Return the columns in which at most a quarter of the values are distinct."""
        return frozenset(
            name
            for name, cells, is_coded in self._columns(batch)
            if _recurs(cells.indices if is_coded else cells)
        )

    def _stored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return rows as they are stored: codes where values recur, else text."""
        columns = [
            arrays.decoded(cells) if is_coded and name not in self._recurring else cells
            for name, cells, is_coded in self._columns(batch)
        ]
        return pa.RecordBatch.from_arrays(columns, names=self._schema.names)

    def _is_coded(self, field: pa.Field) -> bool:
        """Return whether codes of text are stored for a column of `_stored`."""
        return field.name in self._recurring and bool(pa.types.is_dictionary(field.type))

    def _open_writer(self, schema: pa.Schema) -> pq.ParquetWriter:
        """Return a writer for rows as they are stored."""
        # A dictionary of values that do not recur costs twice the time, and space.
        writer = pq.ParquetWriter(
            utf8_name(self._path),
            schema,
            compression="zstd",
            use_dictionary=[name for name in schema.names if name in self._recurring],
            # The least and greatest text of codes take as long to find as the codes to write.
            write_statistics=[field.name for field in schema if not self._is_coded(field)],
            store_schema=False,
        )
        # What Arrow notes of its types is what readers are to see, not how the rows came.
        types = base64.b64encode(self._schema.serialize().to_pybytes())
        writer.add_key_value_metadata({**(self._schema.metadata or {}), ARROW_SCHEMA: types})
        return writer

    def _write_group(self) -> None:
        """Write the waiting rows as a group."""
        waiting, self._waiting = self._waiting, []
        if waiting and self._writer is not None:
            rows = pa.Table.from_batches(waiting)
            for at, field in enumerate(rows.schema):
                if self._is_coded(field):
                    # With another dictionary in the middle of a group, Arrow would write text.
                    rows = rows.set_column(at, field.name, rows.column(at).unify_dictionaries())
            self._writer.write_table(rows, row_group_size=max(len(rows), 1))


def _n_bytes(batch: pa.RecordBatch) -> int:
    """Return the bytes of rows in memory; of views, those of all that they are part of."""
    try:
        return int(batch.nbytes)
    except pa.ArrowTypeError:
        return int(batch.get_total_buffer_size())


def _recurs(values: pa.Array) -> bool:
    """Return whether at most a quarter of the values are distinct, if Arrow can count them."""
    try:
        return int(pc.count_distinct(values).as_py()) * DISTINCT_SHARE <= len(values)
    except pa.ArrowNotImplementedError:  # nested values, dictionaries, views
        return False

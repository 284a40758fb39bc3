"""Reports as Parquet."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.cells import empty_rows
from coverage_analyzer.paths import utf8_name


class ParquetWriter(Writer):
    """Rows with their types; columns with recurring values are dictionary-encoded."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._metadata: dict[str, str] = {}
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

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Note what the file is to say of itself, as keys of its metadata."""
        self._metadata |= metadata

    def close(self) -> None:
        """Finish the file."""
        if self._writer is None:
            self.write(empty_rows(self._schema))
        if self._writer is not None:
            if self._metadata:
                self._writer.add_key_value_metadata(self._metadata)
            self._writer.close()


def _recurring(batch: pa.RecordBatch) -> list[str]:
    """Return the columns in which at most a quarter of the values are distinct."""
    uncounted = (pa.types.is_nested, pa.types.is_null, pa.types.is_binary_view)
    names = [f.name for f in batch.schema if not any(is_kind(f.type) for is_kind in uncounted)]
    return [n for n in names if pc.count_distinct(batch.column(n)).as_py() * 4 <= len(batch)]

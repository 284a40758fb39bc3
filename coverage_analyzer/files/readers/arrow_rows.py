"""Rows that come as Arrow batches: plain types, and text that is not UTF-8 rejected.

For Parquet, databases, GDAL and Spark; `parquet` itself is not imported here, since it takes 25 ms
that a run of a text file need not spend.
"""

import json
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer.files.readers import utf8
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.schema.rejects import Reject, Rejected

ROWS_AT_ONCE: Final = 65_536
"""Number of rows of a batch."""


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

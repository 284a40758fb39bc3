"""Rows that wait on the disk until all are known: what their columns hold, and how wide it is.

Some outputs need to know a whole column before its first cell is written. Memory does not grow with
the number of rows.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from coverage_analyzer import arrays
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.schema.cell_types import NO_TEXT, ColumnType, ColumnTypes, OwnText, typed

WIDTHS: Final[tuple[tuple[Callable[[pa.DataType], bool], int], ...]] = (
    (pa.types.is_boolean, 6),
    (pa.types.is_date, 10),
    (pa.types.is_timestamp, 20),
    (pa.types.is_integer, 8),
    (pa.types.is_floating, 11),
)
"""Characters that the cells of a type take."""

TICKS_PER_MS: Final = {"s": 1, "ms": 1, "us": 1_000, "ns": 1_000_000}
"""How many units of a timestamp are a millisecond, at least one."""

TICKS_PER_S: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""How many units of a timestamp are a second."""

DAY_S: Final = 86_400
"""Seconds of a day."""

YEARS_IN_DAYS: Final = (-719_162, 2_932_897)
"""The first day of the year 1, and the one after the last of the year 9999, from 1970-01-01."""


class RowSpool:
    """Rows in a temporary file; columns of bytes are left out.

    Parameters
    ----------
    folder
        Where the file is made; who owns the folder removes it.
    schema
        Of the rows.
    own
        The columns of text that become numbers or days if every cell plainly is one.
    """

    def __init__(
        self,
        folder: Path,
        schema: pa.Schema,
        own: OwnText = NO_TEXT,
    ) -> None:
        self._kept = [i for i, field in enumerate(schema) if not arrays.is_bytes(field.type)]
        self.schema = pa.schema([schema.field(i) for i in self._kept])
        texts = [f.name for f in self.schema if f.name in own.names and pa.types.is_string(f.type)]
        self._types = ColumnTypes(texts, decimal=own.decimal, date_format=own.date_format)
        self.rows = 0
        self._widths = [0.0] * len(self.schema)
        self._unfit: set[str] = set()
        self._path = folder / "rows.arrow"
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_stream(utf8_name(self._path), self.schema, options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        kept = pa.RecordBatch.from_arrays([batch.column(i) for i in self._kept], schema=self.schema)
        self.rows += len(kept)
        self._types.add(kept)
        for at, field in enumerate(self.schema):
            cells = kept.column(at)
            self._widths[at] = max(self._widths[at], _width(cells))
            if pa.types.is_temporal(field.type) and not _fits_a_cell(cells):
                self._unfit.add(field.name)
        self._writer.write_batch(kept)

    def close(self) -> None:
        """Finish the file.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        self._writer.close()

    def column_types(self) -> dict[str, ColumnType]:
        """Return what the columns of text that may become something else hold."""
        return self._types.result()

    def widths(self) -> dict[str, float]:
        """Return how many characters the widest cell of each column takes, about."""
        return dict(zip(self.schema.names, self._widths, strict=True))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows; the file must be finished.

        Plain columns have their types. Columns of days or timestamps that Python and a spreadsheet
        do not hold (finer than a millisecond, before the year 1 or after 9999) are text.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        types = self.column_types()
        for batch in self.rows_as_written():
            columns = [
                self._shown(name, cells, types.get(name))
                for name, cells in zip(self.schema.names, batch.columns, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, names=self.schema.names)

    def rows_as_written(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows as they came; the file must be finished.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        with pa.OSFile(utf8_name(self._path)) as file, closing(pa.ipc.open_stream(file)) as reader:
            yield from reader

    def remove(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)

    def _shown(self, name: str, cells: pa.Array, kind: ColumnType | None) -> pa.Array:
        if kind is not None:
            return typed(cells, kind)
        return cells.cast(pa.string()) if name in self._unfit else cells


def _width(cells: pa.Array) -> float:
    """Return how many characters the widest of some cells takes; wide letters count twice.

    A letter of three bytes in UTF-8, as those of Chinese and Japanese have, is about two wide.
    """
    for is_kind, width in WIDTHS:
        if is_kind(cells.type):
            return width
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        return 12
    size, letters = pc.max(pc.binary_length(cells)), pc.max(pc.utf8_length(cells))
    return ((size.as_py() or 0) + (letters.as_py() or 0)) / 2


def _fits_a_cell(cells: pa.Array) -> bool:
    """Return whether all days or timestamps are whole milliseconds of the years 1 to 9999."""
    if pa.types.is_date(cells.type):
        cells, ticks, first, last = cells.cast(pa.date32()).cast(pa.int32()), 1, *YEARS_IN_DAYS
    elif pa.types.is_timestamp(cells.type):
        ticks = TICKS_PER_MS[cells.type.unit]
        per_day = DAY_S * TICKS_PER_S[cells.type.unit]
        cells, (first, last) = cells.cast(pa.int64()), (day * per_day for day in YEARS_IN_DAYS)
    else:
        return True
    values = arrays.as_numpy(cells.drop_null())
    return bool(((values % ticks == 0) & (values >= first) & (values < last)).all())

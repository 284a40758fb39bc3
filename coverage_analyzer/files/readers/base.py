"""The interface of readers: blocks of rows, in which every row read is accounted for."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.fingerprint import Fingerprint
from coverage_analyzer.schema.rejects import Reject, Rejected

PREVIEW_ROWS: Final = 1_000
"""How many rows decide how a table is written, and which of its columns is which."""


@dataclass(frozen=True)
class RowBlock:
    """A block of rows as read.

    Attributes
    ----------
    lines
        The physical line (of a text file) or the row (of other formats) of each row, from 1. Shape
        (n,).
    columns
        The cells, a column per header.
    raw
        Returns the raw text of a row by its position.
    rejects
        Rows of the block that the reader could not read.
    blank
        Number of empty rows in the block.
    records
        Number of rows seen by the reader, of any kind.
    """

    lines: Ints
    columns: pa.RecordBatch
    raw: Callable[[int], str]
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0
    records: int = 0

    def take(self, rows: Ints) -> "RowBlock":
        """Return the block with some of its rows only; what is counted of it stays.

        Parameters
        ----------
        rows
            Positions of the rows, shape (k,). Lines, cells and raw texts follow them.
        """
        raw = self.raw  # not self: the cells of the other rows can be forgotten
        return dataclasses.replace(
            self,
            lines=self.lines[rows],
            columns=self.columns.take(arrays.from_numpy(rows)),
            raw=lambda row: raw(int(rows[row])),
        )


def first_rows(columns: pa.RecordBatch, headers: Sequence[str], n_rows: int) -> pa.RecordBatch:
    """Return the first rows of some columns, which get the headers as their names."""
    return pa.RecordBatch.from_arrays(columns.slice(0, n_rows).columns, names=list(headers))


def without(block: RowBlock, odd: dict[int, tuple[Rejected, str]]) -> RowBlock:
    """Return a block in which further rows, given by line, are rejects."""
    at = np.flatnonzero(np.isin(block.lines, list(odd)))
    if not len(at):
        return block
    lines = block.lines[at].tolist()
    rejects = [
        Reject(line, *odd[line], block.raw(i)) for line, i in zip(lines, at.tolist(), strict=True)
    ]
    kept = np.delete(np.arange(len(block.lines)), at)
    everything = sorted([*block.rejects, *rejects], key=lambda reject: reject.line)
    return dataclasses.replace(block.take(kept), rejects=everything)


class TableReader(Protocol):
    """A table that is open for reading, once.

    Attributes
    ----------
    headers, types
        Arrow type of each column.
    known
        Header of each column that the reader itself identifies, regardless of other headers.
    hint
        Addition to an error about missing columns.
    rows
        Number of rows, if known before reading.
    iso_days
        Whether cells may be dates, which are then ISO 8601 regardless of the date format.
    cut_at
        Length to which the format truncates headers; 0 if it does not.
    made
        Columns that are no attribute of the file: made of a geometry, or the ids of features.
    is_text
        Whether cells come as text whatever they hold, so that an empty one is missing.
    repeated
        What headers are called in the file that got a number since another one is called so.
    fingerprint
        Fingerprint of the files read; None if there are none, as for a database.
    """

    headers: list[str]
    types: list[pa.DataType]
    known: dict[str, str]
    hint: str = ""
    rows: int | None = None
    iso_days: bool = False
    cut_at: int = 0
    made: Sequence[str] = ()
    is_text: bool = False
    repeated: Mapping[str, str] = MappingProxyType({})
    fingerprint: Fingerprint | None = None

    @property
    def detected(self) -> dict[str, Any]:
        """Properties detected in the file, as JSON values."""
        return {}

    def days_as_text(self, headers: Sequence[str]) -> None:
        """Read timestamps of some columns as their text, if their types would lose the zone.

        Called before `blocks`, once the date columns are known; it may change `types`.
        """
        del headers

    def declared_types(self) -> list[pa.DataType] | None:
        """Return the type that the file gives each column; None if it gives none.

        Where cells come as text though the file has other types, this is what the text stands for.
        """
        return self.types

    def columns_read(self, at: frozenset[int]) -> None:
        """Read rows that end behind the last of these columns, too, if rows have any length.

        Called before `blocks`, once it is known which columns are read: only empty cells of others
        may be left off, or else a row that is cut in two would be taken for a whole one.
        """
        del at

    def share(self) -> float:
        """Return the share of the table that has been read, 0 to 1; NaN if unknown."""
        return float("nan")

    def place(self, line: int) -> str:
        """Return the location of a line, if its number alone does not identify it."""
        del line
        return ""

    def cancel(self) -> bool:
        """Cancel the wait of another thread for rows; return whether that is supported."""
        return False

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows without consuming them: `blocks` yields every row afterwards.

        Call it before `blocks`, and before or after `days_as_text`. A reader may return fewer rows
        than there are where rows are very long; it leaves out rows that it cannot read.

        Parameters
        ----------
        n_rows
            At most so many.

        Returns
        -------
        rows
            One column per header, named like it, in the same order. At most ``n_rows`` rows.

        Raises
        ------
        InputError
            If these rows cannot be read; reading them with `blocks` fails alike.
        """
        ...

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order; at least one block, which may be empty."""
        ...

    def sha256(self) -> str | None:
        """Return the hash of the bytes read; None if there is no file.

        Raises
        ------
        InputError
            If a file has changed since it was opened.
        """
        return None if self.fingerprint is None else self.fingerprint.sha256()


class WrappedReader(TableReader):
    """A reader that changes the blocks of another one, and otherwise delegates to it.

    Parameters
    ----------
    source
        The other reader, not read yet.
    """

    def __init__(self, source: TableReader) -> None:
        self._source = source
        self.headers, self.types, self.known = source.headers, source.types, source.known
        self.hint, self.rows = source.hint, source.rows
        self.iso_days, self.cut_at = source.iso_days, source.cut_at
        self.made, self.is_text = source.made, source.is_text
        self.repeated = source.repeated
        self.fingerprint = source.fingerprint

    @property
    def detected(self) -> dict[str, Any]:
        """Properties detected by the wrapped reader."""
        return self._source.detected

    def days_as_text(self, headers: Sequence[str]) -> None:
        """Read timestamps of some columns as their text."""
        self._source.days_as_text(headers)
        self.types = [*self._source.types, *self.types[len(self._source.types) :]]

    def declared_types(self) -> list[pa.DataType] | None:
        """Return the type that the file gives each column; None if it gives none."""
        types = self._source.declared_types()
        return None if types is None else [*types, *self.types[len(types) :]]

    def columns_read(self, at: frozenset[int]) -> None:
        """Read rows that end behind the last of these columns, too."""
        width = len(self._source.headers)
        self._source.columns_read(frozenset(position for position in at if position < width))

    def share(self) -> float:
        """Return the share of the table that has been read, 0 to 1; NaN if unknown."""
        return self._source.share()

    def place(self, line: int) -> str:
        """Return the location of a line, if its number alone does not identify it."""
        return self._source.place(line)

    def cancel(self) -> bool:
        """Cancel the wait of another thread for rows; return whether that is supported."""
        return self._source.cancel()

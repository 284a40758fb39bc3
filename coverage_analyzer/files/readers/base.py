"""What a reader hands on: runs of rows, in which every row that was read is accounted for."""

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
    """A run of rows as read.

    Attributes
    ----------
    lines
        The physical line (of a text file) or the row (of others) of each row, from 1. Shape (n,).
    columns
        The cells, a column for each header.
    raw
        Gives the raw text of a row by its position.
    rejects
        Rows of the run that the reader itself could not read.
    blank
        How many rows of the run were empty.
    records
        How many rows the reader saw, of whatever kind.
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
    """Return a block in which further rows, named by their lines, are rejects."""
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
        Of each column.
    known
        The header to take for a column, where the reader knows it, whatever others are called.
    hint
        What to add to an error about columns that are missing.
    rows
        How many there are, if the file tells before they are read.
    iso_days
        Whether cells may hold days themselves, which then stand by ISO 8601 whatever a form says.
    cut_at
        How many letters of a header the format keeps; 0 if all.
    made
        Columns that are no attribute of the file: made of a geometry, or the ids of features.
    is_text
        Whether cells come as text whatever they hold, so that an empty one is missing.
    repeated
        What headers are called in the file that got a number since another one is called so.
    fingerprint
        Of the files that are read; None if there are none, as for a database.
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
        """What the reader found out about the file without being told, as JSON values."""
        return {}

    def days_as_text(self, headers: Sequence[str]) -> None:
        """Read timestamps of some columns as the text that states them, if types lose their zone.

        Called before `blocks`, once it is known which columns hold days; it may change `types`.
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
        """Return how much of the table has been read, 0 to 1; NaN where that cannot be told."""
        return float("nan")

    def place(self, line: int) -> str:
        """Return where a line is, if its number alone does not tell."""
        del line
        return ""

    def cancel(self) -> bool:
        """End a wait for rows that another thread is in; return whether that can be done."""
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
        """Yield all rows, in order; one block at least, be it empty."""
        ...

    def sha256(self) -> str | None:
        """Return the hash of the bytes that were read; None if there is no file.

        Raises
        ------
        InputError
            If a file has changed since it was opened.
        """
        return None if self.fingerprint is None else self.fingerprint.sha256()


class WrappedReader(TableReader):
    """A source that changes what another one yields, and is that one in all else.

    Parameters
    ----------
    source
        The other one, not read yet.
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
        """What the wrapped reader found out about the file."""
        return self._source.detected

    def days_as_text(self, headers: Sequence[str]) -> None:
        """Read timestamps of some columns as the text that states them."""
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
        """Return how much of the table has been read, 0 to 1; NaN where that cannot be told."""
        return self._source.share()

    def place(self, line: int) -> str:
        """Return where a line is, if its number alone does not tell."""
        return self._source.place(line)

    def cancel(self) -> bool:
        """End a wait for rows that another thread is in; return whether that can be done."""
        return self._source.cancel()

"""The parts of an input: whole files, or row groups of Parquet, each read by one task.

A part is read by the reader that reads the file without Spark. Only Parquet is cut: its row groups
can be read on their own, and their rows have known numbers.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import partitions
from coverage_analyzer.files.readers.arrow_rows import ROWS_AT_ONCE, block, empty
from coverage_analyzer.files.readers.base import RowBlock, TableReader
from coverage_analyzer.files.readers.parquet import ParquetFile
from coverage_analyzer.files.table import Table, reopened
from coverage_analyzer.fingerprint import FileState, changed, state_of, unchanged

PARQUET: Final = (".parquet", ".pq")

PART_ROWS: Final = 1_000_000
"""Minimum rows in the row groups of a part of a Parquet file, if there are more parts."""

TASK_BYTES: Final = 64 << 20
"""A task reads parts of about this size together, if there are many: each task costs 0.2 CPU s."""


@dataclass(frozen=True)
class Part:
    """What one task reads.

    Attributes
    ----------
    number, file
        Position of the part, and of its file, in the order of the input.
    path, state
        The file, and its state when the input was opened.
    groups
        Row groups of a Parquet file, if it is cut; else empty, for the whole file.
    first_row
        The number of the first row, from 1.
    rows
        Number of rows, if the file says so.
    bytes
        Size of the file, or of its share by rows.
    """

    number: int
    file: int
    path: Path
    state: FileState | None
    groups: tuple[int, ...] = ()
    first_row: int = 1
    rows: int | None = None
    bytes: int = 0

    @property
    def is_first(self) -> bool:
        """Whether it is the first part of its file."""
        return self.first_row == 1

    def opened(self, table: Table, columns: Mapping[str, str]) -> Table:
        """Open the part as a table like that of the whole input.

        Parameters
        ----------
        table
            The whole input; of its reader only headers and what was detected matter.
        columns
            Columns that were named.

        Raises
        ------
        InputError
            If it cannot be read, has other columns, or is not the file that was opened.
        """
        source: TableReader | None = None
        if self.groups:
            source = ParquetPart(self.path, self.groups, self.first_row)
            source = partitions.with_keys(source, self.path)
        result = reopened(table, self.path, columns, source)
        self._check(result.source)
        return result

    def _check(self, source: TableReader) -> None:
        """Raise if the file is not the one that was opened first.

        Raises
        ------
        InputError
            If so. Other machines give the disk, and on some mounts the file, other numbers; the
            driver compares those before and after the run.
        """
        if source.fingerprint is None or self.state is None:
            return
        for state in source.fingerprint.states.values():
            if state is not None and _version(state) == _version(self.state):
                return
        raise InputError(changed(self.path))


def _version(state: FileState) -> tuple[int, int]:
    """Return what all machines see of a file."""
    return state.size, state.modified_ns


def parts_of(paths: Sequence[Path]) -> list[Part]:
    """Return the parts of some files, given by absolute paths, in order."""
    parts = [part for number, path in enumerate(paths) for part in _parts_of(number, path)]
    return [dataclasses.replace(part, number=number) for number, part in enumerate(parts)]


def _parts_of(file: int, path: Path) -> Iterator[Part]:
    state = state_of(path)
    n_bytes = state.size if state else 0
    whole = Part(0, file, path, state, bytes=n_bytes)
    if path.suffix.lower() not in PARQUET:
        yield whole
        return
    metadata = pq.ParquetFile(path).metadata
    sizes = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    total = metadata.num_rows
    if b"geo" in (metadata.metadata or {}) or total < 2 * PART_ROWS or len(sizes) == 1:
        yield dataclasses.replace(whole, rows=total)
        return
    groups: list[int] = []
    first, n_rows = 1, 0
    for number, size in enumerate(sizes):
        groups, n_rows = [*groups, number], n_rows + size
        left = total - (first - 1) - n_rows
        if n_rows >= PART_ROWS and (left >= PART_ROWS or not left):
            share = n_bytes * n_rows // total
            yield Part(0, file, path, state, tuple(groups), first, n_rows, share)
            groups, first, n_rows = [], first + n_rows, 0
    if groups:
        yield Part(0, file, path, state, tuple(groups), first, n_rows)


def grouped(parts: Sequence[Part], n_tasks: int) -> list[list[Part]]:
    """Return parts in groups, each of which is read by one task; in order.

    Parameters
    ----------
    parts
        All parts.
    n_tasks
        About how many tasks are needed to keep all cores busy, even if there is little to read.
    """
    enough = min(TASK_BYTES, sum(part.bytes for part in parts) / n_tasks)
    groups: list[list[Part]] = []
    size = enough
    for part in parts:
        if size >= enough:
            groups.append([])
            size = 0
        groups[-1].append(part)
        size += part.bytes
    return groups


class ParquetPart(ParquetFile):
    """Some row groups of a Parquet file; its rows have the numbers that they have in the file.

    Parameters
    ----------
    path
        The file.
    groups
        Positions of the row groups, one after the other.
    first_row
        The number of the first row.

    Raises
    ------
    InputError
        If it cannot be read as Parquet.
    """

    def __init__(self, path: Path, groups: Sequence[int], first_row: int) -> None:
        super().__init__(path)
        self._groups, self._first_row = list(groups), first_row

    @unchanged
    def blocks(self) -> Iterator[RowBlock]:
        """Yield the rows of the groups, in order.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        row = self._first_row
        batches = self._file.iter_batches(ROWS_AT_ONCE, row_groups=self._groups, use_threads=False)
        try:
            for batch in batches:
                yield block(batch, row)
                row += len(batch)
            if row == self._first_row:
                yield block(empty(self._file.schema_arrow), row)
        except (OSError, pa.ArrowException) as error:
            msg = f"{self._path} cannot be read on from row {row}: {error}."
            raise InputError(msg) from error


class Headers(TableReader):
    """What tasks know of the reader of a whole input: no rows.

    Parameters
    ----------
    source
        That reader.
    """

    def __init__(self, source: TableReader) -> None:
        self.headers, self.types, self.known = source.headers, source.types, source.known
        self.made, self.is_text, self.iso_days = source.made, source.is_text, source.iso_days
        self._detected = dict(source.detected)

    @property
    def detected(self) -> dict[str, Any]:
        """Properties detected in the first file."""
        return self._detected

    def preview(self, n_rows: int = 0) -> pa.RecordBatch:
        """Return no rows."""
        del n_rows
        none = [pa.nulls(0, kind) for kind in self.types]
        return pa.RecordBatch.from_arrays(none, names=self.headers)

    def blocks(self) -> Iterator[RowBlock]:
        """Yield an empty block."""
        yield block(self.preview(), 1)

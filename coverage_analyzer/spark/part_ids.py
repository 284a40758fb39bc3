"""Rows of all parts that share an id: each task writes hashes of its ids, and few rows are joined.

Of each row 24 bytes are written to a file of the task, by the first byte of the hash
(`files.duplicates`). Equal ids are in the same range of bytes, so that tasks, or the driver if
there are few rows, can look through one range of all files each. No row is shuffled.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

import numpy as np
import pyarrow as pa

from coverage_analyzer.arrays import Ints
from coverage_analyzer.files.duplicates import (
    EXAMPLES,
    PARTS,
    RECORD_BYTES,
    DuplicateFinder,
    DuplicateLines,
    DuplicateSummary,
    Records,
)

if TYPE_CHECKING:
    from pyspark.core.context import SparkContext

T = TypeVar("T")

LINE_BITS: Final = 40
"""A row is numbered by its file and, in the lower bits, its line in the file."""

RANGE_ROWS: Final = 8_000_000
"""Maximum rows looked through at once: 192 MB."""


@dataclass(frozen=True)
class HashFile:
    """The hashes that a task has written.

    Attributes
    ----------
    path
        The file.
    starts
        For each sorted run in it, the first record of each range of hashes, and the end.
    """

    path: Path
    starts: tuple[Ints, ...]

    def __len__(self) -> int:
        """Return the number of records."""
        return int(self.starts[-1][-1]) if self.starts else 0


class PartIds(DuplicateFinder):
    """Collects the ids of a part in a file that stays.

    Parameters
    ----------
    path
        The file, which is created.
    file
        Position of the part's file in the input.
    seeds
        The same for all parts.
    """

    def __init__(self, path: Path, file: int, seeds: bytes) -> None:
        super().__init__(seeds=seeds)
        self._path, self._base = path, file << LINE_BITS

    def __enter__(self) -> Self:
        """Return itself."""
        self._file = self._path.open("wb")
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the file."""
        self._file.close()

    def add(self, ids: pa.Array, lines: Ints) -> None:
        """Append rows; empty ids are ignored."""
        super().add(ids, lines + self._base)

    def written(self) -> HashFile:
        """Write what is left, and return the file."""
        if self._n_buffered:
            self._spill()
        return HashFile(self._path, tuple(self._starts))


class _Range(DuplicateFinder):
    """The records of some files with hashes in a range."""

    def __init__(self, files: Sequence[HashFile], first: int, end: int) -> None:
        super().__init__()
        self._files, self._range = files, range(first, end)

    def _parts(self) -> Iterator[Iterator[Records]]:
        return map(self._read, self._range)

    def _read(self, part: int) -> Iterator[Records]:
        for file in self._files:
            with file.path.open("rb") as opened:
                for starts in file.starts:
                    start, stop = starts[part : part + 2].tolist()
                    opened.seek(start * RECORD_BYTES)
                    data = opened.read((stop - start) * RECORD_BYTES)
                    yield np.frombuffer(data, np.uint64).reshape(-1, 3)


@dataclass(frozen=True)
class IdsOfParts:
    """The ids of all parts.

    Attributes
    ----------
    files
        What the tasks have written, in the order of the parts.
    context
        Of Spark, whose tasks look through them if there are many.
    """

    files: Sequence[HashFile]
    context: "SparkContext"

    def repeats(self) -> DuplicateSummary:
        """Return how many ids are in several rows; lines are numbered with their file."""

        def count(files: Sequence[HashFile], first: int, end: int) -> DuplicateSummary:
            return _Range(files, first, end).repeats()

        summaries = self._mapped(count)
        examples = sorted(example for summary in summaries for example in summary.examples)
        return DuplicateSummary(
            sum(summary.ids for summary in summaries),
            sum(summary.rows for summary in summaries),
            examples[:EXAMPLES],
        )

    def refused(self, *, keep_first: bool) -> DuplicateLines:
        """Return the rows whose id appears elsewhere; lines are numbered with their file."""

        def find(files: Sequence[HashFile], first: int, end: int) -> DuplicateLines:
            return _Range(files, first, end).refused(keep_first=keep_first)

        parts = self._mapped(find)
        lines, first = (np.concatenate([vars(f)[n] for f in parts]) for n in ("lines", "first"))
        order = np.argsort(lines)
        return DuplicateLines(lines[order], first[order])

    def _mapped(self, work: Callable[[Sequence[HashFile], int, int], T]) -> list[T]:
        """Return what some work gives for each range of hashes."""
        files = list(self.files)
        n_ranges = min(max(sum(map(len, files)) // RANGE_ROWS, 1), PARTS)
        ends = np.linspace(0, PARTS, n_ranges + 1).astype(int).tolist()
        if n_ranges == 1:
            return [work(files, 0, PARTS)]
        ranges = list(itertools.pairwise(ends))
        tasks = self.context.parallelize(ranges, n_ranges)
        return tasks.map(lambda both: work(files, *both)).collect()


@dataclass(frozen=True)
class LinesOfPart(DuplicateLines):
    """Rejected lines of one file, each with the first row of the same id in any file.

    Attributes
    ----------
    file
        Position of the file.
    names
        What the files are called; empty if there is only one.
    """

    file: int = 0
    names: tuple[str, ...] = ()

    def describe_twin(self, line: int, first: int) -> str:
        """Return where the id of a rejected line appears, too."""
        file, first_line = divmod(first, 1 << LINE_BITS)
        if (file, first_line) == (self.file, line):
            return "also in other lines"
        where = f"{self.names[file]} line" if self.names else "line"
        return f"already in {where} {first_line}"

    @classmethod
    def of_file(cls, all_lines: DuplicateLines, file: int, names: tuple[str, ...]) -> "LinesOfPart":
        """Return those of one file, given all, numbered with their file."""
        at = slice(*np.searchsorted(all_lines.lines, (file << LINE_BITS, (file + 1) << LINE_BITS)))
        lines = all_lines.lines[at] - (file << LINE_BITS)
        return cls(lines, all_lines.first[at], file, names)

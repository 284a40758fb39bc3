"""Rows that share an id, found without keeping the ids of a billion rows in memory.

For each id, a 128-bit hash and its line are kept: 24 bytes per row. Beyond a million rows they are
written to an unnamed temporary file, a million at a time, partitioned by the first byte of the
hash. Equal ids are in the same part, and the parts are processed one after the other. The hash has
a random seed per table, so nobody can construct two ids that collide; the probability of a random
collision among a billion ids is below 1 in 10**20.
"""

import hashlib
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Ints
from coverage_analyzer.errors import quantity

OnDuplicate = Literal["keep", "first", "reject"]
"""Treatment of rows that share an id: keep all, keep the first, or reject all."""

HASH, MORE, LINE = range(3)
"""Layout of a record, as three unsigned 64-bit integers."""

RECORD_BYTES: Final = 24
RUN: Final = 1 << 20
"""Number of records kept in memory before they are written to the file: 25 MB."""

ROWS_AT_ONCE: Final = 1 << 13
"""Rows that are hashed at once, so that what is computed on the way stays in the CPU cache."""

PARTS: Final = 256
EXAMPLES: Final = 3
LONG: Final = 64
"""Ids longer than this, in bytes, are hashed individually."""

SPACE, LAST_ASCII = 0x20, 0x7F
"""Text that begins with a byte in between begins with no white space."""

_FACTORS: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)

_MASKS: Final = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
"""Masks for the last word of an id, by its number of remaining bytes."""

Records = npt.NDArray[np.uint64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class DuplicateSummary:
    """The number of ids that appear in several rows, of those rows, and first examples."""

    ids: int = 0
    rows: int = 0
    examples: list[list[int]] = field(default_factory=list)

    def __str__(self) -> str:
        """Return it as text."""
        examples = "; ".join("lines " + " and ".join(map(str, lines)) for lines in self.examples)
        more = " ..." if self.ids > len(self.examples) else ""
        several = "appears" if self.ids == 1 else "appear"
        return f"{quantity(self.ids, 'site_id')} {several} in {self.rows:,} rows: {examples}{more}"

    def figures(self) -> dict[str, Any]:
        """Return the counts and examples by name."""
        return {"site_ids": self.ids, "rows": self.rows, "first_lines": self.examples}


@dataclass(frozen=True)
class DuplicateLines:
    """Lines to be rejected, ascending, each with the first line of the same id."""

    lines: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    first: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def first_of(self, lines: Ints) -> Ints:
        """Return the first line with the same id for rejected lines, 0 for all others."""
        result: Ints = np.append(self.first, 0)[arrays.positions_in(self.lines, lines)]
        return result

    def describe_twin(self, line: int, first: int) -> str:
        """Return where the id of a rejected line appears, too, given the first line with it."""
        return f"already in line {first}" if first < line else "also in other lines"


class DuplicateFinder:
    """Collects the ids of a table while it is read; a context that owns a temporary file.

    Parameters
    ----------
    folder
        Folder of the file, by default the system's temporary folder.
    seeds
        16 secret bytes, the same for all parts of a table; by default random.
    """

    def __init__(self, folder: Path | None = None, seeds: bytes = b"") -> None:
        self._folder = str(folder) if folder else None
        self._seeds = np.frombuffer(seeds or secrets.token_bytes(16), np.uint64)
        # Filled and written again and again: new memory would cost as much as the hashing.
        self._buffer = np.empty((RUN + ROWS_AT_ONCE, 3), np.uint64)
        self._n_buffered = 0
        self._starts: list[Ints] = []
        """For each sorted run in the file, the first record of each part."""

    def __enter__(self) -> Self:
        """Return itself; the file is created with the first run."""
        with ExitStack() as stack:
            file = tempfile.SpooledTemporaryFile(1, dir=str(self._folder) if self._folder else None)
            self._file: IO[bytes] = stack.enter_context(file)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        """Delete the file."""
        self._open.close()

    def add(self, ids: pa.Array, lines: Ints) -> None:
        """Append rows; empty ids are ignored.

        Parameters
        ----------
        ids
            Strings without nulls, shape (n,).
        lines
            Line numbers, ascending from call to call, shape (n,).
        """
        for rows in arrays.slices(len(lines), ROWS_AT_ONCE):
            hashes, is_filled = fingerprints(ids[rows], self._seeds)
            records = self._buffer[self._n_buffered :][: len(is_filled)]
            records[:, :LINE], records[:, LINE] = hashes.T, lines[rows]
            if not is_filled.all():
                records = records[is_filled]
                self._buffer[self._n_buffered :][: len(records)] = records
            self._n_buffered += len(records)
            if self._n_buffered >= RUN:
                self._spill()

    def _buffered(self) -> Records:
        """Return the records that are not in the file."""
        return self._buffer[: self._n_buffered]

    def _spill(self) -> None:
        """Write the buffered records, partitioned by the first byte of the hash."""
        records = self._buffered()
        self._n_buffered = 0
        part = (records[:, HASH] >> np.uint64(56)).astype(np.uint8)
        sizes = np.bincount(part, minlength=PARTS)
        start = int(self._starts[-1][-1]) if self._starts else 0
        self._starts.append(start + np.concatenate([[0], np.cumsum(sizes)]))
        order = np.argsort(part, kind="stable")
        for rows in arrays.slices(len(order)):
            self._file.write(records.take(order[rows], axis=0).data)

    def repeats(self) -> DuplicateSummary:
        """Return the number of duplicate ids, and the lines of the first ones."""
        ids = rows = 0
        examples: list[list[int]] = []
        for part in self._parts():
            records, counts = _thinned(part)
            order, starts = _by_id(records)
            stops = np.append(starts[1:], len(order))
            several = stops - starts > 1
            if not several.any():
                continue
            lines = records[order, LINE].astype(np.int64)
            ids += int(np.count_nonzero(several))
            rows += int(np.add.reduceat(counts[order], starts)[several].sum())
            foremost = np.flatnonzero(several)
            foremost = foremost[np.argsort(lines[starts[foremost]])[:EXAMPLES]]
            examples += [
                lines[start:stop][:EXAMPLES].tolist()
                for start, stop in zip(starts[foremost], stops[foremost], strict=True)
            ]
            examples = sorted(examples)[:EXAMPLES]
        return DuplicateSummary(ids, rows, examples)

    def refused(self, *, keep_first: bool) -> DuplicateLines:
        """Return the lines whose id appears elsewhere; without the first ones if these are kept."""
        none = np.zeros(0, np.int64)
        groups = [(none, none), *self._groups()]
        lines, first = (np.concatenate(arrays_) for arrays_ in zip(*groups, strict=True))
        kept = lines != first if keep_first else np.ones(len(lines), np.bool_)
        order = np.argsort(lines[kept])
        return DuplicateLines(lines[kept][order], first[kept][order])

    def _groups(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield, per part, the lines that share an id, grouped, and the first line of each."""
        return map(repeats_of, self._parts())

    def _parts(self) -> Iterator[Iterator[Records]]:
        """Yield the records of each part, run by run; few records are one part, in memory."""
        if not self._starts:
            return iter([iter([self._buffered()])])
        if self._n_buffered:
            self._spill()
        return map(self._read, range(PARTS))

    def _read(self, part: int) -> Iterator[Records]:
        """Yield the records of a part, run by run."""
        for starts in self._starts:
            start, stop = starts[part : part + 2].tolist()
            self._file.seek(start * RECORD_BYTES)
            data = self._file.read((stop - start) * RECORD_BYTES)
            yield np.frombuffer(data, np.uint64).reshape(-1, 3)


def repeats_of(parts: Iterable[Records]) -> tuple[Ints, Ints]:
    """Return the lines of records that share both hashes, and the first line of each such id."""
    records = _all_of(list(parts))
    order, starts = _by_id(records)
    sizes = np.diff(starts, append=len(order))
    lines = records[order, LINE].astype(np.int64)
    several = np.repeat(sizes > 1, sizes)
    return lines[several], np.repeat(lines[starts], sizes)[several]


def _by_id(records: Records) -> tuple[Ints, Ints]:
    """Return the order of records by id and line, and where each id starts; none if all differ."""
    ranked = np.sort(records[:, HASH])
    if not np.any(ranked[1:] == ranked[:-1]):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = np.lexsort((records[:, LINE], records[:, MORE], records[:, HASH]))
    ids = records[order, :LINE]
    same = (ids[1:] == ids[:-1]).all(axis=1)
    return order, np.flatnonzero(np.concatenate([[True], ~same]))


def _thinned(parts: Iterable[Records]) -> tuple[Records, Ints]:
    """Return records, and the number of rows that each one represents.

    Of each id, the first `EXAMPLES` represent the rest of every `RUN` records: so one id in all
    rows does not fill the memory.
    """
    kept, counts = _all_of([]), np.zeros(0, np.int64)
    waiting: list[Records] = []
    n_waiting = 0
    for records in parts:
        waiting.append(records)
        n_waiting += len(records)
        if n_waiting >= RUN:
            kept, counts = _thin(*_joined(kept, counts, waiting))
            waiting, n_waiting = [], 0
    return _joined(kept, counts, waiting)


def _joined(kept: Records, counts: Ints, more: Sequence[Records]) -> tuple[Records, Ints]:
    """Return records and their counts with more records, each of which represents one row."""
    ones = np.broadcast_to(np.int64(1), sum(map(len, more)))
    if not len(kept):
        return _all_of(more), ones
    return _all_of([kept, *more]), np.concatenate([counts, ones])


def _all_of(parts: Sequence[Records]) -> Records:
    """Return the records of all parts, those of a single one without a copy."""
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty((0, 3), np.uint64), *parts])


def _thin(records: Records, counts: Ints) -> tuple[Records, Ints]:
    """Return the first `EXAMPLES` records of each id, which stand for the others."""
    order, starts = _by_id(records)
    if not len(order):
        return records, counts
    sizes, counts = np.diff(starts, append=len(order)), counts[order]
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    left_out = np.add.reduceat(np.where(rank < EXAMPLES, 0, counts), starts)
    counts[starts + np.minimum(sizes, EXAMPLES) - 1] += left_out
    first = rank < EXAMPLES
    return records[order[first]], counts[first]


def fingerprints(ids: pa.Array, seeds: Hashes) -> tuple[Hashes, Bools]:
    """Return two 64-bit hashes of each id, and which ids are not empty.

    Parameters
    ----------
    ids
        Strings without nulls, shape (n,).
    seeds
        Secret, shape (2,).

    Returns
    -------
    hashes
        Shape (2, n).
    some
        Shape (n,).
    """
    offsets = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset : ids.offset + len(ids) + 1]
    start, length = (offsets[:-1] - offsets[0]).astype(np.int64), np.diff(offsets).astype(np.int64)
    data = memoryview(ids.buffers()[2] or b"")[offsets[0] : offsets[-1]].tobytes() + bytes(8)
    # A word may begin at any byte: the view has one for each, with zeros after the last.
    words = np.ndarray(len(data) - 7, "<u8", data, strides=(1,))
    state = seeds[:, None] ^ length.astype(np.uint64)
    short = np.where(length > LONG, 0, length)
    shortest, longest = short.min(initial=LONG), short.max(initial=0)
    for position in range(0, int(longest), 8):
        rows = slice(None) if shortest > position else np.flatnonzero(short > position)
        word = words[start[rows] + position]
        word &= _MASKS.take(np.minimum(length[rows] - position, 8))
        mixed = state[:, rows]
        mixed ^= word
        mixed *= _FACTORS[:, None]
        mixed ^= mixed >> np.uint64(29)
        state[:, rows] = mixed
    state *= _FACTORS[::-1, None]
    state ^= state >> np.uint64(32)
    for row in np.flatnonzero(length > LONG).tolist():
        text = data[start[row] : start[row] + length[row]]
        digest = hashlib.blake2b(text, digest_size=16, key=seeds.tobytes()).digest()
        state[:, row] = np.frombuffer(digest, np.uint64)
    return state, ~_blank(ids, np.frombuffer(data, np.uint8).take(start), length)


def _blank(ids: pa.Array, first: npt.NDArray[np.uint8], length: Ints) -> Bools:
    """Return which ids are empty, or nothing but space; only those that begin so are trimmed.

    Parameters
    ----------
    ids
        Strings without nulls, shape (n,).
    first, length
        The first byte of each, and how many it has, shape (n,) each.
    """
    blank: Bools = length == 0
    at = np.flatnonzero(((first <= SPACE) | (first > LAST_ASCII)) & ~blank)
    if len(at):
        trimmed = pc.utf8_trim_whitespace(ids.take(arrays.from_numpy(at)))
        blank[at] = arrays.as_numpy(pc.binary_length(trimmed)) == 0
    return blank

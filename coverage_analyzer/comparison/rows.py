"""The rows of one side of a comparison, on their way into the join: a spool on disk, and counts.

Whatever a report is written in, its rows come here in one form (`SideRows`). A `Spool` writes what
a comparison needs of them to an Arrow file, so that memory does not grow with the rows, and counts
them. Verdicts get a code (`VerdictCodes`), equal if and only if they are equal in the columns that
are compared; so rows are compared by two columns.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.comparison.changes import COMPARED, LevelRanks
from coverage_analyzer.errors import InputError
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.verdict import SCHEMA

MAX_VALUES: Final = 1_000
"""An own column with more values than these says nothing about groups of sites."""

SEPARATOR: Final = "\x1f"
"""Between the cells of a key of several columns."""

ESCAPES: Final = (("\x1e", "\x1e0"), (SEPARATOR, "\x1e1"))
"""What cells of such a key have instead of the separator, so that it separates them only."""

TEXTS: Final = ("level", "status", "reason", "center_id", "site_country")
MILES: Final = ("distance_miles", "margin_miles")
SHOWN: Final = (*TEXTS, "available_on", *MILES)
"""The columns of a verdict that a comparison shows."""

OWN: Final = "own_"
INPUT: Final = "in_"
"""Prefixes of own columns, and of the columns that verdicts depend on, in a spool."""

BITS: Final = (
    ("level", 8),
    ("status", 4),
    ("reason", 6),
    ("available_on", 16),
    ("center_id", 24),
)
"""How many bits of a code each column has."""


@dataclass(frozen=True)
class SideRows:
    """Rows of one side; all arrays have length n.

    Attributes
    ----------
    key
        The key of each row as text: that of several columns is joined by `SEPARATOR`.
    part
        What distinguishes the rows of a site (product, version, component), likewise; None if
        nothing does.
    verdict
        The columns `SHOWN`: text, ``date32`` and ``float64``.
    name
        The name of each site as text.
    weight
        What each row counts; None if each counts 1.
    own
        Own columns as text, by header, in which lost sites may have something in common.
    inputs
        Cells that verdicts depend on, by the name of the known column.
    """

    key: pa.Array
    part: pa.Array | None
    verdict: Mapping[str, pa.Array]
    name: pa.Array
    weight: Floats | None = None
    own: Mapping[str, pa.Array] = field(default_factory=dict)
    inputs: Mapping[str, pa.Array] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.key)


@dataclass(frozen=True)
class Side:
    """One side of a comparison: what is known of a report besides its rows.

    Attributes
    ----------
    facts
        What ``compare.json`` says of it: ``path``, ``policy``, ``as_of`` ...
    levels
        The titles of the levels of its policy, the best first; empty if unknown.
    spec
        What its verdicts were made of; None if unknown.
    by_road
        Whether its verdicts were rechecked by road.
    site_rows
        Returns what rows say of their sites, from the inputs of a spool by known column; None if
        their verdicts cannot be found again.
    """

    facts: Mapping[str, Any]
    levels: tuple[str, ...] = ()
    spec: MatcherSpec | None = None
    by_road: bool = False
    site_rows: Callable[[pa.RecordBatch], SiteRows] | None = None

    @property
    def is_known(self) -> bool:
        """Whether its verdicts can be found again."""
        return self.spec is not None and self.site_rows is not None


def ranks(before: Side, after: Side) -> LevelRanks:
    """Return the levels of two sides."""
    return LevelRanks(before.levels, after.levels)


class _Positions:
    """Values by the order in which they appeared."""

    def __init__(self, name: str, bits: int) -> None:
        self._name, self._most = name, 1 << bits
        self.values: dict[Any, int] = {}

    def of(self, cells: pa.Array) -> Ints:
        """Return the position of each cell.

        Raises
        ------
        InputError
            If there are more values than a report can have.
        """
        encoded = cells.dictionary_encode(null_encoding="encode")
        position_of = self.values
        positions = [
            position_of.setdefault(v, len(position_of)) for v in encoded.dictionary.to_pylist()
        ]
        if len(position_of) > self._most:
            msg = f"A report has more than {self._most:,} values of {self._name}: it is damaged."
            raise InputError(msg)
        at = arrays.as_numpy(encoded.indices)
        return np.array(positions, np.int64)[at] if len(at) else np.zeros(0, np.int64)


class VerdictCodes:
    """Codes of verdicts, the same on both sides."""

    def __init__(self) -> None:
        self._positions = {name: _Positions(name, bits) for name, bits in BITS}

    def of(self, verdict: Mapping[str, pa.Array]) -> Ints:
        """Return the code of each verdict, shape (n,); equal verdicts have equal codes.

        Parameters
        ----------
        verdict
            The columns `changes.COMPARED` with the types of a report.

        Raises
        ------
        InputError
            If there are more values than a report can have.
        """
        code = np.zeros(len(verdict["level"]), np.int64)
        for name, bits in BITS:
            code = (code << bits) | self._positions[name].of(verdict[name])
        return code

    def columns(self, codes: Ints) -> dict[str, pa.Array]:
        """Return the columns that codes were made of.

        Parameters
        ----------
        codes
            As returned by `of`, shape (n,).
        """
        columns = {}
        for name, bits in reversed(BITS):
            kind = SCHEMA.field(name).type
            values = pa.array(list(self._positions[name].values), kind)
            columns[name] = values.take(arrays.from_numpy(codes & ((1 << bits) - 1)))
            codes = codes >> bits
        return columns


@dataclass
class Counts:
    """Counts over all rows of a side.

    Attributes
    ----------
    rows, weight
        Of all rows.
    places
        Rows and weight by country, level and status.
    groups
        Rows by own column or ``center_id``, and value. A column with more than `MAX_VALUES` values
        is None.
    """

    rows: int = 0
    weight: float = 0.0
    places: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    weights: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    groups: dict[str, Counter[str] | None] = field(default_factory=dict)

    def add(self, rows: SideRows) -> None:
        """Count rows."""
        self.rows += len(rows)
        columns = [_encode(rows.verdict[name]) for name in ("site_country", "level", "status")]
        code = np.zeros(len(rows), np.int64)
        for values, at in columns:
            code = code * len(values) + at
        codes, place, numbers = np.unique(code, return_inverse=True, return_counts=True)
        weights = numbers if rows.weight is None else np.bincount(place, rows.weight, len(codes))
        places = []
        for values, _ in reversed(columns):
            codes, positions = np.divmod(codes, max(len(values), 1))
            places.append([values[i] for i in positions.tolist()])
        keys = list(zip(*reversed(places), strict=True))
        for key, number, weight in zip(keys, numbers.tolist(), weights.tolist(), strict=True):
            self.places[key] += number
            self.weights[key] += weight
        self.weight += float(weights.sum())
        self._group("center_id", rows.verdict["center_id"], most=1 << 24)
        for header, cells in rows.own.items():
            self._group(OWN + header, cells, most=MAX_VALUES)

    def _group(self, name: str, cells: pa.Array, most: int) -> None:
        counts = self.groups.setdefault(name, Counter())
        if counts is None:
            return
        values, at = _encode(cells)
        if len(values) <= most:
            for value, number in zip(values, np.bincount(at, minlength=len(values)), strict=True):
                counts[value] += int(number)
        if len(values) > most or len(counts) > most:
            self.groups[name] = None


def _encode(cells: pa.Array) -> tuple[list[str], Ints]:
    """Return the values of cells as text, and the position of that of each cell."""
    encoded = as_text(cells).dictionary_encode()
    return encoded.dictionary.to_pylist(), arrays.as_numpy(encoded.indices).astype(np.int64)


class Spool:
    """The rows of a side in two Arrow files: what rows are joined by, and everything else.

    The first one has ``key``, ``part``, ``code`` and ``row`` (the position of the row), so that the
    join reads little; the second one has all else that is shown of a changed row.

    Parameters
    ----------
    path
        Where the second one is written; the first one is written next to it.
    codes
        The codes of both sides.
    other
        The closed spool of the other side: rows at the same position on both sides that are the
        same are left out of both, since one of each cancels the other. Two nights mostly have the
        same rows in the same order, so that few are left to be joined.
    """

    def __init__(self, path: Path, codes: VerdictCodes, other: "Spool | None" = None) -> None:
        self.path, self.keys_path = path, path.with_suffix(".keys")
        self._codes = codes
        self._other = None if other is None else _SameRows(other)
        self._left_out: Bools | None = None
        self._n_written = 0
        self.counts = Counts()
        self.has_parts = False
        self._own: list[str] | None = None
        self._writers: list[Any] = []

    def add(self, rows: SideRows) -> None:
        """Append rows.

        Raises
        ------
        InputError
            If they are not those of a report.
        """
        first = self.counts.rows
        self.counts.add(rows)
        self.has_parts |= rows.part is not None
        if self._own is None:  # a column that has too many values here has too many in all
            self._own = [n for n in rows.own if self.counts.groups[OWN + n] is not None]
        keys = {
            "key": rows.key,
            "part": pa.repeat("", len(rows)) if rows.part is None else rows.part,
            "code": arrays.from_numpy(self._codes.of(rows.verdict)),
        }
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight
        cells = {
            **{name: rows.verdict[name] for name in SHOWN if name not in COMPARED},
            "name": rows.name,
            "weight": arrays.from_numpy(weight),
            **{f"{OWN}{i}": as_text(rows.own[name]) for i, name in enumerate(self._own)},
            **{INPUT + name: cells for name, cells in rows.inputs.items()},
        }
        batches = [
            pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
            for columns in (keys, cells)
        ]
        if self._other is not None:
            differs = arrays.from_numpy(~self._other.leave_out(first, batches[0]))
            batches = [batch.filter(differs) for batch in batches]
        n = len(batches[0])
        at = arrays.from_numpy(np.arange(self._n_written, self._n_written + n))
        batches[0] = batches[0].append_column("row", at)
        self._n_written += n
        if not self._writers:
            paths = zip((self.keys_path, self.path), batches, strict=True)
            self._writers = [pa.ipc.new_file(str(path), b.schema) for path, b in paths]
        for writer, batch in zip(self._writers, batches, strict=True):
            writer.write(batch)

    @property
    def own(self) -> dict[str, str]:
        """Header of each own column that is kept, by its name in the spool."""
        return {f"{OWN}{i}": header for i, header in enumerate(self._own or [])}

    def close(self) -> None:
        """Finish the files.

        Raises
        ------
        InputError
            If no rows were added, not even a block without any.
        """
        if not self._writers:
            msg = "A report has no rows."
            raise InputError(msg)
        for writer in self._writers:
            writer.close()

    def keys(self) -> pa.RecordBatchReader:
        """Return what rows are joined by, as a stream, without those that are left out."""
        file = pa.ipc.open_file(str(self.keys_path))

        def batches() -> Iterator[pa.RecordBatch]:
            first = 0
            for number in range(file.num_record_batches):
                batch = file.get_batch(number)
                at, first = first, first + len(batch)
                if self._left_out is not None:
                    batch = batch.filter(arrays.from_numpy(~self._left_out[at:first]))
                yield batch

        return pa.RecordBatchReader.from_batches(file.schema, batches())

    def leave_out(self, first: int, same: Bools) -> None:
        """Leave out rows of `keys`.

        Parameters
        ----------
        first
            Position of the first row.
        same
            Whether each row from there on is left out.
        """
        if self._left_out is None:
            self._left_out = np.zeros(self._n_written, np.bool_)
        self._left_out[first : first + len(same)] = same

    def take(self, rows: Ints, codes: Ints) -> pa.Table:
        """Return all that is shown of some rows, in their order.

        Parameters
        ----------
        rows
            Positions in ascending order, shape (k,).
        codes
            The codes of their verdicts, shape (k,).
        """
        file, first, taken = pa.ipc.open_file(str(self.path)), 0, []
        for number in range(file.num_record_batches):
            batch = file.get_batch(number)
            start, end = np.searchsorted(rows, (first, first + len(batch)))
            if end > start:
                taken.append(batch.take(arrays.from_numpy(rows[start:end] - first)))
            first += len(batch)
        table = pa.Table.from_batches(taken, schema=file.schema)
        for name, cells in self._codes.columns(codes).items():
            table = table.append_column(name, cells)
        return table


class _SameRows:
    """Rows of a closed spool at given positions, compared with those of the other side.

    Parameters
    ----------
    spool
        Of which all rows are left in at first.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        spool.leave_out(0, np.zeros(spool.counts.rows, np.bool_))
        self._file = pa.ipc.open_file(str(spool.keys_path))
        self._number = self._start = 0
        self._batch: pa.RecordBatch | None = None

    def leave_out(self, first: int, keys: pa.RecordBatch) -> Bools:
        """Return which rows are the same as those of the spool, which leaves them out.

        Parameters
        ----------
        first
            Position of the first row; it increases from call to call.
        keys
            Their ``key``, ``part`` and ``code``.
        """
        result = np.zeros(len(keys), np.bool_)
        position, end = first, first + len(keys)
        while position < end and (batch := self._batch_at(position)) is not None:
            n = min(end, self._start + len(batch)) - position
            own = keys.slice(position - first, n)
            same = _are_same(own, batch.slice(position - self._start, n))
            self._spool.leave_out(position, same)
            result[position - first : position - first + n] = same
            position += n
        return result

    def _batch_at(self, position: int) -> pa.RecordBatch | None:
        """Return the batch that has a row; None if the spool has fewer rows."""
        while self._batch is None or position >= self._start + len(self._batch):
            if self._number == self._file.num_record_batches:
                return None
            self._start += 0 if self._batch is None else len(self._batch)
            self._batch = self._file.get_batch(self._number)
            self._number += 1
        return self._batch


def _are_same(one: pa.RecordBatch, other: pa.RecordBatch) -> Bools:
    """Return which rows have the same key, part and code."""
    result = np.ones(len(one), np.bool_)
    for name in ("key", "part", "code"):
        result &= arrays.to_bools(pc.equal(one.column(name), other.column(name)))
    return result


def join_key(columns: Sequence[pa.Array]) -> pa.Array:
    r"""Return columns of a key as one; different cells give different keys.

    Parameters
    ----------
    columns
        As text, each of shape (n,); at least one.

    Examples
    --------
    >>> keys = join_key([pa.array(["a\x1fb", "a"]), pa.array(["c", "b\x1fc"])])
    >>> [column.to_pylist() for column in split_key(keys, 2)]
    [['a\x1fb', 'a'], ['c', 'b\x1fc']]
    """
    if len(columns) == 1:
        return columns[0]
    separator = arrays.text_array([SEPARATOR])[0]
    return pc.binary_join_element_wise(*map(_escape, columns), separator)


def _escape(cells: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring_regex(cells, "[\x1e\x1f]")).as_py():
        return cells
    for text, instead in ESCAPES:
        cells = pc.replace_substring(cells, text, instead)
    return cells


def split_key(keys: pa.Array, count: int) -> list[pa.Array]:
    """Return the columns of keys as `join_key` joined them.

    Parameters
    ----------
    keys
        As text, shape (n,).
    count
        How many columns were joined.
    """
    if count == 1:
        return [keys]
    parts = pc.split_pattern(keys, SEPARATOR, max_splits=count - 1)
    columns = [pc.list_element(parts, i) for i in range(count)]
    for text, instead in reversed(ESCAPES):
        columns = [pc.replace_substring(cells, instead, text) for cells in columns]
    return columns


_MISSING = set(COMPARED) - set(SHOWN)
if _MISSING:  # pragma: no cover - a mistake of this module
    raise AssertionError(_MISSING)

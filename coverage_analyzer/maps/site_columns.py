"""The columns of a map's sites: subsets as integers and texts, and buffers that they grow in.

A column is one buffer with room for all the sites that a page may have: nothing is joined at the
end, and no small arrays of many blocks lie between large ones in memory. Room that is never used
takes none.
"""

import math
import mmap
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.schema.columns import as_text

MOST_BYTES: Final = 2**31 - 1
"""Maximum bytes of an array of strings that are not large."""

SPARE: Final = 9 / 8
"""Room in a buffer, in parts of what is expected: texts may become longer."""

Codes = npt.NDArray[np.signedinteger[Any]]
"""Integers in the smallest type that holds their values."""


@dataclass
class Columns:
    """A subset of sites.

    Attributes
    ----------
    numbers
        Integers by the name of the column, shape (n,) each: at least ``lon`` and ``lat``.
    texts
        Texts by the name of the column; those of `GrowingColumns` are large strings if they exceed
        2 GiB.
    """

    numbers: dict[str, Codes]
    texts: dict[str, pa.Array]

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.numbers["lon"])

    def take(self, at: Ints) -> "Columns":
        """Return the sites at the given indices, in that order."""
        rows = arrays.from_numpy(at)
        return Columns(
            {name: values.take(at) for name, values in self.numbers.items()},
            {name: cells.take(rows) for name, cells in self.texts.items()},
        )


class _Buffer:
    """A column of numbers, of the smallest type that holds them all."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self._room, self._count = values.copy(), len(values)

    def __getstate__(self) -> dict[str, Any]:
        """Return the numbers without the room for more."""
        return {"_room": self.values, "_count": self._count}

    @property
    def values(self) -> npt.NDArray[Any]:
        """The numbers, not copied. Shape (n,)."""
        return self._room[: self._count]

    def append(self, values: npt.NDArray[Any], share: float) -> None:
        """Append numbers, with which the column has a share of all that are expected."""
        kind = np.promote_types(self._room.dtype, values.dtype)
        end = self._count + len(values)
        if end > len(self._room) or kind != self._room.dtype:
            old, self._room = self.values, _room(math.ceil(end / share * SPARE), kind)
            self._room[: len(old)] = old
        self._room[self._count : end] = values
        self._count = end

    def select(self, at: Ints) -> None:
        """Keep the numbers at the given indices."""
        self._room, self._count = self.values.take(at), len(at)


def _room(count: int, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return room for numbers, of which pages of memory that are never used take none.

    An array of NumPy would ask for huge pages, which take many times as long to get.
    """
    return np.frombuffer(mmap.mmap(-1, max(count, 1) * kind.itemsize), kind)


class _TextBuffer:
    """A column of texts."""

    def __init__(self) -> None:
        self._lengths, self._bytes = (_Buffer(np.zeros(0, t)) for t in (np.int8, np.uint8))

    def append(self, cells: pa.Array, share: float) -> None:
        """Append texts, as `_Buffer.append` does; nulls are empty."""
        is_large = pa.types.is_large_string(cells.type)
        texts = cells if is_large else as_text(cells)
        _, offsets, data = texts.buffers()
        if not len(texts):
            return
        kind = np.int64 if is_large else np.int32
        bounds = np.frombuffer(offsets, kind)[texts.offset :][: len(texts) + 1]
        self._lengths.append(short(np.diff(bounds)), share)
        self._bytes.append(np.frombuffer(data or b"", np.uint8)[bounds[0] : bounds[-1]], share)

    @property
    def texts(self) -> pa.Array:
        """The texts, whose bytes are not copied; large strings if they need to be."""
        lengths, content = self._lengths.values, self._bytes.values
        is_large = len(content) > MOST_BYTES
        kind = pa.LargeStringArray if is_large else pa.StringArray
        ends = np.zeros(len(lengths) + 1, np.int64 if is_large else np.int32)
        np.cumsum(lengths, out=ends[1:])
        return kind.from_buffers(len(lengths), pa.py_buffer(ends), pa.py_buffer(content))

    def select(self, at: Ints) -> None:
        """Keep the texts at the given indices."""
        selected = _TextBuffer()
        selected.append(self.texts.take(arrays.from_numpy(at)), 1)
        vars(self).update(vars(selected))


class GrowingColumns:
    """Columns that sites are appended to, block by block; the first block says which there are.

    Parameters
    ----------
    most
        Maximum number of sites.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._numbers: dict[str, _Buffer] = {}
        self._texts: dict[str, _TextBuffer] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return the number of sites."""
        return self._count

    def append(self, columns: Columns) -> None:
        """Append sites, with the same columns as those before."""
        is_first = not self._count
        self._count += len(columns)
        share = 1 if is_first else min(1, self._count / self._most)
        for name, values in columns.numbers.items():
            self._numbers.setdefault(name, _Buffer(values[:0])).append(values, share)
        for name, cells in columns.texts.items():
            self._texts.setdefault(name, _TextBuffer()).append(cells, share)

    def select(self, at: Ints) -> None:
        """Keep the sites at the given indices, column by column, to save memory."""
        for numbers in self._numbers.values():
            numbers.select(at)
        for texts in self._texts.values():
            texts.select(at)
        self._count = len(at)

    def columns(self) -> Columns:
        """Return all sites in the order in which they came, not copied."""
        return Columns(
            {name: column.values for name, column in self._numbers.items()},
            {name: column.texts for name, column in self._texts.items()},
        )


def short(values: npt.NDArray[Any]) -> Codes:
    """Return integers in the smallest type that holds them all.

    Examples
    --------
    >>> short(np.array([-1, 300])).dtype, short(np.array([127])).dtype
    (dtype('int16'), dtype('int8'))
    """
    least, most = int(values.min(initial=0)), int(values.max(initial=0))
    if least >= -(1 << 7) and most < 1 << 7:
        return values.astype(np.int8)
    if least >= -(1 << 15) and most < 1 << 15:
        return values.astype(np.int16)
    return values.astype(np.int32)

"""Columns of integers and texts, packed for the page in as few bytes as a browser can unpack.

A column of numbers becomes its differences from the minimum, stored byte plane by byte plane, which
compresses well. Coordinates are sorted along a space-filling curve (Morton's), so that neighbours
in the order are close, and a square of the plane is a range of the order.
"""

import base64
import gzip
import json
import zlib
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints

Codes: TypeAlias = npt.NDArray[np.uint64]

UNITS: Final = 100_000
"""Page units per degree: a unit is a metre or less."""

GZIP_LEVEL: Final = 6
COLUMN_LEVEL: Final = 4
"""With `zlib.Z_FILTERED`, which leaves short repetitions to Huffman codes: ids, names and planes of
numbers become smaller than at level 6 without it, in half the time."""

GZIP_FORMAT: Final = 31
"""Window bits of zlib, for the widest window."""

STEPS: Final = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
"""Masks that spread the bits of a number, leaving a free bit beside each."""

FOUR_BYTES: Final = 0xF0
"""First UTF-8 byte of characters beyond the first 65,536: this one or greater."""


def morton(lon: npt.NDArray[np.int32], lat: npt.NDArray[np.int32]) -> Codes:
    """Return positions on the Z-order curve, which interleaves the bits of both coordinates.

    Parameters
    ----------
    lon, lat
        Units of `UNITS` per degree, on WGS 84; shape (n,).

    Examples
    --------
    >>> west, south = np.array([-18_000_000 + 3], np.int32), np.array([-9_000_000 + 1], np.int32)
    >>> morton(west, south).tolist()
    [7]
    """
    return _apart(lon.astype(np.int64) + 180 * UNITS) | (
        _apart(lat.astype(np.int64) + 90 * UNITS) << np.uint64(1)
    )


def _apart(values: Ints) -> Codes:
    bits = values.astype(np.uint64)
    for shift, mask in STEPS:
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits


class Block:
    """Columns stored together: compressed bytes, and how the page reads each column.

    Attributes
    ----------
    specs
        Name of each column, and the layout of its bytes.
    """

    def __init__(self) -> None:
        self.specs: list[dict[str, Any]] = []
        self._packer = zlib.compressobj(
            COLUMN_LEVEL, zlib.DEFLATED, GZIP_FORMAT, zlib.DEF_MEM_LEVEL, zlib.Z_FILTERED
        )
        self._parts: list[bytes] = []

    def numbers(self, name: str, values: npt.NDArray[Any]) -> None:
        """Append a column of integers."""
        low = int(values.min(initial=0))
        self._append(name, (values.astype(np.int64) - low).astype(np.uint64), low=low)

    def ascending(self, name: str, values: Codes) -> None:
        """Append a column of non-decreasing integers as differences."""
        self._append(name, np.diff(values, prepend=np.uint64(0)), steps=True)

    def texts(self, name: str, values: pa.Array) -> None:
        """Append a column of large strings: their lengths as JavaScript counts, and all text."""
        self.numbers(name, script_lengths(values))
        offsets, data = _buffers(values)
        inside = data[offsets[0] : offsets[-1]] if len(offsets) else data[:0]
        self.specs[-1]["text"] = len(inside)
        self._put(inside)

    def _append(self, name: str, values: Codes, **how: Any) -> None:
        width = (int(values.max(initial=0)).bit_length() + 7) // 8
        size = next(size for size in (1, 2, 4, 8) if size >= width)
        planes = values.astype(f"<u{size}").view(np.uint8).reshape(-1, size)[:, :width].T
        self.specs.append({"name": name, "width": width, "count": len(values), **how})
        self._put(planes)

    def _put(self, data: npt.NDArray[np.uint8]) -> None:
        self._parts.append(self._packer.compress(data.tobytes()))

    def packed(self) -> str:
        """Return all bytes as base64 of gzip, which has no character special to HTML."""
        return base64.b64encode(b"".join([*self._parts, self._packer.copy().flush()])).decode()


def packed(data: bytes) -> str:
    """Return bytes as base64 of gzip; equal bytes give equal text."""
    return base64.b64encode(gzip.compress(data, GZIP_LEVEL, mtime=0)).decode()


def packed_json(data: Any) -> str:
    """Return plain data as base64 of gzipped JSON."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return packed(text.encode())


def script_lengths(values: pa.Array) -> Ints:
    """Return the lengths of texts in UTF-16 units, as JavaScript counts them.

    Examples
    --------
    >>> script_lengths(pa.array(["ab", "", "\u00e9", "\U0001f600!"], pa.large_string())).tolist()
    [2, 0, 1, 3]
    """
    lengths = arrays.as_numpy(pc.utf8_length(values)).astype(np.int64)
    offsets, data = _buffers(values)
    pairs = np.flatnonzero(data >= FOUR_BYTES)
    at = np.searchsorted(offsets, pairs, side="right") - 1
    inside = at[(at >= 0) & (at < len(lengths))]
    return lengths + np.bincount(inside, minlength=len(lengths))


def _buffers(values: pa.Array) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Return the offsets of large strings, and their bytes."""
    if not len(values):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, data = values.buffers()
    begins = np.frombuffer(offsets, np.int64)[values.offset :][: len(values) + 1]
    return begins, np.frombuffer(data or b"", np.uint8)

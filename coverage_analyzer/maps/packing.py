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

TEXT_LEVEL: Final = 2
"""With `zlib.Z_FILTERED`, which leaves short repetitions to Huffman codes: names are 4 % larger
than at level 4, and packed in 0.6 of the time."""

NUMBER_STRATEGY: Final = zlib.Z_RLE
"""Planes of sorted sites repeat bytes, or nothing: as small as at level 4 with a window, in a third
of the time."""

RAW_FORMAT: Final = -15
"""Window bits of zlib for deflate without a header, for the widest window."""

GZIP_HEADER: Final = bytes([31, 139, 8, 0, 0, 0, 0, 0, 0, 255])
"""Of a gzip file that states no name, time or system."""

LAST_PART: Final = bytes([3, 0])
"""A last block of deflate, without data."""

SAMPLED_TEXTS: Final = 4096
"""Texts by which `Block.texts` chooses a layout."""

ACROSS_SHARE: Final = 1.25
"""Bytes that texts may take at most if they are laid out across, of those that they have."""

SAMPLED_BYTES: Final = 1 << 14
LEAST_SAMPLED: Final = 4
"""Of a part of so many samples or more, one shows whether to compress it at all."""

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


def curve_order(codes: Codes) -> Ints:
    """Return the indices that sort positions on a curve; equal ones keep their order.

    NumPy sorts several times as fast if equal ones need not.

    Examples
    --------
    >>> curve_order(np.array([7, 3, 7, 3], np.uint64)).tolist()
    [1, 3, 0, 2]
    """
    order: Ints = np.argsort(codes)
    ordered = codes.take(order)
    equal = ordered[1:] == ordered[:-1]
    if equal.any():
        tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
        order[tied] = order[tied][np.lexsort((order[tied], ordered[tied]))]
    return order


class Block:
    """Columns stored together: compressed bytes, and how the page reads each column.

    Attributes
    ----------
    specs
        Name of each column, and the layout of its bytes.
    """

    def __init__(self) -> None:
        self.specs: list[dict[str, Any]] = []
        self._parts: list[bytes] = [GZIP_HEADER]
        self._check = 0
        self._size = 0

    def numbers(self, name: str, values: npt.NDArray[Any]) -> None:
        """Append a column of integers."""
        self._append(name, values, low=int(values.min(initial=0)))

    def ascending(self, name: str, values: Codes) -> None:
        """Append a column of non-decreasing integers as differences."""
        self._append(name, np.diff(values, prepend=np.uint64(0)), steps=True)

    def walk(self, name: str, values: Ints) -> None:
        """Append a column of integers as differences, which may be negative."""
        self.numbers(name, np.diff(values, prepend=0))
        self.specs[-1]["steps"] = True

    def texts(self, name: str, values: pa.Array) -> None:
        """Append a column of large strings: their lengths as JavaScript counts, and all text.

        Texts in ASCII of about one length, such as ids, are laid out across if that is smaller: the
        first characters of all, then the second ones, shorter texts filled with zeros.
        """
        lengths = script_lengths(values)
        self.numbers(name, lengths)
        offsets, data = _buffers(values)
        inside = data[offsets[0] : offsets[-1]] if len(offsets) else data[:0]
        self.specs[-1]["text"] = len(inside)
        if len(inside) == lengths.sum() and _is_shorter_across(inside, lengths):
            across = _across(inside, lengths)
            self.specs[-1] |= {"text": across.size, "across": len(across)}
            self._put(across, NUMBER_STRATEGY)
        else:
            self._put(inside, zlib.Z_FILTERED)

    def _append(self, name: str, values: npt.NDArray[Any], **how: int) -> None:
        low = how.get("low", 0)
        width = ((int(values.max(initial=0)) - low).bit_length() + 7) // 8
        size = next(size for size in (1, 2, 4, 8) if size >= width)
        above = np.subtract(values, low, dtype=np.int64) if low else values
        planes = above.astype(f"<u{size}").view(np.uint8).reshape(-1, size)[:, :width].T
        self.specs.append({"name": name, "width": width, "count": len(values), **how})
        for plane in planes:
            self._put(plane, NUMBER_STRATEGY)

    def _put(self, data: npt.NDArray[np.uint8], strategy: int) -> None:
        """Compress bytes on their own, as a part of the stream that ends at a byte."""
        if not data.size:
            return
        content = data.tobytes()
        self._check = zlib.crc32(content, self._check)
        self._size += len(content)
        level = TEXT_LEVEL if _is_compressible(content, strategy) else 0
        self._parts += _deflated(content, strategy, level)

    def packed(self) -> str:
        """Return all bytes as base64 of gzip, which has no character special to HTML."""
        end = self._check.to_bytes(4, "little") + (self._size % 2**32).to_bytes(4, "little")
        return base64.b64encode(b"".join([*self._parts, LAST_PART, end])).decode()


def _is_compressible(content: bytes, strategy: int) -> bool:
    """Return whether bytes become smaller, by a sample of them: the low bytes of numbers do not."""
    if len(content) < LEAST_SAMPLED * SAMPLED_BYTES:
        return True
    middle = len(content) // 2
    sample = content[middle : middle + SAMPLED_BYTES]
    return sum(map(len, _deflated(sample, strategy))) < len(sample)


def _deflated(content: bytes, strategy: int, level: int = TEXT_LEVEL) -> tuple[bytes, bytes]:
    """Return bytes as parts of a deflate stream that is continued."""
    packer = zlib.compressobj(level, zlib.DEFLATED, RAW_FORMAT, zlib.DEF_MEM_LEVEL, strategy)
    return packer.compress(content), packer.flush(zlib.Z_FULL_FLUSH)


def _is_shorter_across(text: npt.NDArray[np.uint8], lengths: Ints) -> bool:
    """Return whether texts in ASCII are better laid out across, by a sample of them."""
    longest = int(lengths.max(initial=0))
    if not len(text) or longest * len(lengths) > ACROSS_SHARE * len(text):
        return False
    first = max(0, (len(lengths) - SAMPLED_TEXTS) // 2)
    some = lengths[first : first + SAMPLED_TEXTS]
    begin = int(lengths[:first].sum())
    sample = text[begin : begin + int(some.sum())]
    across = _deflated(_across(sample, some).tobytes(), NUMBER_STRATEGY)
    along = _deflated(sample.tobytes(), zlib.Z_FILTERED)
    return sum(map(len, across)) < sum(map(len, along))


def _across(text: npt.NDArray[np.uint8], lengths: Ints) -> npt.NDArray[np.uint8]:
    """Return the bytes of texts by their position in each. Shape (longest, n)."""
    longest = int(lengths.max())
    if longest * len(lengths) == len(text):
        return text.reshape(-1, longest).T
    rows = np.zeros((len(lengths), longest), np.uint8)
    rows[np.arange(longest) < lengths[:, None]] = text
    return rows.T


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

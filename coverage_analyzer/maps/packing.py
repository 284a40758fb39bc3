"""Columns of integers and texts, packed for the page in as few bytes as a browser can unpack.

A column of numbers becomes its differences from the minimum, stored byte plane by byte plane, which
compresses well. Coordinates are sorted along a space-filling curve (Morton's), so that neighbours
in the order are close, and a square of the plane is a range of the order.
"""

import base64
import functools
import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.maps.text_layout import Bytes, Texts, neighbours, numbered, recurring

Codes: TypeAlias = npt.NDArray[np.uint64]
Integers: TypeAlias = npt.NDArray[np.signedinteger[Any]]

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

SAMPLED_BYTES: Final = 1 << 14
LEAST_SAMPLED: Final = 4
"""Of a part of so many samples or more, one shows whether to compress it at all."""

LEAST_SAVED: Final = 1 / 8
"""Share of bytes that compression saves at least: the low bytes of numbers save less, and would
take most of the time."""

SPREAD_BITS: Final = 13
"""Half the bits of a coordinate in units."""

BYTE: Final = 8

ALONG, ACROSS, NUMBERS = "along", "across", "numbers"
"""Layouts of texts that do not recur."""


def morton(lon: Integers, lat: Integers) -> Codes:
    """Return positions on the Z-order curve, which interleaves the bits of both coordinates.

    Parameters
    ----------
    lon, lat
        Units of `UNITS` per degree, on WGS 84; at least 32 bits, shape (n,).

    Examples
    --------
    >>> west, south = np.array([-18_000_000 + 3], np.int32), np.array([-9_000_000 + 1], np.int32)
    >>> morton(west, south).tolist()
    [7]
    """
    codes = np.empty(len(lon), np.uint64)
    for part in arrays.slices(len(lon)):
        code = _apart(lat[part] + 90 * UNITS)
        code <<= np.uint64(1)
        code |= _apart(lon[part] + 180 * UNITS)
        codes[part] = code
    return codes


def _apart(values: Integers) -> Codes:
    """Return numbers with a zero bit above each of their bits."""
    bits = _spread().take(values >> SPREAD_BITS)
    bits <<= np.uint64(2 * SPREAD_BITS)
    bits |= _spread().take(values & ((1 << SPREAD_BITS) - 1))
    return bits


@functools.cache
def _spread() -> Codes:
    """Return all numbers of `SPREAD_BITS` bits, with a zero bit above each of them."""
    numbers = np.arange(1 << SPREAD_BITS, dtype=np.uint64)
    result = np.zeros_like(numbers)
    for bit in range(SPREAD_BITS):
        result |= (numbers & np.uint64(1 << bit)) << np.uint64(bit)
    return result


def curve_order(codes: Codes) -> tuple[Ints, Codes]:
    """Return the indices that sort positions on a curve, equal ones in their order, and the result.

    NumPy sorts several times as fast if equal ones need not keep their order.

    Examples
    --------
    >>> order, ordered = curve_order(np.array([7, 3, 7, 3], np.uint64))
    >>> order.tolist(), ordered.tolist()
    ([1, 3, 0, 2], [3, 3, 7, 7])
    """
    order: Ints = np.argsort(codes)
    ordered = codes.take(order)
    equal = ordered[1:] == ordered[:-1]
    if equal.any():
        tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
        order[tied] = order[tied][np.lexsort((order[tied], ordered[tied]))]
    return order, ordered


@dataclass(frozen=True)
class _Ordered:
    """Numbers in an order, of which only slices are made."""

    values: npt.NDArray[Any]
    order: Ints

    def __getitem__(self, part: slice) -> npt.NDArray[Any]:
        """Return the numbers of a slice."""
        return self.values.take(self.order[part])


@dataclass(frozen=True)
class _Steps:
    """Differences of numbers from the one before, of which only slices are made."""

    values: Codes

    def __getitem__(self, part: slice) -> Codes:
        """Return the differences of a slice."""
        some = self.values[part]
        return np.diff(some, prepend=self.values[part.start - 1] if part.start else np.uint64(0))


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
        self._bytes = np.empty(0, np.uint8)
        self._check = 0
        self._size = 0

    def numbers(self, name: str, values: npt.NDArray[Any], order: Ints | None = None) -> None:
        """Append a column of integers, in an order unless they are in it."""
        low, high = int(values.min(initial=0)), int(values.max(initial=0))
        spec = {"name": name, "count": len(values), "low": low}
        self._append(spec, values if order is None else _Ordered(values, order), high)

    def ascending(self, name: str, values: Codes) -> None:
        """Append a column of non-decreasing integers as differences."""
        steps = _Steps(values)
        high = max((int(steps[part].max()) for part in arrays.slices(len(values))), default=0)
        self._append({"name": name, "count": len(values), "steps": True}, steps, high)

    def walk(self, name: str, values: Ints) -> None:
        """Append a column of integers as differences, which may be negative."""
        self.numbers(name, np.diff(values, prepend=0))
        self.specs[-1]["steps"] = True

    def texts(self, name: str, values: pa.Array, order: Ints | None = None) -> None:
        """Append a column of strings, in an order unless they are in it.

        They are laid out as is the shortest for a sample (`text_layout`).
        """
        result = recurring(values, order)
        if result is None:
            self._put_texts(name, values, order)
            return
        words, codes = result
        self.numbers(name, codes)
        self._put_texts(name, words)
        spec = self.specs.pop()
        self.specs[-1]["words"] = spec

    def _put_texts(self, name: str, values: pa.Array, order: Ints | None = None) -> None:
        """Append texts none of which recurs."""
        texts, sample = Texts.of(values), Texts.of(neighbours(values, order))
        sizes = _layout_sizes(sample) if texts.is_narrow() and sample.is_narrow() else {}
        result = numbered(texts) if sizes and min(sizes, key=sizes.__getitem__) == NUMBERS else None
        if result is not None:
            self.numbers(name, result.numbers, order)
            self.specs[-1] |= {"least": result.least.tolist(), "radix": result.radix.tolist()}
            return
        if order is not None:
            texts = Texts.of(values.take(arrays.from_numpy(order)))
        self.numbers(name, texts.lengths)
        if sizes and sizes[ACROSS] < sizes[ALONG]:
            across = texts.across()
            self.specs[-1] |= {"text": across.size, "across": len(across)}
            self._put(across.ravel(), NUMBER_STRATEGY)
        else:
            self.specs[-1]["text"] = len(texts.data)
            self._put(texts.data, zlib.Z_FILTERED)

    def _append(
        self, spec: dict[str, Any], values: npt.NDArray[Any] | _Ordered | _Steps, high: int
    ) -> None:
        """Append numbers up to a highest one above ``low``: the low bytes of all first.

        If the highest bytes have 1, 2 or 4 bits only, several of them share one.
        """
        low, count = spec.get("low", 0), spec["count"]
        bits = (high - low).bit_length()
        width = -(-bits // BYTE)
        top = next(top for top in (1, 2, 4, BYTE) if top >= bits - BYTE * (width - 1))
        size = next(size for size in (1, 2, 4, 8) if size >= width)
        planes = self._room(width, count)
        for part in arrays.slices(count) if width else ():
            above = np.subtract(values[part], low, dtype=np.int64) if low else values[part]
            rows = above.astype(f"<u{size}", order="C").view(np.uint8).reshape(-1, size)
            planes[:, part] = rows[:, :width].T
        self.specs.append({**spec, "width": width})
        if width and top < BYTE:
            self.specs[-1]["top"] = top
        for number, plane in enumerate(planes, 1):
            is_shared = number == width and top < BYTE
            self._put(_sharing(plane, top) if is_shared else plane, NUMBER_STRATEGY)

    def _room(self, width: int, count: int) -> Bytes:
        """Return room for the bytes of a column, which is used again for the next one."""
        if width * count > len(self._bytes):
            self._bytes = np.empty(width * count, np.uint8)
        return self._bytes[: width * count].reshape(width, count)

    def _put(self, content: Bytes, strategy: int) -> None:
        """Compress bytes on their own, as a part of the stream that ends at a byte."""
        if not content.size:
            return
        self._check = zlib.crc32(content.data, self._check)
        self._size += len(content)
        level = TEXT_LEVEL if _is_compressible(content, strategy) else 0
        self._parts += _deflated(content, strategy, level)

    def packed(self) -> str:
        """Return all bytes as base64 of gzip, which has no character special to HTML."""
        end = self._check.to_bytes(4, "little") + (self._size % 2**32).to_bytes(4, "little")
        return base64.b64encode(b"".join([*self._parts, LAST_PART, end])).decode()


def _is_compressible(content: Bytes, strategy: int) -> bool:
    """Return whether bytes become smaller, by a sample of them: the low bytes of numbers do not."""
    if len(content) < LEAST_SAMPLED * SAMPLED_BYTES:
        return True
    middle = len(content) // 2
    sample = content[middle : middle + SAMPLED_BYTES]
    return _deflated_size(sample, strategy) < (1 - LEAST_SAVED) * len(sample)


def _deflated_size(content: Bytes, strategy: int) -> int:
    return sum(map(len, _deflated(content, strategy)))


def _deflated(content: Bytes, strategy: int, level: int = TEXT_LEVEL) -> tuple[bytes, bytes]:
    """Return bytes as parts of a deflate stream that is continued."""
    packer = zlib.compressobj(level, zlib.DEFLATED, RAW_FORMAT, zlib.DEF_MEM_LEVEL, strategy)
    return packer.compress(content.data), packer.flush(zlib.Z_FULL_FLUSH)


def _sharing(values: Bytes, bits: int) -> Bytes:
    """Return numbers of a few bits as bytes, the first ones in the lowest bits."""
    each = BYTE // bits
    rows = np.zeros(-(-len(values) // each) * each, np.uint8)
    rows[: len(values)] = values
    result = rows[::each].copy()
    for place in range(1, each):
        result |= rows[place::each] << np.uint8(place * bits)
    return result


def _layout_sizes(sample: Texts) -> dict[str, int]:
    """Return how many bytes a sample of narrow texts takes in each layout."""
    sizes = {
        ALONG: _deflated_size(sample.data, zlib.Z_FILTERED),
        ACROSS: _deflated_size(sample.across().ravel(), NUMBER_STRATEGY),
    }
    if (result := numbered(sample)) is not None:
        block = Block()
        block.numbers("", result.numbers)
        sizes[NUMBERS] = sum(map(len, block._parts))  # noqa: SLF001 - of this module
    return sizes


def packed(data: bytes) -> str:
    """Return bytes as base64 of gzip; equal bytes give equal text."""
    return base64.b64encode(gzip.compress(data, GZIP_LEVEL, mtime=0)).decode()


def packed_json(data: Any) -> str:
    """Return plain data as base64 of gzipped JSON."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return packed(text.encode())

"""Convert between Arrow and numpy arrays without pandas, and without copies where possible.

pyarrow's own conversions (``pa.array``, ``pa.scalar``, ``Array.to_numpy``) import pandas if it is
installed, which costs half a second and is useless to the batch job.
"""

from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]


def stored(*path: str) -> dict[str, pa.Array]:
    """Return the arrays of a file in ``resources``, which has them in one row of list columns.

    The file is mapped into memory, and it is not compressed (the package is): what is not needed is
    not read, and nothing is decompressed at each start. `tools/stored_arrays.py` writes it.
    """
    with resources.as_file(resources.files(__package__).joinpath("resources", *path)) as file:
        batch = pa.ipc.open_file(pa.memory_map(str(file))).get_batch(0)
    return {name: batch.column(name).flatten() for name in batch.schema.names}


def from_steps(low: pa.Array, high: pa.Array) -> npt.NDArray[np.int32]:
    """Return integers of which a file has the steps, in zigzag order (0, -1, 1, -2), in two halves.

    Apart, the lower and the upper 16 bits need less room in the package.

    Examples
    --------
    >>> low, high = (pa.array(v, pa.uint16()) for v in ([10, 1, 65534], [0, 0, 1]))
    >>> from_steps(low, high).tolist()
    [5, 4, 65539]
    """
    steps = as_numpy(high).astype(np.int32)
    steps <<= 16
    steps |= as_numpy(low)
    odd = steps & 1
    steps >>= 1
    steps ^= np.negative(odd, out=odd)
    return np.cumsum(steps, out=steps)


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the values of an array, which has no NaN, without repeats, ascending. Shape (n,).

    A sort takes a tenth of the time of `numpy.unique`, which also imports ``numpy.ma``: a
    fortieth of the start of a run.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3])).tolist(), distinct(np.array([])).tolist()
    ([1, 3], [])
    """
    ordered = np.sort(values, axis=None)
    is_new = np.ones(len(ordered), np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_new]


def expand_ranges(first: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Expand ranges given by their lengths: return the range number and each value in it.

    Examples
    --------
    >>> [v.tolist() for v in expand_ranges(np.array([5, 9]), np.array([3, 1]))]
    [[0, 0, 0, 1], [5, 6, 7, 9]]
    """
    pick = np.repeat(np.arange(len(counts)), counts)
    return pick, np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(len(pick))


def positions_in(ascending: Ints, values: Ints) -> Ints:
    """Return the position of each value among ascending ones; -1 if it is not among them.

    Examples
    --------
    >>> positions_in(np.array([2, 5, 9]), np.array([9, 3, 2, 10])).tolist()
    [2, -1, 0, -1]
    """
    if not len(ascending):
        return np.full(len(values), -1)
    at = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return np.where(ascending[at] == values, at, -1)


CACHED: Final = 1 << 15
"""Numbers of a chunk, whose temporary arrays fit into a processor's cache. They also need no fresh
memory, which takes longer to get than to fill."""


def slices(count: int, size: int = CACHED) -> Iterator[slice]:
    """Yield consecutive slices that together cover a number of rows, each of at most ``size``.

    Examples
    --------
    >>> list(slices(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def from_numpy(values: npt.NDArray[Any], missing: Bools | None = None) -> pa.Array:
    """Return an Arrow array of numbers (or ``date32`` from days), null where missing."""
    days = values.dtype.kind == "M"
    if days:
        values = values.astype("datetime64[D]").astype(np.int32)
    kind = pa.date32() if days else pa.from_numpy_dtype(values.dtype)
    data = np.packbits(values, bitorder="little") if kind == pa.bool_() else values
    valid = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(
        kind, len(values), [valid, pa.py_buffer(np.ascontiguousarray(data))]
    )


def text_array(values: Sequence[str]) -> pa.Array:
    """Return an Arrow array of strings."""
    encoded = [v.encode() for v in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(encoded), buffers).cast(pa.string())


def from_bytes(values: Sequence[bytes | None], kind: pa.DataType) -> pa.Array:
    """Return an Arrow array of binary or unvalidated text, null where missing."""
    offsets = np.cumsum([0, *(len(v or b"") for v in values)], dtype=np.int32)
    missing = np.array([v is None for v in values], np.bool_)
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(b"".join(filter(None, values)))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def take_texts(numbers: npt.NDArray[Any], texts: pa.Array) -> pa.Array:
    """Return the texts at the given indices; null for negative indices."""
    return decoded(coded_texts(numbers, texts))


def coded_texts(numbers: npt.NDArray[Any], texts: pa.Array) -> pa.DictionaryArray:
    """Return the texts at the given indices as a dictionary array; null for negative indices."""
    missing = numbers < 0
    indices = from_numpy(numbers.astype(np.int32), missing if missing.any() else None)
    return pa.DictionaryArray.from_arrays(indices, texts)


def decoded(cells: pa.Array) -> pa.Array:
    """Return a dictionary array as its values; other arrays are unchanged."""
    return cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells


def codes_of(cells: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    """Return the indices of a dictionary array; -1 where null."""
    none = from_numpy(np.array([-1], np.int32))[0]  # a Python number would import pandas
    return as_numpy(pc.fill_null(cells.indices.cast(pa.int32()), none))


def without_empty(texts: pa.Array) -> pa.Array:
    """Return strings with null for empty ones."""
    empty = pc.equal(texts, text_array([""])[0])
    return pc.if_else(empty, pa.nulls(1, pa.string())[0], texts)


def decimals(values: Floats, places: int) -> pa.Array:
    """Return numbers as decimals with a fixed number of places; null where NaN or infinite."""
    missing = ~np.isfinite(values)
    units = np.rint(np.where(missing, 0, values) * 10**places).astype(np.int64)
    data = np.stack([units, units >> 63], axis=1)  # 128 bits: the upper half repeats the sign
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(
        pa.decimal128(18, places), len(units), [valid, pa.py_buffer(np.ascontiguousarray(data))]
    )


def as_numpy(values: pa.Array) -> npt.NDArray[Any]:
    """Return the numbers of an Arrow array; nulls become NaN, which converts integers to floats."""
    if values.null_count and not pa.types.is_floating(values.type):
        values = values.cast(pa.float64())
    kind = np.dtype(values.type.to_pandas_dtype())
    whole = np.frombuffer(values.buffers()[1], kind) if len(values) else np.zeros(0, kind)
    result = whole[values.offset : values.offset + len(values)]
    if not values.null_count:
        return result
    return np.where(is_valid(values), result, np.nan)


def is_valid(values: pa.Array) -> Bools:
    """Return where an Arrow array is not null."""
    bits = values.buffers()[0]
    if bits is None or not values.null_count:
        return np.ones(len(values), np.bool_)
    return unpack_bits(bits, values.offset, len(values))


def to_bools(values: pa.Array) -> Bools:
    """Return an Arrow array of booleans as a numpy array; null becomes false."""
    return unpack_bits(values.buffers()[1], values.offset, len(values)) & is_valid(values)


def unpack_bits(bits: pa.Buffer | None, offset: int, length: int) -> Bools:
    """Return the bits of a buffer as booleans."""
    if bits is None:
        return np.zeros(length, np.bool_)
    unpacked = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return unpacked[offset : offset + length].view(np.bool_)


def is_bytes(kind: pa.DataType) -> bool:
    """Return whether a type holds bytes that are not text."""
    if pa.types.is_dictionary(kind):
        return is_bytes(kind.value_type)
    tests = ("is_binary", "is_large_binary", "is_binary_view", "is_fixed_size_binary")
    return any(getattr(pa.types, test)(kind) for test in tests)

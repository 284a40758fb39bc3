"""How texts of the page are laid out: as words that recur, as numbers, across, or along.

Names of places and categories recur: each word is stored once, and every site has its number. Ids
mostly have one length, with digits at the same positions: they are numbers of a mixed radix. Other
texts of about one length are laid out across, the first characters of all, then the second ones;
all else one after the other. `packing.Block` tries the layouts on a sample.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints

Bytes = npt.NDArray[np.uint8]

SAMPLED_TEXTS: Final = 4096
"""Texts by which a layout is chosen: neighbours in the page."""

ACROSS_SHARE: Final = 1.25
"""Bytes that texts may take at most if they are laid out across, of those that they have."""

RECURRING_SHARE: Final = 0.5
"""Share of different texts up to which each is stored once."""

EXACT: Final = 2**53
"""A script's numbers are exact up to there."""

FOUR_BYTES: Final = 0xF0
"""First UTF-8 byte of characters beyond the first 65,536: this one or greater."""


class Texts(NamedTuple):
    """Texts as bytes.

    Attributes
    ----------
    data
        The UTF-8 of all texts, one after the other.
    lengths
        Length of each in UTF-16 units, as JavaScript counts; shape (n,).
    is_ascii
        Whether each byte is a character.
    """

    data: Bytes
    lengths: Ints
    is_ascii: bool

    @classmethod
    def of(cls, values: pa.Array) -> "Texts":
        """Return strings as bytes."""
        offsets, data = _buffers(values)
        inside = data[offsets[0] : offsets[-1]]
        is_ascii = bool(inside.max(initial=0) < 1 << 7)
        return cls(inside, np.diff(offsets) if is_ascii else script_lengths(values), is_ascii)

    def is_narrow(self) -> bool:
        """Return whether texts are in ASCII, and of about one length."""
        longest = int(self.lengths.max(initial=0))
        room = ACROSS_SHARE * len(self.data)
        return self.is_ascii and 0 < longest * len(self.lengths) <= room

    def across(self) -> Bytes:
        """Return narrow texts by the position in each, filled with zeros. Shape (longest, n)."""
        longest = int(self.lengths.max())
        if longest * len(self.lengths) == len(self.data):
            return self.data.reshape(-1, longest).T
        rows = np.zeros((len(self.lengths), longest), np.uint8)
        rows[np.arange(longest) < self.lengths[:, None]] = self.data
        return rows.T


class Numbered(NamedTuple):
    """Texts of one length in ASCII as numbers: the positions of a text are its digits.

    Attributes
    ----------
    least
        The least character at each position, shape (length,).
    radix
        How many characters there are at each position, from the least to the greatest.
    numbers
        The texts, shape (n,).
    """

    least: Ints
    radix: Ints
    numbers: Ints


def neighbours(values: pa.Array, order: Ints | None = None) -> pa.Array:
    """Return texts from the middle of all in their order, by which a layout is chosen."""
    first = max(0, (len(values) - SAMPLED_TEXTS) // 2)
    if order is None:
        return values[first : first + SAMPLED_TEXTS]
    return values.take(arrays.from_numpy(order[first : first + SAMPLED_TEXTS]))


def recurring(values: pa.Array, order: Ints | None = None) -> tuple[pa.Array, Ints] | None:
    """Return texts as words, in the order in which they come first; None unless most recur.

    Parameters
    ----------
    values
        Strings, shape (n,).
    order
        The indices of the texts in their order; by default they are in it.

    Returns
    -------
    words, codes
        Each text once, and the position of each text in its order among them, shape (n,).
    """
    sample, most = neighbours(values, order), RECURRING_SHARE * len(values)
    if pc.count_distinct(sample).as_py() > RECURRING_SHARE * len(sample):
        return None
    rows = np.arange(len(values)) if order is None else order
    chunks = [values.take(arrays.from_numpy(rows[part])) for part in arrays.slices(len(rows))]
    coded = pa.chunked_array(chunks, values.type).dictionary_encode().chunks
    del chunks
    words = coded[-1].dictionary if coded else values
    if len(words) > most:
        return None
    codes = [np.zeros(0, np.int32), *(arrays.codes_of(chunk) for chunk in coded)]
    return words, np.concatenate(codes)


def numbered(texts: Texts) -> Numbered | None:
    """Return narrow texts as numbers; None if lengths differ, or numbers would not be exact.

    Examples
    --------
    >>> ids = Texts.of(pa.array(["S-09", "S-41"], pa.large_string()))
    >>> least, radix, numbers = numbered(ids)
    >>> bytes(least.tolist()), radix.tolist(), numbers.tolist()
    (b'S-01', [1, 1, 5, 9], [8, 36])
    """
    longest = int(texts.lengths.max())
    if longest * len(texts.lengths) != len(texts.data):
        return None
    rows = texts.data.reshape(-1, longest)
    least, most = (_along_rows(end, rows).astype(np.int64) for end in (np.minimum, np.maximum))
    radix = most - least + 1
    if np.prod(radix.astype(np.float64)) > EXACT:
        return None
    numbers = np.zeros(len(rows), np.int64)
    for chunk in arrays.slices(len(rows)):
        some, part = numbers[chunk], rows[chunk]
        for at in np.flatnonzero(radix > 1).tolist():
            some *= radix[at]
            some += part[:, at] - least[at]
    return Numbered(least, radix, numbers)


def _along_rows(end: np.ufunc, rows: Bytes) -> Bytes:
    """Return the minimum or maximum of each column.

    Many rows are taken as one long row first: NumPy compares those many times as fast.
    """
    joined = len(rows) // SAMPLED_TEXTS * SAMPLED_TEXTS
    if joined:
        long = rows[:joined].reshape(-1, SAMPLED_TEXTS * rows.shape[1])
        folded = end.reduce(long, axis=0).reshape(SAMPLED_TEXTS, -1)
        rows = np.concatenate([folded, rows[joined:]])
    result: Bytes = end.reduce(rows, axis=0)
    return result


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


def _buffers(values: pa.Array) -> tuple[Ints, Bytes]:
    """Return the offsets of strings, and their bytes."""
    if not len(values):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, data = values.buffers()
    kind: Any = np.int64 if pa.types.is_large_string(values.type) else np.int32
    begins = np.frombuffer(offsets, kind)[values.offset :][: len(values) + 1]
    return begins, np.frombuffer(data or b"", np.uint8)

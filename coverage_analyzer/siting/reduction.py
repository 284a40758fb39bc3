"""Smaller problems with the same answers: equal sites merged, candidates that cannot help dropped.

Sites that the same candidates reach are one row. Such sites are found by a sum of random numbers,
one for each candidate, and then checked pair by pair, so that no answer depends on chance.
The order of the merged rows depends on the candidates alone: the order in which sites are read
changes nothing.
"""

import dataclasses
from typing import Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Ints, distinct, expand_ranges
from coverage_analyzer.siting.cover import Cover, Places, weighted_count

Keys = npt.NDArray[np.uint64]

DOMINANCE_WORK: Final = 60_000_000
"""Pairs of pairs at most that are compared to find dominated candidates."""


def candidate_keys(n_candidates: int) -> Keys:
    """Return a random number for each candidate, the same in every run (splitmix64)."""
    with np.errstate(over="ignore"):
        x = (np.arange(1, n_candidates + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def row_keys(start: Ints, candidate: Places, keys: Keys) -> Keys:
    """Return the sum of the keys of the candidates of each row, modulo 2**64."""
    with np.errstate(over="ignore"):
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(keys[candidate])])
        result: Keys = sums[start[1:]] - sums[start[:-1]]
    return result


def merged(cover: Cover) -> Cover:
    """Return a cover in which rows of the same candidates, need and group are one row."""
    return merge_rows(cover)[0]


def merge_rows(cover: Cover) -> tuple[Cover, Ints]:
    """Return a cover without twin rows, and the new row of each old one.

    Rows come in the order of their first candidate, so that neighbours share candidates.
    """
    if not len(cover):
        return cover, np.zeros(0, np.int64)
    lengths = np.diff(cover.start)
    key = row_keys(cover.start, cover.candidate, candidate_keys(cover.n_candidates))
    first = np.where(
        lengths > 0, np.append(cover.candidate, 0)[np.minimum(cover.start[:-1], cover.start[-1])], 0
    )
    order = np.lexsort((key, lengths, first, cover.need, cover.group))
    parts = (key, lengths, first, cover.need, cover.group)
    differs = np.zeros(len(order), np.bool_)
    differs[0] = True
    for part in parts:
        differs[1:] |= part[order][1:] != part[order][:-1]
    differs[1:] |= ~_same_candidates(cover, order, differs)
    number = np.cumsum(differs) - 1
    row = np.empty(len(order), np.int64)
    row[order] = number
    result = cover.take(order[differs])
    weight = weighted_count(row, cover.weight, len(result))
    return dataclasses.replace(result, weight=weight), row


def _same_candidates(cover: Cover, order: Ints, differs: Bools) -> Bools:
    """Return whether each row, from the second in an order, has the candidates of the last one.

    Only asked where keys agree; elsewhere true, since it is known that they differ.
    """
    same = np.ones(len(order) - 1, np.bool_)
    ask = np.flatnonzero(~differs[1:])
    counts = np.diff(cover.start)[order[ask]]
    place, at = expand_ranges(cover.start[:-1][order[ask]], counts)
    _, other = expand_ranges(cover.start[:-1][order[ask + 1]], counts)
    unequal = cover.candidate[at] != cover.candidate[other]
    same[ask[distinct(place[unequal])]] = False
    return same


def twins(cover: Cover, classes: npt.NDArray[np.int64]) -> Ints:
    """Return for each candidate the first one of the same class that reaches the same rows.

    Parameters
    ----------
    cover
        Who reaches whom.
    classes
        Candidates of different classes are no twins, shape (candidates,).
    """
    first, rows = cover.by_candidate()
    lengths = np.diff(first)
    key = row_keys(first, rows, candidate_keys(max(len(cover), 1)))
    position = np.arange(cover.n_candidates)
    order = np.lexsort((position, key, lengths, classes))
    result = position.copy()
    for before, after in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        alike = key[before] == key[after] and classes[before] == classes[after]
        if alike and np.array_equal(
            rows[first[before] : first[before + 1]], rows[first[after] : first[after + 1]]
        ):
            result[after] = result[before]
    return result


def dominated(cover: Cover, classes: npt.NDArray[np.int64], spared: Bools) -> Ints:
    """Return for each candidate one that reaches all its rows and more, or -1.

    Parameters
    ----------
    cover
        Who reaches whom.
    classes
        Only candidates of the same class dominate each other, shape (candidates,).
    spared
        Candidates that must stay, shape (candidates,).

    Returns
    -------
    dominator
        Shape (candidates,). Of twins the first stays. All are -1 where the comparison would be too
        much work.
    """
    result = np.full(cover.n_candidates, -1)
    lengths = np.diff(cover.start)
    if float((lengths.astype(np.float64) ** 2).sum()) > DOMINANCE_WORK:
        return result
    matrix = cover.matrix()
    shared = (matrix.T @ matrix).tocoo()
    size = np.bincount(cover.candidate, minlength=cover.n_candidates)
    low, high = shared.row, shared.col
    inside = (low != high) & (shared.data == size[low]) & (classes[low] == classes[high])
    bigger = (size[high] > size[low]) | ((size[high] == size[low]) & (high < low))
    inside &= bigger & ~spared[low]
    low, high = low[inside], high[inside]
    order = np.lexsort((high, -size[high], low))
    low, high = low[order], high[order]
    top = np.diff(low, prepend=-1) != 0
    result[low[top]] = high[top]
    return result


def implied(cover: Cover) -> Bools:
    """Return which rows are served whenever another one is: they have all its candidates, and more.

    Shape (rows,). All are false where the comparison would be too much work.
    """
    result = np.zeros(len(cover), np.bool_)
    often = np.bincount(cover.candidate, minlength=cover.n_candidates).astype(np.float64)
    if float((often**2).sum()) > DOMINANCE_WORK:
        return result
    matrix = cover.matrix()
    shared = (matrix @ matrix.T).tocoo()
    size = np.diff(cover.start)
    inside = (shared.data == size[shared.col]) & (size[shared.row] > size[shared.col])
    result[shared.row[inside]] = True
    return result

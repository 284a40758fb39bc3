"""A road network as a compressed graph: the edges of each node are a slice of arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.errors import require

LEAST_S: Final = 1e-3
"""Minimum time of an edge, since a sparse matrix may drop zero weights."""

SHARE: Final = 0.02
FEWEST: Final = 3
ENOUGH: Final = 2_000
"""Nodes with which a component is separate roads in any network: an island of a country is."""

NODES_AT_ONCE: Final = 1 << 20
"""Nodes whose edges are sorted together."""


@dataclass(frozen=True)
class Network:
    """A directed graph of roads in compressed rows: the edges of node i are a slice.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84 of each node, shape (n,).
    start
        Start of the edges of each node, shape (n + 1,).
    end
        Target node of each edge, ascending within a row, shape (m,).
    seconds, metres
        Duration and length of each edge, shape (m,); between two nodes only the fastest is kept.
    ferry
        Whether it is a ferry, shape (m,).
    part
        Strongly connected component of each node; 0 is the largest, shape (n,).
    is_separate
        Whether the component of each node counts as separate roads (`separate_parts`), shape (n,).
    fingerprint
        Hash of its inputs.
    """

    lon: Floats
    lat: Floats
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    seconds: Floats
    metres: Floats
    ferry: Bools
    part: npt.NDArray[np.int32]
    is_separate: Bools
    fingerprint: str

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.lon)


def compressed(
    places: Floats,
    links: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
    attrs: tuple[Floats, Floats, Bools],
    fingerprint: str,
) -> Network:
    """Return edges as a network: the fastest between two nodes, without loops.

    Parameters
    ----------
    places
        Longitude and latitude of each node, shape (n, 2).
    links
        Start and end node of each edge.
    attrs
        Seconds, metres and ferry flag of each edge.
    fingerprint
        Hash of its inputs.
    """
    return join_edges(places, list(fastest_edges(links, attrs, len(places))), fingerprint)


def fastest_edges(
    links: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
    attrs: tuple[Floats, Floats, Bools],
    n_nodes: int,
) -> Iterator[list[Any]]:
    """Yield the fastest edge between each two nodes, without loops, in their order.

    Parameters
    ----------
    links, attrs
        As for `compressed`.
    n_nodes
        Number of nodes.

    Yields
    ------
    columns
        Number of edges of each of some start nodes; end, seconds, metres and ferry flag of the
        edges. Of equally fast ones the shortest is kept.
    """
    (u, v), (taken, along, is_ferry) = links, attrs
    for low in range(0, n_nodes, NODES_AT_ONCE):
        high = min(low + NODES_AT_ONCE, n_nodes)
        subset = np.flatnonzero((u >= low) & (u < high) & (u != v))
        begin, end, metres = u[subset], v[subset], along[subset]
        seconds = np.maximum(taken[subset], LEAST_S)
        order = np.lexsort((metres, seconds, end, begin))
        begin, end = begin[order], end[order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (begin[1:] != begin[:-1]) | (end[1:] != end[:-1])
        kept = order[first]
        yield [
            np.bincount(begin[first] - low, minlength=high - low),
            end[first].astype(np.int32),
            seconds[kept],
            metres[kept],
            is_ferry[subset[kept]],
        ]


def join_edges(places: Floats, rows: list[list[Any]], fingerprint: str) -> Network:
    """Return a network of places and edges (`fastest_edges`), which are freed.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    degree, end, seconds, metres, ferry = (_take_column(rows, n) for n in range(5))
    start = np.zeros(len(places) + 1, np.int32)
    np.cumsum(degree, out=start[1:])
    part = _parts(start, end)
    return Network(
        lon=np.ascontiguousarray(places[:, 0]),
        lat=np.ascontiguousarray(places[:, 1]),
        start=start,
        end=end,
        seconds=seconds,
        metres=metres,
        ferry=ferry,
        part=part,
        is_separate=separate_parts(part),
        fingerprint=fingerprint,
    )


def _take_column(rows: list[list[Any]], column: int) -> Any:
    """Return a column of all rows, and free it there."""
    values = np.concatenate([row[column] for row in rows])
    for row in rows:
        row[column] = None
    return values


def _parts(start: npt.NDArray[np.int32], end: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the strongly connected component of each node, numbered from the largest.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "scipy")
    from scipy.sparse import csgraph, csr_array

    n = len(start) - 1
    links = csr_array((np.ones(len(end), np.int8), end, start), shape=(n, n))
    _, label = csgraph.connected_components(links, connection="strong")
    rank = np.argsort(np.argsort(-np.bincount(label), kind="stable"), kind="stable")
    part: npt.NDArray[np.int32] = rank[label].astype(np.int32)
    return part


def separate_parts(part: npt.NDArray[np.int32]) -> Bools:
    """Return whether the component of each node counts as roads of their own (`snapping`).

    A component does with `SHARE` of the nodes of the largest and `FEWEST`, or with `ENOUGH`.
    """
    sizes = np.bincount(part)
    separate: Bools = (sizes >= min(ENOUGH, max(FEWEST, SHARE * sizes[0])))[part]
    return separate

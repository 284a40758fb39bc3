"""A road network as a compressed graph: the edges of each node are a slice of arrays."""

from dataclasses import dataclass
from typing import Final

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
    u, v = links
    seconds, metres, ferry = np.maximum(attrs[0], LEAST_S), attrs[1], attrs[2]
    order = np.lexsort((metres, seconds, v, u))
    order = order[u[order] != v[order]]
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(u[order]) != 0) | (np.diff(v[order]) != 0)
    kept = order[first]
    start = np.zeros(len(places) + 1, np.int32)
    np.cumsum(np.bincount(u[kept], minlength=len(places)), out=start[1:])
    end = v[kept].astype(np.int32)
    part = _parts(start, end)
    return Network(
        lon=np.ascontiguousarray(places[:, 0]),
        lat=np.ascontiguousarray(places[:, 1]),
        start=start,
        end=end,
        seconds=seconds[kept],
        metres=metres[kept],
        ferry=ferry[kept],
        part=part,
        is_separate=separate_parts(part),
        fingerprint=fingerprint,
    )


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

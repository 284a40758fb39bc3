"""Fastest routes from one node of a network, by Dijkstra's algorithm in compiled code."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.errors import require
from coverage_analyzer.roads.ways.compressed import Network

Search = tuple[Floats, npt.NDArray[np.int32]]
"""Seconds to each node (infinite if unreachable), and its predecessor, or negative."""


class Routes(NamedTuple):
    """The fastest routes from a node to others, shape (n,) each.

    Attributes
    ----------
    seconds, metres
        NaN if there is none within the limit.
    ferry
        Whether it uses a ferry.
    leads
        Whether roads lead there at all, however long it takes.
    """

    seconds: Floats
    metres: Floats
    ferry: Bools
    leads: Bools

    def take(self, at: Ints) -> "Routes":
        """Return the routes at the given positions."""
        return Routes(self.seconds[at], self.metres[at], self.ferry[at], self.leads[at])


def build_graph(network: Network) -> Any:
    """Return the seconds of a network as a sparse matrix.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "scipy")
    from scipy.sparse import csr_array

    shape = (len(network), len(network))
    return csr_array((network.seconds, network.end, network.start), shape=shape)


def shortest(graph: Any, node: int, limit_s: float) -> Search:
    """Return the time to each node within a limit, and its predecessor on the route."""
    from scipy.sparse import csgraph

    search: Search = csgraph.dijkstra(graph, indices=node, limit=limit_s, return_predecessors=True)
    return search


def measure_routes(
    network: Network, nodes: Ints, before: npt.NDArray[np.int32]
) -> tuple[Floats, Bools]:
    """Return the metres along the routes to nodes, and whether each uses a ferry.

    Only the branches of the shortest-path tree to these nodes are examined. Each node on them
    has the step to its predecessor; doubling the steps reaches the root in few rounds.
    """
    branch = _ancestors(nodes, before)
    place = np.searchsorted(branch, before[branch])
    root = before[branch] < 0
    place[root] = np.flatnonzero(root)
    metres, ferry = _steps(network, before[branch], branch, root)
    hops = int(np.ceil(np.log2(max(len(branch), 2)))) + 1
    for _ in range(hops):
        if root[place].all():
            break
        metres, ferry = metres + metres[place], ferry | ferry[place]
        place = place[place]
    at = np.searchsorted(branch, nodes)
    return metres[at], ferry[at]


def _steps(net: Network, u: npt.NDArray[np.int32], v: Ints, root: Bools) -> tuple[Floats, Bools]:
    """Return metres and ferry of the edge from each u to its v; zero for a root."""
    low, high = net.start[np.maximum(u, 0)].astype(np.int64), net.start[np.maximum(u, 0) + 1]
    while True:  # nodes have few edges: each round examines one per node
        wrong = ~root & (low < high) & (net.end[np.minimum(low, len(net.end) - 1)] != v)
        if not wrong.any():
            break
        low[wrong] += 1
    low[root] = 0
    return np.where(root, 0.0, net.metres[low]), ~root & net.ferry[low]


def _ancestors(nodes: Ints, before: npt.NDArray[np.int32]) -> Ints:
    """Return nodes with all their predecessors, without duplicates, ascending."""
    is_ancestor, last = np.zeros(len(before), np.bool_), np.empty(len(before), np.int32)
    active = distinct(nodes)
    while len(active):
        is_ancestor[active] = True
        above = before[active]
        above = above[above >= 0]
        above = above[~is_ancestor[above]]
        number = np.arange(len(above), dtype=np.int32)
        last[above] = number  # of several for a node the last is kept, without sorting
        active = above[last[above] == number].astype(np.int64)
    return np.flatnonzero(is_ancestor)

"""Snap places to the network: the node where a drive from or to each begins or ends.

Every extract contains roads without connection: car parks behind a gate, the other bank of a river
at its edge. A place near both kinds is snapped to the connected road. A place on an island,
however, is snapped to the roads of the island, not across the water, since the finding is that no
road leads there.

Therefore a component of the network counts as separate roads if it is not small
(`ways.compressed.separate_parts`). A place is snapped to the nearest node of such a component
within the limit, else to the nearest node within it, else to none.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.errors import require
from coverage_analyzer.policy.distances import OFF_ROAD_M
from coverage_analyzer.roads.ways.compressed import Network

SNAP_M: Final = OFF_ROAD_M
"""Maximum distance from a road for a place to be snapped to the network."""

OUTSIDE_M: Final = 10_000.0
"""Distance from every road beyond which a place is outside the network."""

NOWHERE: Final = -1


@dataclass(frozen=True)
class Snapped:
    """Positions of places on the network.

    Attributes
    ----------
    node
        Node of each place, or `NOWHERE`, shape (n,).
    away_m
        Straight distance to that node; without one, to the nearest node, shape (n,).
    """

    node: Ints
    away_m: Floats

    @property
    def outside(self) -> Bools:
        """Whether each place is outside the network."""
        outside: Bools = self.away_m > OUTSIDE_M
        return outside


class Snapper:
    """Finds the node of a network for each place.

    Parameters
    ----------
    network
        The roads.
    limit_m
        Maximum straight distance of a place from its node.
    nodes
        The nodes to search; by default all, shape (n,).

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """

    def __init__(
        self, network: Network, limit_m: float = SNAP_M, nodes: Ints | None = None
    ) -> None:
        self.limit_m = limit_m
        nodes = np.arange(len(network)) if nodes is None else nodes
        main = network.is_separate[nodes]
        self._roads, self._rest = (
            _first_at_each_place(network, n) for n in (nodes[main], nodes[~main])
        )
        self._trees = [_tree(network, nodes) for nodes in (self._roads, self._rest)]

    def snapped(self, lon: Floats, lat: Floats) -> Snapped:
        """Return the node for each place; degrees on WGS 84, shape (n,)."""
        points = np.ascontiguousarray(geodesy.ecef(lon, lat))
        node, away = self._nearest(0, points)
        far = np.flatnonzero(away > self.limit_m)
        other, nearer = self._nearest(1, points[far])
        take = nearer < away[far]
        node[far[take]], away[far[take]] = other[take], nearer[take]
        node[away > self.limit_m] = NOWHERE
        return Snapped(node, away)

    def _nearest(self, which: int, points: Floats) -> tuple[Ints, Floats]:
        nodes, tree = (self._roads, self._rest)[which], self._trees[which]
        if tree is None or not len(points):
            return np.full(len(points), NOWHERE, np.int64), np.full(len(points), np.inf)
        away, at = tree.query(points)
        return nodes[at].astype(np.int64), away


def _first_at_each_place(network: Network, nodes: Ints) -> Ints:
    """Return nodes, of several at the same place only the first one.

    Two roads drawn along the same line have such nodes. Which one a spatial index finds depends on
    the other nodes in it, and a drive would then depend on how roads are cut into tiles.
    """
    lon = network.lon[nodes]
    order = np.argsort(lon)
    again = np.flatnonzero(lon[order[1:]] == lon[order[:-1]])
    shared = np.sort(order[np.union1d(again, again + 1)])
    if not len(shared):
        return nodes
    places = np.column_stack([lon[shared], network.lat[nodes[shared]]])
    _, first = np.unique(places, axis=0, return_index=True)
    left_out = np.delete(shared, first)
    return np.delete(nodes, left_out)


def _tree(network: Network, nodes: Ints) -> Any:
    """Return a spatial index of nodes in 3D, which has no seam at 180; None without nodes.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    if not len(nodes):
        return None
    require("roads", "scipy")
    from scipy.spatial import KDTree

    points = geodesy.ecef(network.lon[nodes], network.lat[nodes])
    return KDTree(np.ascontiguousarray(points), balanced_tree=False, compact_nodes=False)

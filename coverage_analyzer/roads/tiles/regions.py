"""Drives from one center in a region of tiles that grows until every answer is certain.

A search of the roads within a distance of a center is exact for each node that it reaches before
any road leaves the region: no way around outside can be faster. Sites beyond that are searched for
again in a larger region, up to a last one, whose answers stand. Most sites are near their center,
so that most regions are a small part of a country.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, distinct, expand_ranges, positions_in
from coverage_analyzer.roads.cubes import CUBE_M, cubes_within
from coverage_analyzer.roads.search import Routes, build_graph, measure_routes, shortest
from coverage_analyzer.roads.tiles.store import TiledRoads
from coverage_analyzer.roads.ways.compressed import Network

FIRST_FACTOR: Final = 1.3
"""The first region, as a multiple of the geodesic distance of the farthest site."""

FIRST_M: Final = 5_000.0
"""Added to it, for sites next to their center."""

GROWTH: Final = 1.6
"""Factor by which a region grows."""

OUTSIDE: Final = -1
"""Instead of a position: not in the region (`positions_in`)."""


@dataclass(frozen=True)
class Region:
    """The roads of some tiles.

    Attributes
    ----------
    network
        Their nodes, and the edges between these.
    graph
        Its seconds as a sparse matrix.
    nodes
        Position of each node in all roads, ascending, shape (n,).
    exits
        Nodes with a road to another tile, ascending.
    """

    network: Network
    graph: Any
    nodes: Ints
    exits: Ints

    def positions(self, nodes: Ints) -> Ints:
        """Return the position of nodes in the region; `OUTSIDE` if it does not have them."""
        return positions_in(self.nodes, nodes)


class Regions:
    """Makes regions of roads, and searches them.

    Parameters
    ----------
    roads
        All roads.
    """

    def __init__(self, roads: TiledRoads) -> None:
        self._roads = roads
        self._position: npt.NDArray[np.int32] | None = None
        self._last: tuple[bytes, Region] | None = None

    def around(self, center: Floats, radius_m: float) -> Region:
        """Return the roads in all tiles within a distance of a place, in ECEF, shape (3,)."""
        roads = self._roads
        tiles = np.arange(len(roads))
        if len(roads) > 1:
            tiles = np.flatnonzero(cubes_within(roads.tile_key, center, radius_m))
        name = tiles.tobytes()
        if self._last is None or self._last[0] != name:
            self._last = name, self._of(tiles)
        return self._last[1]

    def routes(self, node: int, targets: Ints, limit_s: float, last_m: float) -> Routes:
        """Return the fastest routes from a node.

        Parameters
        ----------
        node
            Where they start.
        targets
            Nodes where they end, shape (n,).
        limit_s
            Longest drive of interest; infinite for none.
        last_m
            Distance from the node within which roads are searched in the end; roads up to the
            farthest target are, too.
        """
        roads = self._roads.network
        count = len(targets)
        seconds, metres = np.full((2, count), np.nan)
        ferry, leads = np.zeros(count, np.bool_), self._leads(node, targets)
        center = geodesy.ecef(roads.lon[node], roads.lat[node])
        away = geodesy.chord_m(geodesy.ecef(roads.lon[targets], roads.lat[targets]), center)
        pending = np.flatnonzero(leads)
        farthest = float(away[pending].max(initial=0.0))
        last_m = max(last_m, farthest + CUBE_M)
        radius = min(farthest * FIRST_FACTOR + FIRST_M, last_m)
        while len(pending):
            region = self.around(center, radius)
            (start,) = region.positions(np.array([node])).tolist()
            taken, before = shortest(region.graph, start, limit_s)
            at = region.positions(targets[pending])
            time = np.where(at == OUTSIDE, np.inf, taken[at])
            certain = taken[region.exits].min(initial=np.inf)
            if radius >= last_m or certain > limit_s:
                certain = np.inf
            is_final = time <= certain
            is_met = is_final & np.isfinite(time)
            met = pending[is_met]
            seconds[met] = time[is_met]
            metres[met], ferry[met] = measure_routes(region.network, at[is_met], before)
            pending = pending[~is_final]
            radius = min(radius * GROWTH, last_m)
        return Routes(seconds, metres, ferry, leads)

    def _leads(self, node: int, targets: Ints) -> Bools:
        """Return whether roads lead from a node to others, however long it takes."""
        part = self._roads.network.part
        own, theirs = int(part[node]), part[targets]
        leads: Bools = theirs == own
        if not leads.all():
            leads = self._roads.components_after(own)[theirs]
        return leads

    def _of(self, tiles: Ints) -> Region:
        """Return the roads of some tiles."""
        roads, net = self._roads, self._roads.network
        if len(tiles) == len(roads):
            nothing = np.zeros(0, np.int64)
            return Region(net, build_graph(net), np.arange(len(net)), nothing)
        first, last = roads.tile_first[tiles], roads.tile_first[tiles + 1]
        _, nodes = expand_ranges(first, last - first)
        network, exits = self._between(nodes, list(zip(first.tolist(), last.tolist(), strict=True)))
        return Region(network, build_graph(network), nodes, exits)

    def _between(self, nodes: Ints, slices: list[tuple[int, int]]) -> tuple[Network, Ints]:
        """Return the nodes of some slices with the edges between them, and the exits."""
        net = self._roads.network
        if self._position is None:
            self._position = np.full(len(net), OUTSIDE, np.int32)
        self._position[nodes] = np.arange(len(nodes))
        edges = [(int(net.start[a]), int(net.start[b])) for a, b in slices]

        def take(values: Any, bounds: list[tuple[int, int]]) -> Any:
            return np.concatenate([values[a:b] for a, b in bounds])

        end = self._position[take(net.end, edges)]
        self._position[nodes] = OUTSIDE
        inside = end != OUTSIDE
        degree = take(net.start, [(a + 1, b + 1) for a, b in slices]) - take(net.start, slices)
        begin = np.repeat(np.arange(len(nodes), dtype=np.int32), degree)
        start = np.zeros(len(nodes) + 1, np.int32)
        np.cumsum(np.bincount(begin[inside], minlength=len(nodes)), out=start[1:])
        network = Network(
            **{n: take(getattr(net, n), slices) for n in ("lon", "lat", "part", "is_separate")},
            **{n: take(getattr(net, n), edges)[inside] for n in ("seconds", "metres", "ferry")},
            start=start,
            end=end[inside],
            fingerprint=net.fingerprint,
        )
        return network, distinct(begin[~inside]).astype(np.int64)

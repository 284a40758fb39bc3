"""Snap many places to the roads of a country, tile by tile.

Each place is snapped exactly as on the whole network (`roads.snapping`), but with an index of the
nodes of its own tile and of those near its edge, so that memory depends on one tile.
"""

from typing import Final

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.roads.cubes import cube_keys, distance_to_cube, neighbours
from coverage_analyzer.roads.snapping import NOWHERE, SNAP_M, Snapped, Snapper
from coverage_analyzer.roads.tiles.store import TiledRoads

MARGIN_M: Final = 1.0
"""Added to the limit around a tile, for rounding."""


class TileSnapper:
    """Finds the node for each of many places.

    Parameters
    ----------
    roads
        All roads.
    limit_m
        Maximum straight distance of a place from its node.
    """

    def __init__(self, roads: TiledRoads, limit_m: float = SNAP_M) -> None:
        self.limit_m, self._roads = limit_m, roads
        self._whole: Snapper | None = None

    def snapped(self, lon: Floats, lat: Floats) -> Snapped:
        """Return the node for each place; degrees on WGS 84, shape (n,).

        Beyond the tiles around that of a place, so beyond 32 km, the distance is infinite, unless
        all roads are one tile.
        """
        if len(self._roads) == 1:
            if self._whole is None:
                self._whole = Snapper(self._roads.network, self.limit_m)
            return self._whole.snapped(lon, lat)
        node, away = np.full(len(lon), NOWHERE), np.full(len(lon), np.inf)
        keys = cube_keys(lon, lat)
        order = np.argsort(keys, kind="stable")
        first = np.flatnonzero(np.diff(keys[order], prepend=-1))
        for places in np.split(order, first[1:]) if len(order) else ():
            self._snap(int(keys[places[0]]), places, (lon, lat), (node, away))
        return Snapped(node, away)

    def _snap(
        self, key: int, places: Ints, at: tuple[Floats, Floats], snapped: tuple[Ints, Floats]
    ) -> None:
        """Snap the places in one cube."""
        lon, lat = (values[places] for values in at)
        node, away = snapped
        around = self._nodes(key)
        network = self._roads.network
        points = geodesy.ecef(network.lon[around], network.lat[around])
        near = around[distance_to_cube(key, points) <= self.limit_m + MARGIN_M]
        result = Snapper(network, self.limit_m, near).snapped(lon, lat)
        node[places], away[places] = result.node, result.away_m
        far = places[result.node == NOWHERE]
        if len(far):  # the true distance, for advice
            whole = Snapper(network, self.limit_m, around)
            away[far] = whole.snapped(at[0][far], at[1][far]).away_m

    def _nodes(self, key: int) -> Ints:
        """Return the nodes in a cube and those around it."""
        first, keys = self._roads.tile_first, self._roads.tile_key
        tiles = np.flatnonzero(np.isin(keys, neighbours(key))).tolist()
        return np.concatenate(
            [np.zeros(0, np.int64), *(np.arange(first[n], first[n + 1]) for n in tiles)]
        )

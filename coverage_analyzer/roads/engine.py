"""The interface of road engines, and the built-in engine.

A Valhalla or OSRM server can replace it: the rest of the package only uses `Engine`. If one engine
finds a place unreachable, that is a reason for a review, not a verdict: engines do disagree on the
same pair.
"""

import enum
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt
import shapely

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.roads.isochrones import place_polygon
from coverage_analyzer.roads.search import Routes, Search, build_graph, measure_routes, shortest
from coverage_analyzer.roads.snapping import NOWHERE, SNAP_M, Snapped, Snapper
from coverage_analyzer.roads.ways.compressed import Network

BEYOND: Final = 2.0
"""Drives are measured up to this multiple of the limit, to show the excess."""

ROAD_CELLS: Final = 3_000
"""Maximum cells per side of the grid for the area of all roads."""

KEPT: Final = 15_000_000
"""Maximum nodes in cached searches, at 12 bytes each."""


class RoadStatus(enum.IntEnum):
    """Result of a drive: the ``status`` in ``drive_times.csv``."""

    within = 0
    over_budget = 1
    unreachable = 2
    unsnapped = 3
    outside_network = 4
    not_measured = 5


class Places(NamedTuple):
    """Places in degrees on WGS 84, shape (n,) each."""

    lon: Floats
    lat: Floats


@dataclass(frozen=True)
class Drives:
    """Drives from each center to each site by the fastest route.

    Attributes
    ----------
    seconds, metres
        NaN if there is none, or it takes more than twice the limit; (centers, sites).
    ferry
        Whether the route uses a ferry; (centers, sites).
    status
        Values of `RoadStatus`; (centers, sites).
    snap_m
        Straight distance from each site to its node, which is not part of the drive; (sites,).
    """

    seconds: Floats
    metres: Floats
    ferry: Bools
    status: npt.NDArray[np.int8]
    snap_m: Floats

    @classmethod
    def along(cls, routes: Routes | None, goal: Snapped, budget_s: float, *, outside: bool) -> Self:
        """Return the drives from one center.

        Parameters
        ----------
        routes
            To each site that is on a road; None if the center is on none.
        goal
            The sites on the network.
        budget_s
            Drive-time limit.
        outside
            Whether the center is outside the network.
        """
        seconds, metres = np.full((2, len(goal.node)), np.nan)
        ferry, on_road = np.zeros(len(goal.node), np.bool_), np.flatnonzero(goal.node != NOWHERE)
        status = np.where(goal.outside, RoadStatus.outside_network, RoadStatus.unsnapped)
        if routes is None:
            status[on_road] = RoadStatus.outside_network if outside else RoadStatus.unsnapped
        else:
            seconds[on_road], metres[on_road], ferry[on_road] = routes[:3]
            late = np.where(routes.leads, RoadStatus.over_budget, RoadStatus.unreachable)
            status[on_road] = np.where(routes.seconds <= budget_s, RoadStatus.within, late)
        codes = status.astype(np.int8)[None]
        return cls(seconds[None], metres[None], ferry[None], codes, goal.away_m)

    @classmethod
    def of_centers(cls, drives: "list[Drives]", snap_m: Floats) -> Self:
        """Return the drives from each of some centers to the same sites as one table.

        Parameters
        ----------
        drives
            Those from each center.
        snap_m
            As in the result, since there may be no center.
        """
        none = np.zeros((0, len(snap_m)))
        return cls(
            seconds=np.concatenate([none, *(row.seconds for row in drives)]),
            metres=np.concatenate([none, *(row.metres for row in drives)]),
            ferry=np.concatenate([none.astype(np.bool_), *(row.ferry for row in drives)]),
            status=np.concatenate([none.astype(np.int8), *(row.status for row in drives)]),
            snap_m=snap_m,
        )


class Journey(NamedTuple):
    """Drives from one center to some sites.

    Attributes
    ----------
    center
        Longitude and latitude.
    sites
        The location of the sites.
    budget_s
        Drive-time limit; infinite for none.
    beyond
        Multiple of the limit up to which drives are measured.
    """

    center: tuple[float, float]
    sites: Places
    budget_s: float
    beyond: float = BEYOND

    @property
    def longest_s(self) -> float:
        """Longest drive that is measured."""
        return self.beyond * self.budget_s


class Engine(Protocol):
    """The interface of road engines."""

    def matrix(self, centers: Places, sites: Places, budget_s: float) -> Drives:
        """Return the drives from each center to each site."""

    def isochrone(self, lon: float, lat: float, minutes: float) -> Any:
        """Return the area reached from a place in a time: a valid (multi)polygon, split at 180."""

    def road_area(self) -> Any:
        """Return the area that has roads: a valid (multi)polygon, split at 180."""

    def fingerprint(self) -> str:
        """Return what the results depend on: engine, version, data, speeds."""


class PlaceSnapper(Protocol):
    """Finds the node of a network for each place (`snapping.Snapper`)."""

    limit_m: float

    def snapped(self, lon: Floats, lat: Floats) -> Snapped:
        """Return the node for each place."""


class RoadEngine:
    """Drives on a `Network`, by Dijkstra's algorithm in compiled code.

    Times are for free-flowing roads: without traffic, signals and turns, and without waiting for a
    ferry. A place that cannot be reached in time under these conditions cannot be reached in time.

    Parameters
    ----------
    network
        The roads.
    snap_m
        Maximum distance of a place from its road.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """

    def __init__(self, network: Network, *, snap_m: float = SNAP_M) -> None:
        self.network = network
        self._graph = build_graph(network)
        self._snapper = Snapper(network, snap_m)
        self._searches: OrderedDict[tuple[int, float], Search] = OrderedDict()
        self._road_area: Any = None

    def fingerprint(self) -> str:
        """Return what the results depend on."""
        return f"embedded:{self.network.fingerprint}:snap={self._snapper.limit_m:g}"

    @property
    def snap_limit_m(self) -> float:
        """Maximum distance of a place from its road, in metres."""
        return self._snapper.limit_m

    def matrix(self, centers: Places, sites: Places, budget_s: float) -> Drives:
        """Return the drives from each center to each site, with one search per center.

        Parameters
        ----------
        centers, sites
            The location of the rows.
        budget_s
            Drive-time limit; infinite for none.
        """
        start = self._snapper.snapped(*centers)
        goal = self._snapper.snapped(*sites)
        drives = [
            Drives.along(self._routes(int(node), goal, budget_s), goal, budget_s, outside=outside)
            for node, outside in zip(start.node, start.outside.tolist(), strict=True)
        ]
        return Drives.of_centers(drives, goal.away_m)

    def isochrone(self, lon: float, lat: float, minutes: float) -> Any:
        """Return the area reached from a place in a time.

        Parameters
        ----------
        lon, lat
            Degrees on WGS 84.
        minutes
            Drive-time limit.

        Returns
        -------
        polygon
            All places whose own road, by the rule for sites, is reached in time: beyond
            `isochrones.TOLERANCE` cells from the boundary, a site is inside exactly if its drive is
            within the limit. Empty if the place is on no road. In degrees, split at 180.
        """
        node = int(self._snapper.snapped(np.array([lon]), np.array([lat])).node[0])
        if node == NOWHERE:
            return shapely.Polygon()
        seconds, _ = self._search(node, minutes * 60)
        reached = np.append(np.isfinite(seconds), [False])  # the last one represents NOWHERE
        nodes = np.flatnonzero(reached)
        return place_polygon(
            lon,
            lat,
            (self.network.lon[nodes], self.network.lat[nodes]),
            self._snapper.limit_m,
            lambda lon, lat: reached[self._snapper.snapped(lon, lat).node],
        )

    def road_area(self) -> Any:
        """Return the area that has roads: all places that can be snapped to one.

        Returns
        -------
        polygon
            A valid (multi)polygon in degrees, split at 180. A place outside it has no road data, so
            its drive is unknown.
        """
        if self._road_area is None:
            self._road_area = area_with_roads(self.network, self._snapper)
        return self._road_area

    def _search(self, node: int, limit_s: float) -> Search:
        """Return the time to each node, and its predecessor on the route.

        The latest searches are cached, since sites come in blocks that use the same centers.
        """
        key = node, limit_s
        if key not in self._searches:
            self._searches[key] = shortest(self._graph, node, limit_s)
            while len(self._searches) > max(1, KEPT // len(self.network)):
                self._searches.popitem(last=False)
        self._searches.move_to_end(key)
        return self._searches[key]

    def _routes(self, node: int, goal: Snapped, budget_s: float) -> Routes | None:
        """Return the routes from a node to each site that is on a road; None from nowhere."""
        if node == NOWHERE:
            return None
        taken, before = self._search(node, BEYOND * budget_s)
        target = goal.node[goal.node != NOWHERE]
        seconds, metres = np.full((2, len(target)), np.nan)
        ferry, leads = np.zeros((2, len(target)), np.bool_)
        is_met = np.isfinite(taken[target])
        seconds[is_met], leads[is_met] = taken[target[is_met]], True
        metres[is_met], ferry[is_met] = measure_routes(self.network, target[is_met], before)
        leads[~is_met] = self._leads_to(node, target[~is_met])
        return Routes(seconds, metres, ferry, leads)

    def _leads_to(self, node: int, targets: Ints) -> Bools:
        """Return whether roads lead to the nodes at all, however long it takes."""
        if not len(targets):
            return np.zeros(0, np.bool_)
        from scipy.sparse import csgraph

        order = csgraph.breadth_first_order(self._graph, node, return_predecessors=False)
        led = np.zeros(len(self.network), np.bool_)
        led[order] = True
        return led[targets]


def area_with_roads(network: Network, snapper: PlaceSnapper) -> Any:
    """Return the area of all places that can be snapped to a network, as `Engine.road_area`."""
    middle = geodesy.ecef(network.lon, network.lat).mean(axis=0)
    return place_polygon(
        float(np.degrees(np.arctan2(middle[1], middle[0]))),
        float(np.degrees(np.arctan2(middle[2], np.hypot(middle[0], middle[1])))),
        (network.lon, network.lat),
        snapper.limit_m,
        lambda lon, lat: snapper.snapped(lon, lat).node != NOWHERE,
        cells=ROAD_CELLS,
    )

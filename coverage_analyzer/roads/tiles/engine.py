"""The built-in engine for the roads of a file: a city, or a country in tiles.

It gives the same answers as `roads.engine.RoadEngine` on all roads, with the memory of the roads
around one center.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import distinct
from coverage_analyzer.policy.distances import reach_of
from coverage_analyzer.roads.engine import (
    Drives,
    Journey,
    Places,
    RoadEngine,
    area_with_roads,
)
from coverage_analyzer.roads.search import Routes
from coverage_analyzer.roads.snapping import NOWHERE, SNAP_M, Snapped
from coverage_analyzer.roads.tiles.regions import Regions
from coverage_analyzer.roads.tiles.search_processes import search_in_processes
from coverage_analyzer.roads.tiles.search_tasks import SearchResults, SearchTask
from coverage_analyzer.roads.tiles.snapping import TileSnapper
from coverage_analyzer.roads.tiles.store import TiledRoads

REACH_M: Final = 1.6 * 70 * geodesy.MILE_M
"""Default distance from a center within which roads are searched: 1.6 times 70 miles."""

TASKS_AT_ONCE: Final = 256
"""Searches whose sites are in memory together, per process."""


class TiledEngine:
    """Drives on roads in tiles.

    Parameters
    ----------
    roads
        The roads.
    reach_m
        Distance from each center within which roads are searched in the end, and up to the farthest
        of its sites; roads of a single tile are always searched.
    processes
        Maximum number of processes that search; answers do not depend on it.
    snap_m
        Maximum distance of a place from its road.
    """

    def __init__(
        self,
        roads: TiledRoads,
        *,
        reach_m: float = REACH_M,
        processes: int = 1,
        snap_m: float = SNAP_M,
    ) -> None:
        self.roads, self.snap_limit_m = roads, snap_m
        self._reach_m, self._processes = reach_m, processes
        self._snapper, self._regions = TileSnapper(roads, snap_m), Regions(roads)
        folder = Path() if roads.folder is None else roads.folder
        self._results = None
        if roads.folder is not None:
            name = folder.name.replace("roads-", "drives-")
            self._results = SearchResults(folder.with_name(name), roads.network.fingerprint)
        self._whole: RoadEngine | None = None
        self._road_area: Any = None

    def fingerprint(self) -> str:
        """Return what the results depend on."""
        return f"embedded:{self.roads.network.fingerprint}:snap={self.snap_limit_m:g}"

    def matrix(self, centers: Places, sites: Places, budget_s: float) -> Drives:
        """Return the drives from each center to each site, with one search per center.

        Parameters
        ----------
        centers, sites
            The location of the rows.
        budget_s
            Drive-time limit; infinite for none.
        """
        places = zip(centers.lon.tolist(), centers.lat.tolist(), strict=True)
        rows = list(self.drives([Journey(place, sites, budget_s) for place in places]))
        snap_m = rows[0].snap_m if rows else self._snapper.snapped(*sites).away_m
        return Drives.of_centers(rows, snap_m)

    def drives(self, journeys: Sequence[Journey]) -> Iterator[Drives]:
        """Yield the drives of each journey, as `matrix` does of one center, in their order."""
        step = TASKS_AT_ONCE * self._processes
        for start in range(0, len(journeys), step):
            yield from self._drives(journeys[start : start + step])

    def discard_results(self) -> None:
        """Remove the results of searches, which a run keeps until it is complete."""
        if self._results is not None:
            self._results.discard()

    def isochrone(self, lon: float, lat: float, minutes: float) -> Any:
        """Return the area reached from a place in a time, as `engine.RoadEngine.isochrone` does.

        In tiles, roads beyond the distance within which drives are searched are not included.
        """
        node = int(self._snapper.snapped(np.array([lon]), np.array([lat])).node[0])
        if node == NOWHERE:
            return shapely.Polygon()
        if len(self.roads) == 1:
            return self._engine().isochrone(lon, lat, minutes)
        radius = min(reach_of(minutes), self._reach_m)
        network = self._regions.around(geodesy.ecef(lon, lat), radius).network
        return RoadEngine(network, snap_m=self.snap_limit_m).isochrone(lon, lat, minutes)

    def road_area(self) -> Any:
        """Return the area that has roads: all places that can be snapped to one."""
        if len(self.roads) == 1:
            return self._engine().road_area()
        if self._road_area is None:
            self._road_area = area_with_roads(self.roads.network, self._snapper)
        return self._road_area

    def _engine(self) -> RoadEngine:
        """Return an engine on all roads."""
        if self._whole is None:
            self._whole = RoadEngine(self.roads.network, snap_m=self.snap_limit_m)
        return self._whole

    def _drives(self, journeys: Sequence[Journey]) -> Iterator[Drives]:
        """Yield the drives of some journeys, whose places are snapped together."""
        lon, lat = np.array([journey.center for journey in journeys], np.float64).T
        start = self._snapper.snapped(lon, lat)
        ends = np.cumsum([len(journey.sites.lon) for journey in journeys])
        goal = self._snapper.snapped(
            np.concatenate([journey.sites.lon for journey in journeys]),
            np.concatenate([journey.sites.lat for journey in journeys]),
        )
        goals = list(map(Snapped, np.split(goal.node, ends[:-1]), np.split(goal.away_m, ends[:-1])))
        tasks = [
            self._task(int(node), own, journey)
            for node, own, journey in zip(start.node, goals, journeys, strict=True)
        ]
        self._search([task for task in tasks if task is not None])
        is_outside = start.outside.tolist()
        for task, own, journey, outside in zip(tasks, goals, journeys, is_outside, strict=True):
            yield Drives.along(self._routes(task, own), own, journey.budget_s, outside=outside)

    def _task(self, node: int, goal: Snapped, journey: Journey) -> SearchTask | None:
        """Return the search of a journey; None if no site, or not the center, is on a road."""
        targets = distinct(goal.node[goal.node != NOWHERE])
        if node == NOWHERE or not len(targets):
            return None
        reach_m = self._reach_m if len(self.roads) > 1 else np.inf
        return SearchTask(node, targets, journey.longest_s, reach_m)

    def _search(self, tasks: Sequence[SearchTask]) -> None:
        """Search in other processes, if that is worth it."""
        if self._processes > 1 and self._results is not None and self.roads.folder is not None:
            search_in_processes(tasks, self.roads.folder, self._results, self._processes)

    def _routes(self, task: SearchTask | None, goal: Snapped) -> Routes | None:
        """Return the routes of a task to each site that is on a road."""
        if task is None:
            return None
        if self._results is None:
            routes = self._regions.routes(task.node, task.targets, task.limit_s, task.last_m)
        else:
            routes = self._results.routes(task, self._regions)
        return routes.take(np.searchsorted(task.targets, goal.node[goal.node != NOWHERE]))

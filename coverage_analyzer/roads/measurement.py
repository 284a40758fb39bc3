"""Drives from the centers of a run to its rows, by one engine: what each step of a recheck uses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.geodesy import MILE_M, distance_m
from coverage_analyzer.roads.engine import BEYOND, Drives, Engine, Journey, Places
from coverage_analyzer.roads.tiles.engine import TiledEngine


@dataclass(frozen=True)
class ServingCenters:
    """The centers of a run.

    Attributes
    ----------
    center_id
        Their ids, length n.
    places
        Their locations.
    country
        The country assigned to each (alpha-2), length n.
    is_open
        Which are open on the day of the run, shape (n,).
    """

    center_id: tuple[str, ...]
    places: Places
    country: npt.NDArray[np.object_]
    is_open: Bools

    def miles(self, sites: Places, center: Ints) -> Floats:
        """Return the geodesic distance of each site from a center; NaN without one (-1)."""
        lon, lat = (np.append(v, np.nan)[center] for v in self.places)
        return distance_m(sites.lon, sites.lat, lon, lat) / MILE_M


@dataclass(frozen=True)
class Measurement:
    """The drives between the centers of a run and its rows.

    Attributes
    ----------
    engine
        The road engine.
    centers
        The centers of the run.
    sites
        The location of the rows, shape (n,).
    factor
        The minutes of the engine are multiplied by it.
    """

    engine: Engine
    centers: ServingCenters
    sites: Places
    factor: float = 1.0

    def drives(
        self,
        groups: Sequence[tuple[int, Ints]],
        limit_s: Sequence[float],
        beyond: float = BEYOND,
    ) -> Iterator[Drives]:
        """Yield the drives from each center to its rows, as the engine measures them.

        Parameters
        ----------
        groups
            Centers, each with the positions of its rows.
        limit_s
            Drive-time limit of each group, infinite for none.
        beyond
            Multiple of the limit up to which drives are measured.
        """
        places, sites = self.centers.places, self.sites
        journeys = [
            Journey(
                (float(places.lon[center]), float(places.lat[center])),
                Places(sites.lon[rows], sites.lat[rows]),
                limit / self.factor,
                beyond,
            )
            for (center, rows), limit in zip(groups, limit_s, strict=True)
        ]
        if isinstance(self.engine, TiledEngine):
            yield from self.engine.drives(journeys)
            return
        for journey in journeys:
            start = Places(*(np.array([degrees]) for degrees in journey.center))
            yield self.engine.matrix(start, journey.sites, journey.budget_s)


def rows_by_center(chosen: Ints) -> list[tuple[int, Ints]]:
    """Return each center that is chosen, ascending, with its rows, ascending."""
    order = np.argsort(chosen, kind="stable")
    order = order[chosen[order] >= 0]
    first = np.flatnonzero(np.diff(chosen[order], prepend=-1))
    parts = np.split(order, first[1:]) if len(order) else []
    return [(int(chosen[rows[0]]), rows) for rows in parts]

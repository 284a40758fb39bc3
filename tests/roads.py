"""Small road networks for tests, and a reference that knows no shortcuts."""

import os
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
import pyproj
import pytest
import shapely

from coverage_analyzer.roads.engine import Places, RoadEngine, RoadStatus
from coverage_analyzer.roads.network import Network, compressed

TOWN: Final = Path(__file__).parents[1] / "data" / "town.osm"

EXTRACTS: Final = Path(os.environ.get("COVERAGE_OSM", Path(__file__).parents[2] / "shared" / "osm"))
"""Extracts of OpenStreetMap, if there are any."""


def extract_file(name: str) -> Path:
    """Return an extract, or skip the test."""
    path = EXTRACTS / f"{name}.osm.pbf"
    if not path.is_file():
        pytest.skip(f"needs {path.name} in the folder COVERAGE_OSM")
    return path


def line_of(lon: list[float], lat: float = 0.0, seconds: float = 60) -> Network:
    """Return a road along a parallel, both ways, a minute an edge."""
    n = len(lon)
    places = np.column_stack([lon, np.full(n, lat)])
    one, other = np.arange(n - 1, dtype=np.int32), np.arange(1, n, dtype=np.int32)
    links = (np.concatenate([one, other]), np.concatenate([other, one]))
    edges = (
        np.full(2 * n - 2, float(seconds)),
        np.full(2 * n - 2, 1000.0),
        np.zeros(2 * n - 2, np.bool_),
    )
    return compressed(places, links, edges, "line")


def nodes_at(network: Network, subset: Any) -> Places:
    """Return the places of nodes."""
    return Places(network.lon[subset], network.lat[subset])


def reference(network: Network) -> Any:
    """Return a network as a graph of networkx."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(network)))
    begin = np.repeat(np.arange(len(network)), np.diff(network.start))
    rows = zip(
        begin.tolist(),
        network.end.tolist(),
        network.seconds.tolist(),
        network.metres.tolist(),
        network.ferry.tolist(),
        strict=True,
    )
    for u, v, seconds, metres, ferry in rows:
        graph.add_edge(u, v, seconds=seconds, metres=metres, ferry=ferry)
    return graph


def polygon_error_m(engine: RoadEngine, start: Places, minutes: float, sites: Places) -> float:
    """Return how deep a site lies on the wrong side of a polygon that is drawn by road, in metres.

    A site whose drive is within the minutes belongs into the isochrone, one that is not, outside;
    one that could be put on a road belongs into the area of roads. The greatest depth of both.
    """
    result = engine.matrix(start, sites, minutes * 60)
    on_road = ~np.isin(result.status[0], (RoadStatus.unsnapped, RoadStatus.outside_network))
    served = engine.isochrone(float(start.lon[0]), float(start.lat[0]), minutes)
    expected = [(served, result.status[0] == RoadStatus.within), (engine.road_area(), on_road)]
    plane = pyproj.Proj(proj="aeqd", lon_0=start.lon[0], lat_0=start.lat[0])
    points = shapely.points(*plane(*sites))
    deepest = 0.0
    for shape, inside in expected:
        assert shape.is_valid
        flat = shapely.transform(shape, lambda p: np.column_stack(plane(p[:, 0], p[:, 1])))
        wrong = points[shapely.intersects_xy(shape, *sites) != inside]
        away = shapely.distance(shapely.boundary(flat), wrong)
        deepest = max(deepest, *away.tolist(), 0.0)
    return deepest


def sites_around(network: Network, count: int, seed: int = 0) -> Places:
    """Return places beside random nodes, up to some 2 km off, and some far away."""
    random = np.random.default_rng(seed)
    subset = random.integers(0, len(network), count)
    far = np.where(np.arange(count) % 10 == 0, 10.0, 1.0)
    away = random.normal(0, 0.008, (2, count)) * far
    lon = (network.lon[subset] + away[0] + 180) % 360 - 180
    return Places(lon, np.clip(network.lat[subset] + away[1], -90, 90))

"""Small road networks for tests, and a reference that knows no shortcuts."""

import os
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
import pytest

from coverage_analyzer.online.roads.engine import Places
from coverage_analyzer.online.roads.network import Network, compressed

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
    told = (
        np.full(2 * n - 2, float(seconds)),
        np.full(2 * n - 2, 1000.0),
        np.zeros(2 * n - 2, np.bool_),
    )
    return compressed(places, links, told, "line")


def nodes_at(network: Network, some: Any) -> Places:
    """Return the places of nodes."""
    return Places(network.lon[some], network.lat[some])


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

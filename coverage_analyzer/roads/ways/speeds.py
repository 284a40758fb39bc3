"""Speeds of many roads, by osmnx: each distinct kind and sign is given to it once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.errors import require
from coverage_analyzer.policy.distances import TOP_KMH
from coverage_analyzer.roads.ways.graph import SPEEDS

Sign = tuple[str, str]
"""The kind of a road (``highway``), and its tagged speed limits; empty without."""


def speeds_kmh(signs: Sequence[Sign], n_edges: Ints, speeds: Mapping[str, float]) -> Floats:
    """Return the speed of each kind of road and sign, as osmnx adds it to the edges of a graph.

    Parameters
    ----------
    signs
        Distinct, length n.
    n_edges
        Number of edges of each, which only count for kinds without a usual speed: osmnx gives these
        the mean of the tagged ones; shape (n,).
    speeds
        Speed in km/h by kind of road, for roads without a tagged limit.

    Returns
    -------
    speeds
        Kilometres per hour, above 0 and at most `TOP_KMH`, shape (n,). A sign of 0 is a mistake of
        the map, not a closed road: the usual speed of the kind applies.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    usual = dict(speeds)
    unknown = {kind for kind, _ in signs} - usual.keys()
    if unknown:
        tagged = _by_osmnx(signs, dict.fromkeys(usual.keys() | unknown, -1.0), -1.0)
        for kind in unknown:
            own = np.array([name == kind for name, _ in signs]) & (tagged >= 0)
            if n_edges[own].sum():
                usual[kind] = float(np.average(tagged[own], weights=n_edges[own]))
    fallback = speeds.get("road", SPEEDS["road"])
    kmh = _by_osmnx(signs, usual, fallback)
    wrong = np.flatnonzero(~(kmh > 0))
    if len(wrong):
        kmh[wrong] = _by_osmnx([(signs[n][0], "") for n in wrong.tolist()], usual, fallback)
    return np.minimum(kmh, TOP_KMH)


def _by_osmnx(signs: Sequence[Sign], usual: dict[str, float], fallback: float) -> Floats:
    """Return what osmnx adds to a graph with one edge for each sign.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "osmnx", "networkx")
    import networkx as nx
    import osmnx

    graph: Any = nx.MultiDiGraph(crs="EPSG:4326", simplified=True)
    for n, (highway, maxspeed) in enumerate(signs):
        graph.add_node(n, x=0.0, y=0.0)
        graph.add_edge(n, n, highway=highway, length=1.0, **_tag(maxspeed))
    graph = osmnx.add_edge_speeds(graph, hwy_speeds=usual, fallback=fallback)
    return np.array([graph.edges[n, n, 0]["speed_kph"] for n in range(len(signs))], np.float64)


def _tag(maxspeed: str) -> dict[str, str]:
    return {"maxspeed": maxspeed} if maxspeed else {}

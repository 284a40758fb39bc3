"""From ways to an osmnx graph with speeds and times, and the speed model.

A network is built from the same edges as arrays (`building`), at a twentieth of the cost; this
graph is for notebooks that continue with osmnx or networkx, and for files that osmnx saved.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import distinct
from coverage_analyzer.errors import InputError, require
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.policy.distances import TOP_KMH, TOP_M_PER_S
from coverage_analyzer.roads.ways.edges import cut_ways, junctions, lowest_id, with_points
from coverage_analyzer.roads.ways.extract import FERRY, Extract

SPEEDS: Final[Mapping[str, float]] = {
    "motorway": 90,
    "motorway_link": 45,
    "trunk": 85,
    "trunk_link": 40,
    "primary": 65,
    "primary_link": 30,
    "secondary": 55,
    "secondary_link": 25,
    "tertiary": 40,
    "tertiary_link": 20,
    "unclassified": 25,
    "residential": 25,
    "living_street": 10,
    "service": 15,
    "road": 25,
    FERRY: 15,
}
"""Speed in km/h on unsigned roads by kind, as usual in car routing."""


def graph_of(extract: Extract, speeds: Mapping[str, float] = SPEEDS) -> Any:
    """Return the ways of an extract as an osmnx graph whose edges have times.

    Parameters
    ----------
    extract
        The drivable ways.
    speeds
        Speed in km/h by kind of road, for roads without a tagged limit; a ferry with a duration
        uses that.

    Returns
    -------
    graph
        A ``networkx.MultiDiGraph`` in EPSG:4326: nodes with ``x`` and ``y``, edges with
        ``highway``, ``length`` (metres along the ellipsoid), ``speed_kph`` and ``travel_time``
        (seconds).

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "networkx")
    import networkx as nx

    extract = with_points(extract, lowest_id(extract))
    edge = cut_ways(extract, junctions([extract.node]))
    graph = nx.MultiDiGraph(crs="EPSG:4326", simplified=True)
    nodes = distinct(np.concatenate([edge["from"], edge["to"]]))
    for at in nodes.tolist():
        graph.add_node(int(extract.node[at]), x=float(extract.lon[at]), y=float(extract.lat[at]))
    ways, lengths = edge["way"].tolist(), edge["length"].tolist()
    names = [extract.node[edge[end]].tolist() for end in ("from", "to")]
    directions = extract.direction.tolist()
    for u, v, way, length, duration in zip(
        *names, ways, lengths, edge["duration"].tolist(), strict=True
    ):
        attrs = {"highway": extract.highway[way], "length": length, "duration_s": duration}
        if extract.maxspeed[way]:
            attrs["maxspeed"] = extract.maxspeed[way]
        if directions[way] >= 0:
            graph.add_edge(u, v, **attrs)
        if directions[way] <= 0:
            graph.add_edge(v, u, **attrs)
    return timed(graph, speeds)


def read_graphml(path: Path, speeds: Mapping[str, float] = SPEEDS) -> Any:
    """Return a graph saved by osmnx as GraphML, with times on its edges.

    Raises
    ------
    InputError
        If it cannot be read.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "osmnx")
    import osmnx

    try:
        graph = osmnx.load_graphml(utf8_name(path))
        return timed(osmnx.project_graph(graph, to_latlong=True), speeds)
    except (OSError, ValueError, KeyError, SyntaxError) as error:
        msg = f"{path} cannot be read as GraphML of osmnx: {error}."
        raise InputError(msg) from error


def timed(graph: Any, speeds: Mapping[str, float] = SPEEDS) -> Any:
    """Return a graph with osmnx speeds and times on edges, and tagged durations for ferries.

    No speed is above `TOP_KMH`, whatever its tag says, nor is a ferry faster. A speed limit of 0 is
    a mistake of the map: the usual speed of the kind applies.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "osmnx")
    import osmnx

    fallback = speeds.get("road", SPEEDS["road"])
    graph = osmnx.add_edge_speeds(graph, hwy_speeds=dict(speeds), fallback=fallback)
    for _, _, attrs in graph.edges(data=True):
        kmh = attrs["speed_kph"]
        attrs["speed_kph"] = min(kmh if kmh > 0 else _usual_kmh(attrs, speeds, fallback), TOP_KMH)
    graph = osmnx.add_edge_travel_times(graph)
    for _, _, attrs in graph.edges(data=True):
        duration = float(attrs.get("duration_s", np.nan))
        if duration > 0:
            attrs["travel_time"] = max(duration, attrs["length"] / TOP_M_PER_S)
    return graph


def _usual_kmh(attrs: Mapping[str, Any], speeds: Mapping[str, float], fallback: float) -> float:
    """Return the speed of the kind of an edge; of several kinds the first counts, as in osmnx."""
    kind = attrs["highway"]
    return speeds.get(kind[0] if isinstance(kind, list) else kind, fallback)

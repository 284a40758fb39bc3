"""From ways to an osmnx graph with speeds: junctions, lengths, times.

osmnx reads an extract only as XML, keeps every bend as a node, and then simplifies: for a city of
40,000 ways that took three minutes and 1.9 GB. Therefore ways are cut into edges here, as arrays,
and osmnx receives a simplified graph, to which it adds speeds and times.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, expand_ranges
from coverage_analyzer.errors import InputError, require
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.policy.distances import TOP_KMH
from coverage_analyzer.roads.extract import FERRY, Extract

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

STRIDE_M: Final = 250.0
"""Maximum distance in metres between nodes on a bend, so that sites find one nearby."""


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

    extract = _filled(extract)
    edge = _cut(extract)
    graph = nx.MultiDiGraph(crs="EPSG:4326", simplified=True)
    kept = np.unique(np.concatenate([edge["from"], edge["to"]]))
    for at in kept.tolist():
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

    No speed is above `TOP_KMH`, whatever its tag says.

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
        attrs["speed_kph"] = min(attrs["speed_kph"], TOP_KMH)
    graph = osmnx.add_edge_travel_times(graph)
    for _, _, attrs in graph.edges(data=True):
        duration = float(attrs.get("duration_s", np.nan))
        if duration > 0:
            attrs["travel_time"] = duration
    return graph


def _filled(extract: Extract) -> Extract:
    """Return an extract with points added to long straight roads, one every `STRIDE_M`.

    Without it, a site beside a straight road would find no node nearby. Ferries get none. The new
    points have negative node numbers, which no file uses for two ways.
    """
    same = extract.way[1:] == extract.way[:-1]
    lon, lat, way = extract.lon, extract.lat, extract.way
    metres = geodesy.distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    on_land = np.array([kind != FERRY for kind in extract.highway], np.bool_)[way[:-1]]
    count = np.where(same & on_land, np.ceil(metres / STRIDE_M) - 1, 0).astype(np.int64)
    count[count < 0] = 0
    if not count.any():
        return extract
    segment, step = expand_ranges(np.zeros(len(count), np.int64), count)
    share = (step + 1) / (count[segment] + 1)
    turn = (lon[segment + 1] - lon[segment] + 180) % 360 - 180
    new_lon = (lon[segment] + share * turn + 180) % 360 - 180
    new_lat = lat[segment] + share * (lat[segment + 1] - lat[segment])
    lowest = min(int(extract.node.min()), 0)
    at = segment + 1
    return replace(
        extract,
        node=np.insert(extract.node, at, lowest - 1 - np.arange(len(at))),
        lon=np.insert(lon, at, new_lon),
        lat=np.insert(lat, at, new_lat),
        way=np.insert(way, at, way[segment]),
    )


def _cut(extract: Extract) -> dict[str, Any]:
    """Return edges between junctions: first and last points, way, metres, seconds."""
    same = extract.way[1:] == extract.way[:-1]
    step = np.zeros(len(extract.node))
    step[1:][same] = geodesy.distance_m(
        extract.lon[:-1][same], extract.lat[:-1][same], extract.lon[1:][same], extract.lat[1:][same]
    )
    run = np.cumsum(step)
    kept = np.flatnonzero(_is_kept(extract, same, run))
    joined = extract.way[kept[1:]] == extract.way[kept[:-1]]
    begin, end = kept[:-1][joined], kept[1:][joined]
    length = run[end] - run[begin]
    way = extract.way[begin]
    whole = np.bincount(way, length, minlength=len(extract.highway))
    share = np.divide(length, whole[way], out=np.ones_like(length), where=whole[way] > 0)
    return {
        "from": begin,
        "to": end,
        "way": way,
        "length": length,
        "duration": extract.duration_s[way] * share,
    }


def _is_kept(extract: Extract, same: Bools, run: Floats) -> Bools:
    """Return which points become nodes: ends, junctions, and one every `STRIDE_M`."""
    _, inverse, times = np.unique(extract.node, return_inverse=True, return_counts=True)
    kept: Bools = times[inverse] > 1
    kept[0] = kept[-1] = True
    kept[1:][~same] = True
    kept[:-1][~same] = True
    first: Ints = np.flatnonzero(np.append(True, ~same))
    start = np.repeat(run[first], np.diff(np.append(first, len(run))))
    stride = np.floor((run - start) / STRIDE_M)
    kept[1:] |= np.diff(stride) > 0
    return kept

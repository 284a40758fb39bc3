"""Build a network from a file of roads, streamed once: no graph of objects, memory per point.

Ways are read in parts (`extract`), cut into edges (`edges`) and given the speeds of osmnx
(`speeds`). Of a large file only the ways near centers are kept (`Area`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.errors import InputError
from coverage_analyzer.policy.distances import TOP_M_PER_S
from coverage_analyzer.roads.cubes import Area, cube_order
from coverage_analyzer.roads.ways.compressed import Network, compressed, fastest_edges, join_edges
from coverage_analyzer.roads.ways.edges import cut_ways, junctions, lowest_id, with_points
from coverage_analyzer.roads.ways.extract import FERRY, Extract, check_complete, stream_extract
from coverage_analyzer.roads.ways.graph import SPEEDS, read_graphml
from coverage_analyzer.roads.ways.speeds import speeds_kmh

Signs = dict[tuple[str, str], int]
"""Number of each kind of road and tagged speed limit."""


@dataclass
class EdgePart:
    """Edges of a part of a file, before directions are separated.

    Attributes
    ----------
    ends
        Node numbers of both ends, shape (2, m).
    metres, duration_s
        Length; duration of a ferry, NaN if not tagged; shape (m,).
    direction
        As for `extract.Extract`, shape (m,).
    sign
        Number of its kind and speed limit, shape (m,).
    node, lon, lat
        Its nodes: number and degrees on WGS 84, shape (n,).
    """

    ends: Ints
    metres: Floats
    duration_s: Floats
    direction: Any
    sign: Any
    node: Ints
    lon: Floats
    lat: Floats


def build_network(
    path: Path,
    fingerprint: str,
    *,
    speeds: Mapping[str, float] = SPEEDS,
    area: Area | None = None,
) -> Network:
    """Return the network of a file, its nodes in the order of tiles (`cubes.cube_order`).

    Parameters
    ----------
    path
        As for `roads.network.load_network`.
    fingerprint
        Hash of its inputs.
    speeds
        Speed in km/h by kind of road, for roads without a tagged limit.
    area
        Where roads are kept; by default everywhere.

    Raises
    ------
    InputError
        If the file cannot be read, or has no road there.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    if path.suffix.lower() == ".graphml":
        return network_of_graph(read_graphml(path, speeds), fingerprint)
    parts = _read(path, area)
    if not parts:
        msg = f"{path} contains no road for cars near the centers. Give an extract with roads."
        raise InputError(msg)
    signs: Signs = {}
    return _joined(list(_edges(parts, signs)), signs, speeds, fingerprint)


def network_of_graph(graph: Any, fingerprint: str) -> Network:
    """Convert an osmnx graph with times to a network.

    Raises
    ------
    InputError
        If it has no edge.
    """
    nodes = sorted(graph.nodes)
    number = {name: n for n, name in enumerate(nodes)}
    places = np.array([(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in nodes], np.float64)
    edges = [
        (number[u], number[v], attrs["travel_time"], attrs["length"], _is_ferry(attrs["highway"]))
        for u, v, attrs in graph.edges(data=True)
    ]
    if not edges:
        msg = "The road network is empty. Give an extract with roads."
        raise InputError(msg)
    u, v, seconds, metres, ferry = np.array(edges, np.float64).T
    links = (u.astype(np.int32), v.astype(np.int32))
    return compressed(places, links, (seconds, metres, ferry.astype(np.bool_)), fingerprint)


def _is_ferry(highway: Any) -> bool:
    """Return whether an edge is a ferry; a simplified one may combine several kinds."""
    return FERRY in highway if isinstance(highway, list) else highway == FERRY


def _read(path: Path, area: Area | None) -> list[Extract]:
    """Return the ways that are kept, in parts.

    Raises
    ------
    InputError
        If the file cannot be read, or has no complete way.
    """
    parts, n_ways, n_clipped = [], 0, 0
    for part in stream_extract(path):
        n_ways += len(part.highway)
        n_clipped += part.clipped
        subset = part if area is None else _near(part, area)
        if len(subset.highway):
            parts.append(subset)
    check_complete(path, n_clipped, n_ways)
    return parts


def _near(part: Extract, area: Area) -> Extract:
    """Return the ways with a point in an area, complete."""
    is_near = np.zeros(len(part.highway), np.bool_)
    is_near[part.way[area.contains(part.lon, part.lat)]] = True
    if is_near.all():
        return part
    ways, points = np.flatnonzero(is_near), is_near[part.way]
    return replace(
        part,
        node=part.node[points],
        lon=part.lon[points],
        lat=part.lat[points],
        way=(np.cumsum(is_near) - 1)[part.way[points]],
        highway=tuple(part.highway[n] for n in ways.tolist()),
        maxspeed=tuple(part.maxspeed[n] for n in ways.tolist()),
        direction=part.direction[ways],
        duration_s=part.duration_s[ways],
    )


def _edges(parts: list[Extract], signs: Signs) -> Iterator[EdgePart]:
    """Yield the edges of each part, which is freed, and number the kinds of roads."""
    shared, next_id = junctions(part.node for part in parts), lowest_id(*parts)
    parts.reverse()
    while parts:
        part = parts.pop()
        filled = with_points(part, next_id)
        next_id -= len(filled.node) - len(part.node)
        edge = cut_ways(filled, shared)
        ends = np.stack([edge["from"], edge["to"]])
        at = distinct(ends)
        pairs = zip(part.highway, part.maxspeed, strict=True)
        sign = np.array([signs.setdefault(pair, len(signs)) for pair in pairs], np.int32)
        yield EdgePart(
            ends=filled.node[ends],
            metres=edge["length"],
            duration_s=edge["duration"],
            direction=part.direction[edge["way"]],
            sign=sign[edge["way"]],
            node=filled.node[at],
            lon=filled.lon[at],
            lat=filled.lat[at],
        )


def _joined(
    parts: list[EdgePart], signs: Signs, speeds: Mapping[str, float], fingerprint: str
) -> Network:
    """Return the network of all edges."""
    places, rows = _sorted_edges(parts, signs, speeds)
    return join_edges(places, rows, fingerprint)


def _sorted_edges(
    parts: list[EdgePart], signs: Signs, speeds: Mapping[str, float]
) -> tuple[Floats, list[list[Any]]]:
    """Return the places of all nodes, and the edges in both directions (`fastest_edges`)."""
    direction = _take(parts, "direction")
    places, (u, v) = _numbered(parts)
    along, against = np.flatnonzero(direction >= 0), np.flatnonzero(direction <= 0)
    edge = np.concatenate([along, against]).astype(np.int32)
    links = np.concatenate([u[along], v[against]]), np.concatenate([v[along], u[against]])
    del u, v, along, against
    seconds, metres, ferry = _costs(parts, np.where(direction == 0, 2, 1), signs, speeds)
    attrs = seconds[edge], metres[edge], ferry[edge]
    del seconds, metres, ferry, edge
    return places, list(fastest_edges(links, attrs, len(places)))


def _numbered(parts: list[EdgePart]) -> tuple[Floats, list[npt.NDArray[np.int32]]]:
    """Return the places of all nodes in the order of tiles, and the nodes of both ends of edges."""
    node, first = np.unique(_take(parts, "node"), return_index=True)
    places = np.column_stack([_take(parts, name)[first] for name in ("lon", "lat")])
    del first
    order = cube_order(places[:, 0], places[:, 1])
    number = _positions(order).astype(np.int32)
    ends = _take(parts, "ends")
    return places[order], [number[np.searchsorted(node, end)] for end in ends]


def _costs(
    parts: list[EdgePart], n_directions: Any, signs: Signs, speeds: Mapping[str, float]
) -> tuple[Floats, Floats, Bools]:
    """Return seconds, metres and ferry flag of all edges."""
    sign, metres, duration = (_take(parts, name) for name in ("sign", "metres", "duration_s"))
    kmh = speeds_kmh(list(signs), np.bincount(sign, n_directions, len(signs)), speeds)
    with np.errstate(divide="ignore"):
        seconds = (metres / 1000) / (kmh / (60 * 60))[sign]
    seconds = np.where(duration > 0, np.maximum(duration, metres / TOP_M_PER_S), seconds)
    ferry = np.array([kind == FERRY for kind, _ in signs], np.bool_)[sign]
    return seconds, metres, ferry


def _take(parts: Sequence[EdgePart], name: str) -> Any:
    """Return the values of all parts, and free them there."""
    values = np.concatenate([getattr(part, name) for part in parts], axis=-1)
    for part in parts:
        setattr(part, name, None)
    return values


def _positions(order: Ints) -> Ints:
    """Return the position of each item in an order."""
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    return position

"""From ways to edges, as arrays: junctions, nodes on long roads, lengths.

osmnx reads an extract only as XML, keeps every bend as a node, and then simplifies: for a city of
40,000 ways that took three minutes and 1.9 GB. Therefore ways are cut into edges here.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, expand_ranges, positions_in
from coverage_analyzer.roads.ways.extract import FERRY, Extract

STRIDE_M: Final = 250.0
"""Maximum distance in metres between nodes on a bend, so that sites find one nearby."""

DEGREE_M: Final = 112_000.0
"""More than the metres of a degree of longitude or latitude anywhere."""


def junctions(nodes: Iterable[Ints]) -> Ints:
    """Return the node numbers that occur more than once in all parts of a file, ascending."""
    ids: Ints = np.concatenate(list(nodes))
    ids.sort()
    again: Ints = ids[1:][ids[1:] == ids[:-1]]
    first = np.ones(len(again), np.bool_)
    first[1:] = again[1:] != again[:-1]
    return again[first]


def lowest_id(*parts: Extract) -> int:
    """Return the number for the first new point of a file: below every number in it, negative."""
    return min(0, *(int(part.node.min()) for part in parts)) - 1


def with_points(extract: Extract, first_id: int) -> Extract:
    """Return an extract with points added to long straight roads, one every `STRIDE_M`.

    Without it, a site next to a straight road would find no node nearby. Ferries get none.

    Parameters
    ----------
    extract
        The ways.
    first_id
        Node number of the first new point (`lowest_id`), descending: negative numbers, which no
        file uses for two ways.
    """
    same = extract.way[1:] == extract.way[:-1]
    lon, lat, way = extract.lon, extract.lat, extract.way
    on_land = np.array([kind != FERRY for kind in extract.highway], np.bool_)[way[:-1]]
    # A degree is shorter than 112 km everywhere: nearly all steps need no geodesic.
    most = (np.abs(np.diff(lon)) + np.abs(np.diff(lat))) * DEGREE_M
    long = np.flatnonzero(same & on_land & (most > STRIDE_M))
    metres = geodesy.distance_m(lon[long], lat[long], lon[long + 1], lat[long + 1])
    count = np.zeros(len(same), np.int64)
    count[long] = np.maximum(np.ceil(metres / STRIDE_M) - 1, 0)
    if not count.any():
        return extract
    segment, step = expand_ranges(np.zeros(len(count), np.int64), count)
    share = (step + 1) / (count[segment] + 1)
    turn = (lon[segment + 1] - lon[segment] + 180) % 360 - 180
    new_lon = (lon[segment] + share * turn + 180) % 360 - 180
    new_lat = lat[segment] + share * (lat[segment + 1] - lat[segment])
    at = segment + 1
    return replace(
        extract,
        node=np.insert(extract.node, at, first_id - np.arange(len(at))),
        lon=np.insert(lon, at, new_lon),
        lat=np.insert(lat, at, new_lat),
        way=np.insert(way, at, way[segment]),
    )


def cut_ways(extract: Extract, shared: Ints) -> dict[str, Any]:
    """Return edges between junctions: first and last points, way, metres, seconds of a ferry.

    Parameters
    ----------
    extract
        The ways, with points (`with_points`).
    shared
        Node numbers that are used more than once in the file, ascending (`junctions`).
    """
    same = extract.way[1:] == extract.way[:-1]
    step = np.zeros(len(extract.node))
    step[1:][same] = geodesy.distance_m(
        extract.lon[:-1][same], extract.lat[:-1][same], extract.lon[1:][same], extract.lat[1:][same]
    )
    run = np.cumsum(step)
    nodes = np.flatnonzero(_is_kept(extract, shared, same, run))
    joined = extract.way[nodes[1:]] == extract.way[nodes[:-1]]
    begin, end = nodes[:-1][joined], nodes[1:][joined]
    length = run[end] - run[begin]
    way = extract.way[begin]
    length_of_way = np.bincount(way, length, minlength=len(extract.highway))
    share = np.divide(
        length, length_of_way[way], out=np.ones_like(length), where=length_of_way[way] > 0
    )
    return {
        "from": begin,
        "to": end,
        "way": way,
        "length": length,
        "duration": extract.duration_s[way] * share,
    }


def _is_kept(extract: Extract, shared: Ints, same: Bools, run: Floats) -> Bools:
    """Return which points become nodes: ends, junctions, and one every `STRIDE_M`."""
    result: Bools = positions_in(shared, extract.node) >= 0
    result[0] = result[-1] = True
    result[1:][~same] = True
    result[:-1][~same] = True
    first: Ints = np.flatnonzero(np.append(True, ~same))
    start = np.repeat(run[first], np.diff(np.append(first, len(run))))
    stride = np.floor((run - start) / STRIDE_M)
    result[1:] |= np.diff(stride) > 0
    return result

"""The land of the base layer as arcs: arrays that every picture drawn in Python starts from."""

import functools
import gzip
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Floats, Ints

ARCS: Final = b'"arcs":[[['
ARCS_END: Final = b"]]]"
BRACKETS: Final = bytes.maketrans(b"[],", b"   ")

COARSE_DEGREES: Final = 120.0
"""Longitudes of a picture from which on its land is `coarse_land`, read in a tenth of the time."""

COARSE_STEPS: Final = 200
"""Steps in a degree of its coordinates, which are east of 180 W and north of the South Pole."""


@dataclass(frozen=True)
class Land:
    """All arcs, concatenated, and the rings made of them.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84.
    first, after
        Start and end of each arc in them.
    rings
        Each ring as numbers of arcs; ``~n`` is arc n reversed.
    ring_arcs, ring_first
        The numbers of the arcs of all rings, whatever their direction, and where each ring begins
        in them.
    """

    lon: Floats
    lat: Floats
    first: Ints
    after: Ints
    rings: list[list[int]]
    ring_arcs: Ints
    ring_first: Ints


@functools.cache
def coarse_land() -> Land:
    """Return the land for pictures at least `COARSE_DEGREES` wide.

    It is that of `land` with the vertices and rings that such a picture shows.
    """
    column = arrays.stored("countries", "land_coarse.arrow")
    lon, lat = (
        arrays.from_steps(column[f"{n}_low"], column[f"{n}_high"]) / COARSE_STEPS
        for n in ("x", "y")
    )
    counts, sizes, ring_arcs = (
        arrays.as_numpy(column[n]).astype(np.int64)
        for n in ("arc_sizes", "ring_sizes", "ring_arcs")
    )
    after, ends = np.cumsum(counts), np.cumsum(sizes)
    rings = [ring.tolist() for ring in np.split(ring_arcs, ends[:-1])]
    whole = np.maximum(ring_arcs, ~ring_arcs)
    return Land(lon - 180, lat - 90, after - counts, after, rings, whole, ends - sizes)


@functools.cache
def land() -> Land:
    """Return the land bundled with the package."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    steps, counts, topology = split_topology(
        gzip.decompress((folder / "land.topojson.gz").read_bytes())
    )
    after = np.cumsum(counts)
    first = after - counts
    # Each arc starts with a place; all others are steps from the one before.
    total = np.cumsum(steps, axis=0)
    total -= np.repeat(total[first] - steps[first], counts, axis=0)
    scale, translate = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    degrees = np.clip(total * scale + translate, (-180, -90), (180, 90))
    rings: list[list[int]] = []
    for geometry in topology["objects"]["faces"]["geometries"]:
        parts = geometry.get("arcs", [])
        for polygon in [parts] if geometry["type"] == "Polygon" else parts:
            rings += polygon
    signed = np.array([number for ring in rings for number in ring])
    ring_first = np.cumsum([0, *map(len, rings[:-1])])
    ring_arcs = np.maximum(signed, ~signed)
    return Land(degrees[:, 0], degrees[:, 1], first, after, rings, ring_arcs, ring_first)


def split_topology(text: bytes) -> tuple[Ints, Ints, dict[str, Any]]:
    """Return the arcs of a TopoJSON without whitespace, and the rest of it.

    Its arcs are most of it, and NumPy reads their numbers several times as fast as `json`.

    Returns
    -------
    steps
        Longitude and latitude of all places, as written. Shape (n, 2).
    counts
        Number of places in each arc. Shape (m,).
    topology
        Everything but the arcs.
    """
    begin = text.index(ARCS) + len(ARCS) - 3
    end = text.index(ARCS_END, begin) + len(ARCS_END)
    numbers = text[begin:end]
    counts = np.array([arc.count(b"],[") + 1 for arc in numbers.split(b"]],[[")], np.int64)
    steps = np.fromstring(numbers.translate(BRACKETS), np.int64, sep=" ").reshape(-1, 2)
    return steps, counts, json.loads(text[:begin] + b"[]" + text[end:])

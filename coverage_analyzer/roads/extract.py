"""The drivable ways of an OpenStreetMap extract, with directions and speed limits.

osmnx filters nothing when it reads a file, so the ways are selected here:

- roads from motorway to service, except those closed to cars: of ``motorcar``, ``motor_vehicle``,
  ``vehicle`` and ``access`` the first one present decides;
- ferries (``route=ferry``) that do not refuse cars, as roads of the kind ``ferry``, with their
  ``duration`` if given;
- one-way roads in their direction, including roundabouts and motorways.

A way with missing nodes, because the extract was cut, is kept as its complete pieces.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.errors import InputError, require
from coverage_analyzer.paths import utf8_name

FERRY: Final = "ferry"
LINKED: Final = ("motorway", "trunk", "primary", "secondary", "tertiary")
DRIVABLE: Final = frozenset(
    {
        *LINKED,
        *(f"{kind}_link" for kind in LINKED),
        *("unclassified", "residential", "living_street", "service", "road"),
    }
)
"""Values of ``highway`` that cars may use unless access is denied."""

CLOSED: Final = frozenset(
    {"no", "private", "agricultural", "forestry", "military", "emergency", "psv", "bus"}
)
"""Values of access that exclude deliveries."""

WHO: Final = ("motorcar", "motor_vehicle", "vehicle", "access")
"""Keys of access, the most specific first."""

FORWARD: Final = frozenset({"yes", "true", "1"})
BACKWARD: Final = frozenset({"-1", "reverse"})
ONE_WAY_BY_KIND: Final = frozenset({"roundabout", "circular"})

CLOCK: Final = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})")
PERIOD: Final = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


@dataclass(frozen=True)
class Extract:
    """Ways as consecutive points, way after way.

    Attributes
    ----------
    node
        Node number of each point, shape (points,).
    lon, lat
        Degrees on WGS 84, shape (points,).
    way
        Way of each point, counted from 0, ascending, shape (points,).
    highway, maxspeed
        Kind of each way, and its tagged speed limits (empty without), length ways.
    direction
        1 along the points only, -1 against them only, 0 both, shape (ways,).
    duration_s
        Duration of a ferry, NaN if not given, shape (ways,).
    clipped
        Number of ways with missing nodes.
    """

    node: Ints
    lon: Floats
    lat: Floats
    way: Ints
    highway: tuple[str, ...]
    maxspeed: tuple[str, ...]
    direction: npt.NDArray[np.int8]
    duration_s: Floats
    clipped: int


def read_extract(path: Path) -> Extract:
    """Read the drivable ways of an extract: ``.osm.pbf``, ``.osm``, ``.osm.gz``, ``.osm.bz2``.

    Raises
    ------
    InputError
        If it cannot be read, or has no way for cars.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "osmium")
    try:
        pieces, clipped = _pieces(path)
    except (OSError, RuntimeError, ValueError) as error:
        msg = f"{path} cannot be read as an OpenStreetMap extract: {error}."
        raise InputError(msg) from error
    if not pieces:
        msg = f"{path} contains no road for cars. Give an extract with roads."
        raise InputError(msg)
    points = np.array([point for piece in pieces for point in piece.points], np.float64)
    lengths = [len(piece.points) for piece in pieces]
    return Extract(
        node=np.array([n for piece in pieces for n in piece.nodes], np.int64),
        lon=points[:, 0].copy(),
        lat=points[:, 1].copy(),
        way=np.repeat(np.arange(len(pieces)), lengths),
        highway=tuple(piece.kind.highway for piece in pieces),
        maxspeed=tuple(piece.kind.maxspeed for piece in pieces),
        direction=np.array([piece.kind.direction for piece in pieces], np.int8),
        duration_s=np.array([piece.duration_s for piece in pieces], np.float64),
        clipped=clipped,
    )


@dataclass(frozen=True)
class Kind:
    """Driving properties of a way, from its tags."""

    highway: str
    maxspeed: str
    direction: int
    duration_s: float


@dataclass(frozen=True)
class Piece:
    """A way, or a part of one, whose nodes are all in the extract."""

    kind: Kind
    nodes: list[int]
    points: list[tuple[float, float]]
    duration_s: float


def kind_of(tags: Mapping[str, str]) -> Kind | None:
    """Return the driving properties of a way from its tags; None if cars are not allowed.

    Examples
    --------
    >>> kind_of({"highway": "residential", "oneway": "-1"}).direction
    -1
    >>> kind_of({"highway": "service", "access": "private"}) is None
    True
    >>> kind_of({"route": "ferry", "duration": "01:30"}).duration_s
    5400.0
    """
    highway = tags.get("highway", "")
    if tags.get("route") == FERRY and not highway:
        highway = FERRY
    if highway not in DRIVABLE | {FERRY} or _is_closed(tags):
        return None
    duration = seconds(tags.get("duration", "")) if highway == FERRY else np.nan
    return Kind(highway, tags.get("maxspeed", ""), _direction(highway, tags), duration)


def _is_closed(tags: Mapping[str, str]) -> bool:
    said = next((tags[key] for key in WHO if key in tags), "yes")
    return said in CLOSED or tags.get("area") == "yes"


def _direction(highway: str, tags: Mapping[str, str]) -> int:
    """Return the direction of a road: 1 along its nodes, -1 against them, 0 both."""
    said = tags.get("oneway", "")
    if said in BACKWARD:
        return -1
    implied = tags.get("junction") in ONE_WAY_BY_KIND or highway == "motorway"
    return 1 if said in FORWARD or (implied and said != "no") else 0


def seconds(duration: str) -> float:
    """Return an OpenStreetMap duration in seconds; NaN for any other text.

    Examples
    --------
    >>> [seconds(text) for text in ("45", "00:20", "1:10:30", "PT1H5M", "soon")]
    [2700.0, 1200.0, 4230.0, 3900.0, nan]
    """
    text = duration.strip()
    if text.isascii() and text.isdigit():
        return float(text) * 60
    if match := CLOCK.fullmatch(text):
        first, second, third = match.groups()
        if first is None:
            return int(second) * 3600.0 + int(third) * 60
        return int(first) * 3600.0 + int(second) * 60 + int(third)
    if (match := PERIOD.fullmatch(text)) and any(match.groups()):
        hours, minutes, rest = (int(part or 0) for part in match.groups())
        return hours * 3600.0 + minutes * 60 + rest
    return np.nan


def _pieces(path: Path) -> tuple[list[Piece], int]:
    """Return the drivable pieces of all ways, and the number of ways with missing nodes."""
    import osmium

    pieces: list[Piece] = []
    clipped = 0
    ways: Any = (
        osmium.FileProcessor(utf8_name(path))
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("highway", "route"))
    )
    for way in ways:
        kind = kind_of(dict(way.tags))
        if kind is None:
            continue
        runs = list(_runs(way))
        clipped += len(way.nodes) > sum(len(run) for run in runs)
        total = sum(_rough_length(run) for run in runs)
        for run in runs:
            if len(run) > 1:
                share = _rough_length(run) / total if total > 0 else 1.0
                points = [(lon, lat) for _, lon, lat in run]
                nodes = [number for number, _, _ in run]
                pieces.append(Piece(kind, nodes, points, kind.duration_s * share))
    return pieces, clipped


def _runs(way: Any) -> Iterator[list[tuple[int, float, float]]]:
    """Yield the runs of a way's nodes that are in the extract."""
    run: list[tuple[int, float, float]] = []
    for node in way.nodes:
        if node.location.valid():
            run.append((node.ref, node.lon, node.lat))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _rough_length(run: list[tuple[int, float, float]]) -> float:
    """Return an approximate length, sufficient for the proportions of one way."""
    lon = np.array([x for _, x, _ in run])
    lat = np.array([y for _, _, y in run])
    turn = (np.diff(lon) + 180) % 360 - 180
    east = turn * np.cos(np.radians(lat[1:]))
    return float(np.hypot(east, np.diff(lat)).sum())

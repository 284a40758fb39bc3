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
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.errors import InputError, quantity, require
from coverage_analyzer.paths import utf8_name

POINTS_AT_ONCE: Final = 500_000
"""Points per part of a streamed extract."""

MOST_CLIPPED: Final = 0.5
"""Share of ways with missing nodes from which on a file is taken for damaged."""

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
    parts = list(stream_extract(path))
    check_complete(path, sum(p.clipped for p in parts), sum(len(p.highway) for p in parts))
    counts = [len(part.highway) for part in parts]
    first_way = np.cumsum([0, *counts[:-1]]).tolist()
    return Extract(
        node=np.concatenate([part.node for part in parts]),
        lon=np.concatenate([part.lon for part in parts]),
        lat=np.concatenate([part.lat for part in parts]),
        way=np.concatenate([p.way + n for p, n in zip(parts, first_way, strict=True)]),
        highway=tuple(chain.from_iterable(part.highway for part in parts)),
        maxspeed=tuple(chain.from_iterable(part.maxspeed for part in parts)),
        direction=np.concatenate([part.direction for part in parts]),
        duration_s=np.concatenate([part.duration_s for part in parts]),
        clipped=sum(part.clipped for part in parts),
    )


def check_complete(path: Path, n_clipped: int, n_ways: int) -> None:
    """Raise an error if an extract has no way for cars, or most lack nodes.

    Ways are cut at the edge of an extract; most of them are only in a file of which a part is
    missing, or whose ways precede their nodes.

    Raises
    ------
    InputError
        If that is so.
    """
    if n_clipped > MOST_CLIPPED * n_ways:
        msg = (
            f"{path} lacks nodes of most of its roads ({quantity(n_clipped, 'way')}): a part of "
            f"the file is missing, or ways precede their nodes. Download it again, or sort it: "
            f"osmium sort {path} -o sorted.osm.pbf"
        )
        raise InputError(msg)
    if not n_ways:
        msg = f"{path} contains no road for cars. Give an extract with roads."
        raise InputError(msg)


def stream_extract(path: Path, n_points: int = POINTS_AT_ONCE) -> Iterator[Extract]:
    """Yield the drivable ways of an extract in parts, in one pass, in the order of the file.

    Parameters
    ----------
    path
        As for `read_extract`.
    n_points
        Points per part; a part ends with the way that exceeds them.

    Raises
    ------
    InputError
        If it cannot be read.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "osmium")
    try:
        yield from _parts(path, n_points)
    except (OSError, RuntimeError, ValueError) as error:
        msg = f"{path} cannot be read as an OpenStreetMap extract: {error}."
        raise InputError(msg) from error


@dataclass(frozen=True)
class Kind:
    """Driving properties of a way, from its tags."""

    highway: str
    maxspeed: str
    direction: int
    duration_s: float


class Pieces:
    """Ways, or parts of one, whose nodes are all in the extract, until they become arrays."""

    def __init__(self) -> None:
        self.kinds: list[Kind] = []
        self.durations: list[float] = []
        self.lengths: list[int] = []
        self.points: list[tuple[int, float, float]] = []
        self.clipped = 0

    def add(self, kind: Kind, run: list[tuple[int, float, float]], duration_s: float) -> None:
        """Add the consecutive points of one."""
        self.kinds.append(kind)
        self.durations.append(duration_s)
        self.lengths.append(len(run))
        self.points += run

    def to_extract(self) -> Extract:
        """Return them as arrays."""
        node, lon, lat = zip(*self.points, strict=True) if self.points else ((), (), ())
        return Extract(
            node=np.array(node, np.int64),
            lon=np.array(lon, np.float64),
            lat=np.array(lat, np.float64),
            way=np.repeat(np.arange(len(self.lengths)), self.lengths),
            highway=tuple(kind.highway for kind in self.kinds),
            maxspeed=tuple(kind.maxspeed for kind in self.kinds),
            direction=np.array([kind.direction for kind in self.kinds], np.int8),
            duration_s=np.array(self.durations, np.float64),
            clipped=self.clipped,
        )


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
    highway, maxspeed = sys.intern(highway), sys.intern(tags.get("maxspeed", ""))
    return Kind(highway, maxspeed, _direction(highway, tags), duration)


def _is_closed(tags: Mapping[str, str]) -> bool:
    access = next((tags[key] for key in WHO if key in tags), "yes")
    return access in CLOSED or tags.get("area") == "yes"


def _direction(highway: str, tags: Mapping[str, str]) -> int:
    """Return the direction of a road: 1 along its nodes, -1 against them, 0 both."""
    value = tags.get("oneway", "")
    if value in BACKWARD:
        return -1
    implied = tags.get("junction") in ONE_WAY_BY_KIND or highway == "motorway"
    return 1 if value in FORWARD or (implied and value != "no") else 0


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


def _parts(path: Path, n_points: int) -> Iterator[Extract]:
    """Yield the drivable ways of an extract in parts; the last may only count clipped ways."""
    import osmium

    ways: Any = (
        osmium.FileProcessor(utf8_name(path))
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("highway", "route"))
    )
    pieces = Pieces()
    for way in ways:
        kind = kind_of(dict(way.tags))
        if kind is None:
            continue
        runs = list(_runs(way))
        pieces.clipped += len(way.nodes) > sum(len(run) for run in runs)
        shares = [_rough_length(run) for run in runs] if len(runs) > 1 else [1.0]
        total = sum(shares)
        for run, share in zip(runs, shares, strict=False):
            if len(run) > 1:
                part = share / total if total > 0 else 1.0
                pieces.add(kind, run, kind.duration_s * part)
        if len(pieces.points) >= n_points:
            yield pieces.to_extract()
            pieces = Pieces()
    if pieces.points or pieces.clipped:
        yield pieces.to_extract()


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

"""The roads of a file as a network, built once and cached.

The cache is a folder of stores (`tiles.store`), named by a fingerprint of their inputs: the hash of
the file, the version of osmnx, the speed model, and the area of a large file that is kept. Another
file, version or model therefore never gets the wrong roads. The folder is
``$COVERAGE_ANALYZER_CACHE``, else the user's cache folder (``$XDG_CACHE_HOME`` or ``~/.cache``,
``~/Library/Caches``, ``%LOCALAPPDATA%``), and can be deleted at any time.
"""

import json
import os
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from coverage_analyzer.errors import InputError, require
from coverage_analyzer.fingerprint import WatchedFiles, unchanged_during
from coverage_analyzer.policy.distances import TOP_KMH
from coverage_analyzer.roads.cubes import CUBE_M, ONE_TILE, Area
from coverage_analyzer.roads.tiles.store import FORMAT, TiledRoads, read_store, write_store
from coverage_analyzer.roads.ways.building import build_network, network_of_graph
from coverage_analyzer.roads.ways.compressed import LEAST_S, Network, compressed
from coverage_analyzer.roads.ways.edges import STRIDE_M
from coverage_analyzer.roads.ways.graph import SPEEDS

LARGE_BYTES: Final = 50_000_000
"""Size of an extract from which on only the roads near centers are kept."""

ATTRIBUTION: Final = "Roads © OpenStreetMap contributors (ODbL)"

built = network_of_graph
"""Old name of `ways.building.network_of_graph`, available for one release."""

__all__ = [
    "ATTRIBUTION",
    "Network",
    "built",
    "cache_folder",
    "compressed",
    "load_network",
    "open_roads",
]


def load_network(
    path: str | Path,
    *,
    cache: str | Path | None = None,
    speeds: Mapping[str, float] = SPEEDS,
) -> Network:
    """Return the road network of a file, from the cache if possible.

    Parameters
    ----------
    path
        An OpenStreetMap extract (``.osm.pbf``, ``.osm``, ``.osm.gz``, ``.osm.bz2``), or
        ``.graphml`` as saved by osmnx.
    cache
        Cache folder; by default that of the user (see the module).
    speeds
        Speed in km/h by kind of road, for roads without a tagged limit.

    Raises
    ------
    InputError
        If the file cannot be read, has no road, or changed while it was being read.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    return open_roads(path, cache=cache, speeds=speeds).network


def open_roads(
    path: str | Path,
    *,
    cache: str | Path | None = None,
    speeds: Mapping[str, float] = SPEEDS,
    area: Area | None = None,
) -> TiledRoads:
    """Return the roads of a file in tiles, from the cache if possible.

    Parameters
    ----------
    path, cache, speeds
        As for `load_network`.
    area
        Where the roads of a file of `LARGE_BYTES` or more are kept; of a smaller one all are, so
        that other centers find the same cached roads.

    Raises
    ------
    InputError
        If the file cannot be read, has no road, or changed while it was being read.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    path = Path(path)
    watched = WatchedFiles(path)
    if area is not None and _size(path) < LARGE_BYTES:
        area = None
    fingerprint = _fingerprint(path, watched, speeds, area)
    folder = Path(cache or cache_folder()) / f"roads-{fingerprint[:32]}"
    roads = read_store(folder, fingerprint)
    if roads is None:
        with unchanged_during(watched):
            network = build_network(path, fingerprint, speeds=speeds, area=area)
        roads = write_store(TiledRoads.of(network), folder)
    return roads


def cache_folder() -> Path:
    """Return the cache folder of networks, which may not exist yet."""
    if folder := os.environ.get("COVERAGE_ANALYZER_CACHE"):
        return Path(folder)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "coverage-analyzer"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _fingerprint(
    path: Path, watched: WatchedFiles, speeds: Mapping[str, float], area: Area | None
) -> str:
    """Return the hash of everything that a file's network depends on.

    Raises
    ------
    InputError
        If the file cannot be read.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "osmnx")
    version = metadata.version("osmnx")
    try:
        digest = watched.digest()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Give a file of roads (.osm.pbf)."
        raise InputError(msg) from error
    model = [FORMAT, version, path.suffix, STRIDE_M, LEAST_S, TOP_KMH, sorted(speeds.items())]
    tiles = [CUBE_M, ONE_TILE, "all" if area is None else area.text]
    digest.update(json.dumps([model, tiles]).encode())
    return str(digest.hexdigest())

"""A road network as a compressed graph, built once from an extract and cached.

The cache is a folder of ``.npz`` files, named by a fingerprint of their inputs: the hash of the
file, the version of osmnx, and the speed model. Another file, version or model therefore never gets
the wrong graph. The folder is ``$COVERAGE_ANALYZER_CACHE``, else the user's cache folder
(``$XDG_CACHE_HOME`` or ``~/.cache``, ``~/Library/Caches``, ``%LOCALAPPDATA%``), and can be deleted
at any time.
"""

import contextlib
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.errors import InputError, require
from coverage_analyzer.fingerprint import WatchedFiles, unchanged_during
from coverage_analyzer.policy.distances import TOP_KMH
from coverage_analyzer.roads.extract import FERRY, read_extract
from coverage_analyzer.roads.graph import SPEEDS, STRIDE_M, graph_of, read_graphml

FORMAT: Final = 2
"""Version of the cached file format, part of the fingerprint."""

LEAST_S: Final = 1e-3
"""Minimum time of an edge, since a sparse matrix may drop zero weights."""

ATTRIBUTION: Final = "Roads © OpenStreetMap contributors (ODbL)"


@dataclass(frozen=True)
class Network:
    """A directed graph of roads in compressed rows: the edges of node i are a slice.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84 of each node, shape (n,).
    start
        Start of the edges of each node, shape (n + 1,).
    end
        Target node of each edge, ascending within a row, shape (m,).
    seconds, metres
        Duration and length of each edge, shape (m,); between two nodes only the fastest is kept.
    ferry
        Whether it is a ferry, shape (m,).
    part
        Strongly connected component of each node; 0 is the largest, shape (n,).
    fingerprint
        Hash of its inputs.
    """

    lon: Floats
    lat: Floats
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    seconds: Floats
    metres: Floats
    ferry: Bools
    part: npt.NDArray[np.int32]
    fingerprint: str

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.lon)


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
    path = Path(path)
    watched = WatchedFiles(path)
    fingerprint = _fingerprint(path, watched, speeds)
    kept = Path(cache or cache_folder()) / f"roads-{fingerprint[:32]}.npz"
    network = _cached(kept, fingerprint)
    if network is None:
        with unchanged_during(watched):
            network = built(_graph(path, speeds), fingerprint)
        _keep(network, kept)
    return network


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


def built(graph: Any, fingerprint: str) -> Network:
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


def compressed(
    places: Floats,
    links: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
    attrs: tuple[Floats, Floats, Bools],
    fingerprint: str,
) -> Network:
    """Return edges as a network: the fastest between two nodes, without loops.

    Parameters
    ----------
    places
        Longitude and latitude of each node, shape (n, 2).
    links
        Start and end node of each edge.
    attrs
        Seconds, metres and ferry flag of each edge.
    fingerprint
        Hash of its inputs.
    """
    u, v = links
    seconds, metres, ferry = np.maximum(attrs[0], LEAST_S), attrs[1], attrs[2]
    order = np.lexsort((metres, seconds, v, u))
    order = order[u[order] != v[order]]
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(u[order]) != 0) | (np.diff(v[order]) != 0)
    kept = order[first]
    start = np.zeros(len(places) + 1, np.int32)
    np.cumsum(np.bincount(u[kept], minlength=len(places)), out=start[1:])
    end = v[kept].astype(np.int32)
    return Network(
        lon=np.ascontiguousarray(places[:, 0]),
        lat=np.ascontiguousarray(places[:, 1]),
        start=start,
        end=end,
        seconds=seconds[kept],
        metres=metres[kept],
        ferry=ferry[kept],
        part=_parts(start, end),
        fingerprint=fingerprint,
    )


def _parts(start: npt.NDArray[np.int32], end: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the strongly connected component of each node, numbered from the largest.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    require("roads", "scipy")
    from scipy.sparse import csgraph, csr_array

    n = len(start) - 1
    links = csr_array((np.ones(len(end), np.int8), end, start), shape=(n, n))
    _, label = csgraph.connected_components(links, connection="strong")
    rank = np.argsort(np.argsort(-np.bincount(label), kind="stable"), kind="stable")
    part: npt.NDArray[np.int32] = rank[label].astype(np.int32)
    return part


def _fingerprint(path: Path, watched: WatchedFiles, speeds: Mapping[str, float]) -> str:
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
    model = json.dumps(
        [FORMAT, version, path.suffix, STRIDE_M, LEAST_S, TOP_KMH, sorted(speeds.items())]
    )
    digest.update(model.encode())
    return str(digest.hexdigest())


def _graph(path: Path, speeds: Mapping[str, float]) -> Any:
    if path.suffix.lower() == ".graphml":
        return read_graphml(path, speeds)
    return graph_of(read_extract(path), speeds)


def _cached(path: Path, fingerprint: str) -> Network | None:
    """Return the network of a cached file; None if there is no usable one."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            if str(held["fingerprint"]) != fingerprint:
                return None
            values = {name: held[name] for name in held.files if name != "fingerprint"}
        return Network(**values, fingerprint=fingerprint)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def _keep(network: Network, path: Path) -> None:
    """Write a network to the cache atomically; on failure it is built again next time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **vars(network))
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise

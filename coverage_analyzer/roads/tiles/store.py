"""The roads of a file, cut into tiles on disk: built once, opened without reading them all.

A store is a folder of NumPy arrays (``.npy``, without pickle) with a ``manifest.json`` that has the
fingerprint of its inputs, and the length and checksum of each array. It is written under another
name and renamed, so that two processes that build the same one do not disturb each other. A store
that does not agree with its manifest is moved away and built again.
"""

import json
import os
import shutil
import tempfile
import time
import tokenize
import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Ints, distinct, slices
from coverage_analyzer.roads.cubes import ONE_TILE, cube_keys
from coverage_analyzer.roads.ways.compressed import Network

FORMAT: Final = 4
"""Version of the stored format, part of the fingerprint."""

ABANDONED_S: Final = 86_400
"""Age in seconds from which on an unfinished store is taken for that of a killed process."""

MANIFEST: Final = "manifest.json"
ARRAYS: Final = tuple(field.name for field in fields(Network) if field.name != "fingerprint")
TILES: Final = ("tile_key", "tile_first", "link_from", "link_to")
CHECKED_ITEMS: Final = 1 << 22
"""Items per step of a checksum."""

UNREADABLE: Final = (
    *(OSError, EOFError, MemoryError, RuntimeError, ArithmeticError, zipfile.BadZipFile),
    *(ValueError, LookupError, TypeError, AttributeError, tokenize.TokenError, zlib.error),
)
"""What reading a damaged or foreign file of the cache may raise, such as one with a flipped bit."""


@dataclass(frozen=True)
class TiledRoads:
    """A network whose nodes are ordered by tiles.

    Attributes
    ----------
    network
        All roads; its arrays may be on disk.
    tile_key
        Number of the cube of each tile (`cubes`), ascending; -1 for a single tile; shape (t,).
    tile_first
        First node of each tile, and the number of nodes, shape (t + 1,).
    link_from, link_to
        The strongly connected components that a road leads out of, and into; shape (k,) each.
    folder
        Folder of the store; None if the roads are only in memory.
    """

    network: Network
    tile_key: Ints
    tile_first: Ints
    link_from: npt.NDArray[np.int32]
    link_to: npt.NDArray[np.int32]
    folder: Path | None = None

    @classmethod
    def of(cls, network: Network) -> "TiledRoads":
        """Return a network in memory with its tiles."""
        key = np.full(len(network), -1)
        if len(network) > ONE_TILE:
            key = cube_keys(network.lon, network.lat)
        first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
        is_tiled = bool((np.diff(key[first]) > 0).all())
        if not is_tiled:  # ordered by something else
            key, first = np.full(1, -1), np.zeros(1, np.int64)
        links = _links(network)
        return cls(network, key[first], np.append(first, len(network)), *links)

    def __len__(self) -> int:
        """Return the number of tiles."""
        return len(self.tile_key)

    def components_after(self, part: int) -> Bools:
        """Return the components that roads lead to from one, itself included."""
        reached = np.zeros(int(self.network.part.max()) + 1, np.bool_)
        active = np.array([part])
        while len(active):
            reached[active] = True
            low, high = (np.searchsorted(self.link_from, active, s) for s in ("left", "right"))
            steps = [self.link_to[a:b] for a, b in zip(low, high, strict=True)]
            after = distinct(np.concatenate(steps))
            active = after[~reached[after]].astype(np.int64)
        return reached


def read_store(folder: Path, fingerprint: str) -> TiledRoads | None:
    """Return the roads of a store; None if it is missing or damaged.

    Roads of more than one tile stay on disk, and are read as needed.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest["fingerprint"] != fingerprint:
            return None
        held = {name: _read(folder, name, manifest["arrays"][name]) for name in ARRAYS + TILES}
    except UNREADABLE:
        return None
    network = Network(**{name: held[name] for name in ARRAYS}, fingerprint=fingerprint)
    return TiledRoads(network, **{name: held[name] for name in TILES}, folder=folder)


def write_store(roads: TiledRoads, folder: Path) -> TiledRoads:
    """Write roads to a store and return them as read from it.

    If the store cannot be written, or not read back, the roads in memory are returned: the next run
    builds them again.
    """
    part = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder.parent)
        part = Path(tempfile.mkdtemp(prefix=".roads-", suffix=".part", dir=folder.parent))
        _write(roads, part)
        _put(part, folder)
    except OSError:
        return roads
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return read_store(folder, roads.network.fingerprint) or roads


def _remove_abandoned(folder: Path) -> None:
    """Remove unfinished stores of processes that were killed; those of running ones are newer."""
    for path in folder.glob(".roads-*.part"):
        if path.stat().st_mtime < time.time() - ABANDONED_S:
            shutil.rmtree(path, ignore_errors=True)


def _write(roads: TiledRoads, folder: Path) -> None:
    values = {name: getattr(roads.network, name) for name in ARRAYS}
    values |= {name: getattr(roads, name) for name in TILES}
    described = {}
    for name, array in values.items():
        with (folder / f"{name}.npy").open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        described[name] = _described(array)
    manifest = {"fingerprint": roads.network.fingerprint, "arrays": described}
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")


def _put(part: Path, folder: Path) -> None:
    """Rename a finished store, in place of a damaged one.

    Raises
    ------
    OSError
        If that is not possible.
    """
    try:
        part.rename(folder)
    except OSError:
        # There is a damaged store, or that of a faster process, which is as good as this one.
        old = Path(tempfile.mkdtemp(prefix=".roads-", suffix=".part", dir=folder.parent))
        try:
            folder.rename(old / "store")
            part.rename(folder)
        finally:
            shutil.rmtree(old, ignore_errors=True)


def _read(folder: Path, name: str, expected: Any) -> Any:
    """Return an array of a store.

    Raises
    ------
    ValueError
        If it is not the one that was written.
    """
    array = np.lib.format.open_memmap(folder / f"{name}.npy", mode="r")  # never a pickle
    if _described(array) != expected:
        msg = f"{name} is damaged"
        raise ValueError(msg)
    return array if len(array) > ONE_TILE else np.array(array)


def _described(array: Any) -> dict[str, Any]:
    """Return what the manifest says of an array: its type, length and checksum."""
    check = 0
    for items in slices(len(array), CHECKED_ITEMS):
        check = zlib.crc32(memoryview(array[items]).cast("B"), check)
    return {"type": array.dtype.str, "length": len(array), "crc32": check}


def _links(network: Network) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return which components are linked by a road, without duplicates, ascending."""
    begin = np.repeat(network.part, np.diff(network.start))
    end = network.part[network.end]
    across = np.flatnonzero(begin != end)
    pairs = distinct(begin[across].astype(np.int64) << 32 | end[across])
    return (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)

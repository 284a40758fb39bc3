"""Searches of a run: one task per center, its result kept until the run has been published.

The result of a task is a file, named by a hash of everything that it depends on: the roads, the
node of the center, the nodes of its sites, and the limit. A run that is started again after it was
killed finds the results of finished centers and searches only for the rest. It does not matter
which process writes a result, nor in which order, so any number of processes gives the same bytes.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer.arrays import Ints
from coverage_analyzer.roads.search import Routes
from coverage_analyzer.roads.tiles.regions import Regions
from coverage_analyzer.roads.tiles.store import UNREADABLE

VERSION: Final = 1
"""Version of the search, part of the name of each result."""

KEPT_DAYS: Final = 30
"""Results of a run that was never finished are removed after this number of days."""


class SearchTask(NamedTuple):
    """One search.

    Attributes
    ----------
    node, targets
        The node of the center, and the nodes of its sites, ascending without duplicates.
    limit_s, last_m
        As for `regions.Regions.routes`.
    """

    node: int
    targets: Ints
    limit_s: float
    last_m: float

    def name(self, fingerprint: str) -> str:
        """Return the name of its result for some roads."""
        text = repr((VERSION, fingerprint, self.node, self.limit_s, self.last_m))
        digest = hashlib.sha256(text.encode())
        digest.update(np.ascontiguousarray(self.targets, np.int64).tobytes())
        return f"{digest.hexdigest()[:40]}.npz"


class SearchResults:
    """Results of searches in a folder.

    Parameters
    ----------
    folder
        It may not exist yet, or not be writable: then each run searches again.
    fingerprint
        That of the roads.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder, self.fingerprint = folder, fingerprint
        self._used: set[str] = set()

    def has(self, task: SearchTask) -> bool:
        """Return whether there is a result, usable or not."""
        return (self.folder / task.name(self.fingerprint)).exists()

    def routes(self, task: SearchTask, regions: Regions) -> Routes:
        """Return the result of a task, and keep it."""
        name = task.name(self.fingerprint)
        self._used.add(name)
        routes = _read(self.folder / name, len(task.targets))
        if routes is None:
            routes = regions.routes(task.node, task.targets, task.limit_s, task.last_m)
            if routes.leads.any():  # otherwise nothing was searched
                _write(self.folder / name, routes)
        return routes

    def discard(self) -> None:
        """Remove the results that were used, and old ones: the run is complete."""
        for name in self._used:
            with contextlib.suppress(OSError):  # one that stays is found again by name
                (self.folder / name).unlink(missing_ok=True)
        self._used.clear()
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():  # also what a killed process was writing
                if path.stat().st_mtime < time.time() - KEPT_DAYS * 86_400:
                    path.unlink()
            self.folder.rmdir()


def _read(path: Path, count: int) -> Routes | None:
    """Return a result; None if it is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            routes = Routes(*(held[name] for name in Routes._fields))
    except UNREADABLE:
        return None
    return routes if all(len(values) == count for values in routes) else None


def _write(path: Path, routes: Routes) -> None:
    """Write a result atomically; without space it is searched for again next time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **routes._asdict())
            Path(part).replace(path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise

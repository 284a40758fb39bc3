"""Search from many centers in several processes.

A worker is a fresh interpreter that opens the same store of roads, and writes its results to the
folder where the caller reads them (`search_tasks`). It gets numbers in a file and returns none, so
nothing is pickled, and a script that calls this needs no guard of its main module.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from coverage_analyzer.errors import InputError
from coverage_analyzer.roads.tiles.regions import Regions
from coverage_analyzer.roads.tiles.search_tasks import SearchResults, SearchTask
from coverage_analyzer.roads.tiles.store import TiledRoads, read_store

FEWEST_TASKS: Final = 8
"""Minimum number of searches for each process to be worth its start."""

CODE: Final = (
    "import sys; from coverage_analyzer.roads.tiles.search_processes import main; main(sys.argv)"
)


def search_in_processes(
    tasks: Sequence[SearchTask], store: Path, results: SearchResults, processes: int
) -> None:
    """Write missing results of tasks.

    It is not an error if a process ends early: its results are missing, and are computed when they
    are read.

    Parameters
    ----------
    tasks
        The searches.
    store
        The store of the roads.
    results
        Those that there are, of the same roads.
    processes
        Maximum number of processes, with this one.

    Raises
    ------
    InputError
        If the store was removed or damaged meanwhile.
    """
    open_tasks = [task for task in tasks if not results.has(task)]
    count = min(processes, len(open_tasks) // FEWEST_TASKS)
    if count < 2 or not sys.executable:
        return
    with tempfile.TemporaryDirectory(prefix="roads-") as work:
        path = Path(work) / "tasks.npz"
        _write_tasks(open_tasks, path)
        arguments = [str(a) for a in (store, results.folder, results.fingerprint, path, count)]
        workers = [_start([*arguments, str(n)]) for n in range(1, count)]
        try:
            regions = Regions(_open(store, results.fingerprint))
            for task in open_tasks[::count]:
                results.routes(task, regions)
            for worker in workers:
                worker.wait()
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def main(arguments: list[str]) -> None:
    """Search every n-th task of a file, as a worker of `search_in_processes`.

    Parameters
    ----------
    arguments
        After the name of the program: the store, the folder of results, the fingerprint of the
        roads, the file of tasks, the number of processes, and which of them this is.

    Raises
    ------
    InputError
        If the store was removed or damaged meanwhile.
    """
    store, folder, fingerprint, path, count, number = arguments[1:]
    parent = os.getppid()
    regions = Regions(_open(Path(store), fingerprint))
    results = SearchResults(Path(folder), fingerprint)
    for task in _read_tasks(Path(path))[int(number) :: int(count)]:
        if os.getppid() != parent:  # killed: nobody reads the rest
            return
        results.routes(task, regions)


def _open(store: Path, fingerprint: str) -> TiledRoads:
    """Return the roads of a store.

    Raises
    ------
    InputError
        If it was removed or damaged meanwhile.
    """
    roads = read_store(store, fingerprint)
    if roads is None:
        msg = f"{store} was removed or damaged while roads were searched. Run again."
        raise InputError(msg)
    return roads


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(  # noqa: S603 - this interpreter, with our own code and numbers
        [sys.executable, "-c", CODE, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _write_tasks(tasks: Sequence[SearchTask], path: Path) -> None:
    lengths = [len(task.targets) for task in tasks]
    np.savez(
        path,
        allow_pickle=False,
        node=np.array([task.node for task in tasks], np.int64),
        targets=np.concatenate([task.targets for task in tasks]),
        last=np.cumsum(lengths),
        limit_s=np.array([task.limit_s for task in tasks], np.float64),
        last_m=np.array([task.last_m for task in tasks], np.float64),
    )


def _read_tasks(path: Path) -> list[SearchTask]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
        targets = np.split(held["targets"], held["last"][:-1])
        numbers = [held[name].tolist() for name in ("node", "limit_s", "last_m")]
    return [
        SearchTask(node, own, limit_s, last_m)
        for node, own, limit_s, last_m in zip(numbers[0], targets, *numbers[1:], strict=True)
    ]

"""Spark against the engine of one process: CPU seconds of all processes, memory per worker.

``python benchmarks/spark.py [SITES ...]``, by default 10,000,000 sites x 1,000 centers, in 20
Parquet files or more of at most 500,000 rows; both engines read the same folder, and write the
report as Parquet, without areas and map. Spark runs as ``local[2]``; its CPU seconds have
everything: the start of Java, that of the Python workers, and the job. ``--rounds N`` repeats both
in turn and takes the median; ``--data DIR`` keeps the sites for the next time.
"""

import argparse
import ctypes
import itertools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from workload import CHUNK, centers, chunks

MOST_ROWS = 500_000
AS_OF = "2026-12-01"
CENTERS = 1_000
PR_SET_CHILD_SUBREAPER = 36
ENGINES = ("local", "spark")
SAMPLED_S = 0.1
MEGABYTE = 1_000_000


class Cost(NamedTuple):
    """What an engine needed: seconds, megabytes of its largest Python process and of Java."""

    cpu_s: float
    wall_s: float
    python_mb: float
    java_mb: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sites", nargs="*", type=int, default=[10_000_000])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--run", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(asked.run[0], Path(asked.run[1]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        for count in asked.sites:
            folder = (asked.data or Path(scratch)) / str(count)
            if not folder.exists():
                write_inputs(folder, count)
            compare(folder, count, asked.rounds)


def write_inputs(folder: Path, count: int) -> None:
    """Write sites and centers."""
    (folder / "sites").mkdir(parents=True)
    size = min(MOST_ROWS, max(count // 20, CHUNK)) // CHUNK
    for number, some in enumerate(batched(chunks(count), size)):
        tables = [pa.table(vars(each)).rename_columns({"identifier": "site_id"}) for each in some]
        pq.write_table(pa.concat_tables(tables), folder / "sites" / f"{number:04}.parquet")
    network = vars(centers(CENTERS))
    named = {"center_id" if n == "identifier" else n: v for n, v in network.items()}
    pyarrow.csv.write_csv(pa.table(named), folder / "centers.csv")


def batched(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Yield items in lists."""
    while some := list(itertools.islice(items, size)):
        yield some


def compare(folder: Path, count: int, rounds: int) -> None:
    """Run both engines in turn, and print what they needed."""
    costs: dict[str, list[Cost]] = {engine: [] for engine in ENGINES}
    for _ in range(rounds):
        for engine, measured in costs.items():
            command = [sys.executable, __file__, "--run", engine, str(folder)]
            measured.append(cost(command))
            shutil.rmtree(folder / engine)
    print(f"{count:,} sites x {CENTERS:,} centers, median of {rounds}")
    medians = {n: [statistics.median(v) for v in zip(*m, strict=True)] for n, m in costs.items()}
    for engine, values in medians.items():
        cpu, wall, python, java = values
        print(
            f"{engine:6} {cpu:7.1f} CPU s {wall:7.1f} s {python:6.0f} MB Python {java:6.0f} MB Java"
        )
    print(f"Spark over local, CPU: {medians['spark'][0] / medians['local'][0]:.2f}", flush=True)


def cost(command: list[str]) -> Cost:
    """Run a command to its end, with all processes that it starts, and return what it took.

    CPU seconds are sampled of each process: Spark's daemon of Python workers ignores their ends, so
    that the kernel adds what they took to nobody.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans come to us
    start, running = time.monotonic(), True
    seen: dict[tuple[int, int], float] = {}
    sizes = {"python": 0, "java": 0}
    subprocess.Popen(command)
    while running:
        time.sleep(SAMPLED_S)
        for process in processes():
            seen[process.number, process.start] = process.cpu_s
            kind = "java" if process.name == "java" else "python"
            sizes[kind] = max(sizes[kind], process.size)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            running = False
    wall = time.monotonic() - start
    return Cost(sum(seen.values()), wall, *(size / MEGABYTE for size in sizes.values()))


class Process(NamedTuple):
    """A process below this one: its own CPU seconds, resident bytes."""

    number: int
    start: int
    name: str
    cpu_s: float
    size: int


def processes() -> Iterator[Process]:
    """Yield the processes below this one."""
    found, parents, ticks = {}, {}, os.sysconf("SC_CLK_TCK")
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        name, rest = stat.partition("(")[2].rpartition(")")[0], stat.rpartition(")")[2].split()
        number, cpu_s = int(entry.name), (int(rest[11]) + int(rest[12])) / ticks
        parents[number] = int(rest[1])
        size = int(rest[21]) * resource.getpagesize()
        found[number] = Process(number, int(rest[19]), name, cpu_s, size)
    for number, process in found.items():
        above = number
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid() and number != above:
            yield process


def run(engine: str, folder: Path) -> None:
    """Run an engine on the inputs in a folder."""
    from coverage_analyzer import batch, spark

    os.environ.setdefault("PYSPARK_SUBMIT_ARGS", "--master local[2] pyspark-shell")
    job = spark.run if engine == "spark" else batch.run
    options = batch.Options(format="parquet", areas=False, map=False)
    sites, network = folder / "sites", folder / "centers.csv"
    told = job(sites, network, folder / engine, as_of=AS_OF, options=options)
    print(engine, told["ledger"], told["counts"]["status"], flush=True)


if __name__ == "__main__":
    main()

"""A cluster of Spark on this machine that loses a worker in the middle of a run, and what is left.

``python tools/spark_cluster.py [FOLDER] [SITES]``, by default a new folder below ``reports`` and
4,000,000 sites. A master and two workers are started as processes of their own on free ports of the
loopback, speculative execution on; each worker has an address of its own (127.0.0.2 ...), since
Spark speculates on another host only. Then

1. a run over many Parquet files, duplicates and map included; when a fifth of the parts is written,
   one worker and its executor are killed (SIGKILL), a new worker is started, and the other one is
   stopped (SIGSTOP) until Spark has run its task elsewhere, too, so that two attempts end;
2. `spark.assess` with a shuffle behind it; when the second stage runs, a worker is killed, so that
   the first stage has to be repeated.

All files are compared with those of the engine of one process, the report row by row. The log, with
every attempt that Spark made, is ``cluster.log`` in the folder. The exit code is 1 if anything
differs. Only processes that were started here are ended.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

ROOT: Final = Path(__file__).parents[1]
HOST: Final = "127.0.0.1"
SEED: Final = 20261124
FILE_ROWS: Final = 100_000
AS_OF: Final = "2026-12-01"
PATIENCE_S: Final = 240
SLOW_S: Final = 4
"""How long each task of a second stage waits, so that there is a middle."""

SETTINGS: Final = {
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.speculation": "true",
    "spark.speculation.interval": "200ms",
    "spark.speculation.quantile": "0.1",
    "spark.speculation.multiplier": "1.2",
    "spark.speculation.minTaskRuntime": "200ms",
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",  # both workers have tasks
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
    "spark.sql.files.maxPartitionBytes": "2m",
    "spark.sql.adaptive.enabled": "false",
    "spark.network.timeout": "900s",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
}


def main() -> int:
    """Start, run, kill, compare and tell; return the exit code."""
    (ROOT / "reports").mkdir(exist_ok=True)
    given = sys.argv[1] if sys.argv[1:] else tempfile.mkdtemp(prefix="cluster-", dir="reports")
    folder, count = Path(given).resolve(), int(([*sys.argv[2:], "4000000"])[0])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cluster.log").open("w", encoding="utf-8") as file:
        log = Log(file)
        sites, centers = write_inputs(folder, count)
        log(f"{count:,} sites in {len(list(sites.iterdir()))} files, seed {SEED}")
        with Cluster(folder, log) as cluster:
            log.check("the run that loses a worker", run(cluster, sites, centers, log))
            log.check("the shuffle that loses a worker", shuffle(cluster, sites, centers, log))
        log(f"log: {folder / 'cluster.log'}")
        return int(log.failed)


class Log:
    """Lines with a time, on standard output and in a file."""

    def __init__(self, file: Any) -> None:
        self._file, self._start, self.failed = file, time.monotonic(), False

    def __call__(self, text: str) -> None:
        """Write a line."""
        line = f"{time.monotonic() - self._start:7.1f} s  {text}"
        print(line, flush=True)
        self._file.write(line + "\n")
        self._file.flush()

    def check(self, what: str, faults: list[str]) -> None:
        """Write whether something is as it should be."""
        for fault in faults:
            self(f"FAULT {fault}")
        self.failed |= bool(faults)
        self(f"{what}: {'WRONG' if faults else 'nothing lost, nothing twice'}")


class Cluster:
    """A master and two workers, on free ports; a context that ends them."""

    def __init__(self, folder: Path, log: Log) -> None:
        import pyspark

        self.folder, self.log = folder, log
        self.home = Path(pyspark.__file__).parent
        self._port = free_port()
        self.master = f"spark://{HOST}:{self._port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environment = os.environ | {
            "SPARK_HOME": str(self.home),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_NO_DAEMONIZE": "1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_MASTER_OPTS": "-Dspark.worker.timeout=900",  # a stopped worker is not lost
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }

    def __enter__(self) -> Self:
        """Start the processes."""
        os.environ |= self.environment
        self._start("master", "master.Master", "--host", HOST, "--port", str(self._port))
        wait_for(lambda: is_open(self._port), "the master")
        for _ in range(2):
            self.start_worker()
        return self

    def __exit__(self, *_error: object) -> None:
        """End the processes, with what they have started."""
        for process in self._processes:
            kill(process)

    def start_worker(self) -> None:
        """Start a worker, and wait until the master knows it."""
        number = len(self.workers)
        port, work = free_port(), self.folder / f"worker-{number}"
        options = ["--host", f"127.0.0.{number + 2}", "--port", str(port), "--cores", "1"]
        options += ["--memory", "1g", "--work-dir", str(work)]
        worker = self._start(f"worker-{number}", "worker.Worker", *options, self.master)
        self.workers.append(worker)
        said = self.folder / f"worker-{number}.out"
        wait_for(lambda: b"Successfully registered" in said.read_bytes(), f"worker {number}")

    def _start(self, name: str, kind: str, *options: str) -> "subprocess.Popen[bytes]":
        """Start a process of Spark in a group of its own."""
        command = [str(self.home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}"]
        command += ["--webui-port", "0", *options]
        with (self.folder / f"{name}.out").open("wb") as said:
            process = subprocess.Popen(
                command,
                env=self.environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.folder,
            )
        self._processes.append(process)
        self.log(f"started {name}, process {process.pid}")
        return process

    def kill_worker(self, number: int) -> None:
        """Kill a worker with its executor, and start another one."""
        self.log(f"SIGKILL to worker-{number}, process {self.workers[number].pid}, and executors")
        kill(self.workers[number])
        self.start_worker()

    def stop_worker(self, number: int, until: Callable[[], bool]) -> None:
        """Stop a worker with its executor until a condition holds."""
        group = self.workers[number].pid
        self.log(f"SIGSTOP to worker-{number}, process {group}, and its executor")
        os.killpg(group, signal.SIGSTOP)
        try:
            wait_for(until, "a second attempt")
        finally:
            os.killpg(group, signal.SIGCONT)
            self.log(f"SIGCONT to worker-{number}")

    @contextmanager
    def session(self, name: str) -> Iterator[Any]:
        """Provide a session on the cluster; its events are logged below a folder of this name."""
        from pyspark.sql import SparkSession

        events = self.folder / name
        events.mkdir()
        settings = SETTINGS | {"spark.eventLog.dir": events.as_uri()}
        made = SparkSession.builder.master(self.master).config(map=settings).getOrCreate()
        made.sparkContext.setLogLevel("ERROR")
        try:
            yield made
        finally:
            made.stop()
        for line in attempts(events):
            self.log(line)


def run(cluster: Cluster, sites: Path, centers: Path, log: Log) -> list[str]:
    """Run a job that loses a worker, and return what differs from a run of one process."""
    from coverage_analyzer import batch, spark

    folder, options = cluster.folder, batch.Options(format="parquet")
    n_files = len(list(sites.iterdir()))

    def written() -> Counter[str]:
        found = folder.glob(".clustered.*.work/stage/*.parquet")
        return Counter(path.name.partition("-")[0] for path in found)

    def is_twice() -> bool:
        """Return whether two tasks have two attempts: the lost one, and that of the stopped one."""
        now = written()
        return len({task_of[int(part)] for part, n in now.items() if n > 1}) > 1 or not now

    def disturb() -> None:
        cluster.kill_worker(0)
        cluster.stop_worker(1, is_twice)

    task_of: dict[int, int] = {}
    with (
        cluster.session("events-run") as session,
        later(lambda: written().total() >= n_files // 5, disturb),
    ):
        task_of |= tasks(sites, session.sparkContext.defaultParallelism)
        told = spark.run(sites, centers, folder / "clustered", as_of=AS_OF, options=options)
    log(f"on the cluster: {told['ledger']}, {told['duplicates']}")
    here = batch.run(sites, centers, folder / "alone", as_of=AS_OF, options=options)
    log(f"one process:    {here['ledger']}, {here['duplicates']}")
    faults = [f"run.json: {key}" for key in here if told.get(key) != here[key] and key != "engine"]
    for name in {*here["files"]} - {"run.json", "rejects.csv"}:
        one, two = folder / "alone" / name, folder / "clustered" / name
        if name.startswith("report."):
            faults += report_faults(one, two, log)
        elif one.read_bytes() != two.read_bytes():
            faults.append(f"{name} differs")
    faults += [f"{path.name} is left" for path in folder.glob(".clustered*")]
    unknown = {path.name for path in (folder / "clustered").iterdir()} - {*told["files"]}
    return faults + [f"{name} is in the folder, but not in run.json" for name in unknown]


def tasks(sites: Path, n_cores: int) -> dict[int, int]:
    """Return the number of the task that reads a part, by the number of the part."""
    from coverage_analyzer.spark.part_run import TASKS_PER_CORE
    from coverage_analyzer.spark.parts import grouped, parts_of

    groups = grouped(parts_of(sorted(sites.iterdir())), TASKS_PER_CORE * n_cores)
    return {part.number: number for number, group in enumerate(groups) for part in group}


def report_faults(one: Path, two: Path, log: Log) -> list[str]:
    """Compare a report with one in parts, row by row and in order; return what differs."""
    parts = sorted(two.iterdir())
    mine, other = pq.read_table(one), pa.concat_tables([pq.read_table(p) for p in parts])
    log(f"{one.name}: {len(mine):,} rows against {len(other):,} in {len(parts)} parts")
    if mine.schema != other.schema or len(mine) != len(other):
        return [f"{one.name}: other columns, or another number of rows"]
    pairs = zip(mine.column_names, mine.columns, other.columns, strict=True)
    return [f"{one.name}: {name}" for name, a, b in pairs if not a.equals(b)]


def shuffle(cluster: Cluster, sites: Path, centers: Path, log: Log) -> list[str]:
    """Count verdicts behind a shuffle whose first stage is lost; return what differs."""
    from coverage_analyzer import spark

    expected = pq.read_table(cluster.folder / "alone" / "report.parquet", columns=["status"])
    rows = pc.value_counts(expected["status"]).to_pylist()
    alone = {row["values"]: row["counts"] for row in rows}

    def slow(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        time.sleep(SLOW_S)
        yield from batches

    with cluster.session("events-shuffle") as session:
        tracker = session.sparkContext.statusTracker()

        def is_second() -> bool:
            infos = [tracker.getStageInfo(n) for n in tracker.getActiveStageIds()]
            return any(info and info.numTasks == 6 and info.numCompletedTasks for info in infos)

        found = spark.assess(session.read.parquet(str(sites)), centers, as_of=AS_OF)
        spread = found.select("site_id", "status").repartition(6, "site_id")
        counted = spread.mapInArrow(slow, spread.schema)
        with later(is_second, lambda: cluster.kill_worker(1)):
            got = Counter[str]()
            for batch in counted.toArrow().to_batches():
                for each in pc.value_counts(batch.column("status")).to_pylist():
                    got[each["values"]] += each["counts"]
    log(f"behind a shuffle: {dict(got)}")
    return [] if dict(got) == alone else [f"statuses are {dict(got)}, not {alone}"]


@contextmanager
def later(condition: Callable[[], bool], action: Callable[[], None]) -> Iterator[None]:
    """Do something once, while the body runs, as soon as a condition holds.

    Raises
    ------
    RuntimeError
        If it never held.
    """
    done, over = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if condition():
                action()
                done.set()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_S)
    if not done.is_set():
        msg = "The run was over before a worker could be killed. Take more sites."
        raise RuntimeError(msg)


def attempts(events: Path) -> Iterator[str]:
    """Yield what Spark says of stages and tasks in its log of events."""
    started, ended, stages = Counter[str](), Counter[str](), Counter[str]()
    for path in sorted(p for p in events.rglob("*") if p.is_file() and p.suffix != ".crc"):
        for line in path.read_text("utf-8").splitlines():
            event = json.loads(line)
            kind = event["Event"].rpartition("Listener")[2]
            if kind == "TaskStart":
                info = event["Task Info"]
                started["speculative" if info["Speculative"] else "first"] += not info["Attempt"]
                started["speculative" if info["Speculative"] else "again"] += bool(info["Attempt"])
            elif kind == "TaskEnd":
                ended[event["Task End Reason"]["Reason"]] += 1
            elif kind == "StageSubmitted":
                info = event["Stage Info"]
                stages[f"stage {info['Stage ID']}"] += 1
            elif kind == "ExecutorRemoved":
                ended["(executor removed)"] += 1
    yield f"attempts of tasks: {dict(started)}; ends: {dict(ended)}"
    repeated = {name: n for name, n in stages.items() if n > 1}
    yield f"stages: {len(stages)}, repeated: {repeated or 'none'}"


def write_inputs(folder: Path, count: int) -> tuple[Path, Path]:
    """Write sites round centers in several countries, some with the id of another one."""
    sites, centers = folder / "sites", ROOT / "data" / "service_centers.csv"
    sites.mkdir()
    network = pyarrow.csv.read_csv(centers)
    lat, lon = (np.array(network[name]) for name in ("latitude", "longitude"))
    for number, start in enumerate(range(0, count, FILE_ROWS)):
        random = np.random.default_rng([SEED, number])
        n = min(FILE_ROWS, count - start)
        at = random.integers(0, len(lat), n)
        ids = np.arange(start, start + n)
        ids[::5000] //= 2  # ids that another file may have
        table = pa.table(
            {
                "site_id": [f"S{i}" for i in ids.tolist()],
                "latitude": np.clip(np.round(lat[at] + random.normal(0, 0.8, n), 6), -89, 89),
                "longitude": np.round((lon[at] + random.normal(0, 0.8, n) + 180) % 360 - 180, 6),
                "country": network["country"].take(pa.array(at)),
            }
        )
        pq.write_table(table, sites / f"{number:04}.parquet")
    return sites, centers


def free_port() -> int:
    """Return a free port of the loopback."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def is_open(port: int) -> bool:
    """Return whether a port of the loopback answers."""
    with socket.socket() as asked:
        return asked.connect_ex((HOST, port)) == 0


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something has started.

    Raises
    ------
    TimeoutError
        If it takes too long.
    """
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            msg = f"{what} does not start; see its .out file."
            raise TimeoutError(msg)
        time.sleep(0.1)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process that was started here, with its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())

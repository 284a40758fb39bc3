"""Spark against the engine of one process, in one sitting: 20 Parquet files, a report as Parquet.

``python benchmarks/spark.py [SITES CENTERS]``, by default 10,000,000 sites x 1,000 centers. The
local engine reads one file, so it has the same rows in one. Wall seconds; Spark runs as local[2]
and its start is told apart.
"""

import csv
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from workload import centers, sites

from coverage_analyzer import batch, spark

FILES = 20
AS_OF = "2026-12-01"


def write_sites(folder: Path, count: int) -> None:
    """Write the sites as some files in ``many``, and once more as ``one.parquet``."""
    (folder / "many").mkdir()
    table = pa.table(vars(sites(count))).rename_columns({"identifier": "site_id"})
    pq.write_table(table, folder / "one.parquet")
    for number in range(FILES):
        subset = table.slice(number * len(table) // FILES, len(table) // FILES)
        pq.write_table(subset, folder / "many" / f"{number:02}.parquet")


def write_centers(path: Path, count: int) -> None:
    """Write the network."""
    network = centers(count)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["center_id", "country", "latitude", "longitude"])
        writer.writerows(zip(*(v.tolist() for v in vars(network).values()), strict=True))


def session() -> SparkSession:
    """Return a session on two cores of this machine."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    return builder.config("spark.driver.host", "127.0.0.1").getOrCreate()


def main() -> None:
    """Measure and print."""
    count, network = (int(a) for a in sys.argv[1:] or ("10000000", "1000"))
    folder = Path(tempfile.mkdtemp())
    write_sites(folder, count)
    write_centers(folder / "centers.csv", network)
    options = batch.Options(format="parquet", areas=False, map=False)
    start = time.perf_counter()
    manifest = batch.run(
        folder / "one.parquet", folder / "centers.csv", folder / "a", as_of=AS_OF, options=options
    )
    local = time.perf_counter() - start
    print(f"{count:,} sites x {network:,} centers, {manifest['ledger']}")
    print(f"local engine: {local:.1f} s")
    start = time.perf_counter()
    running = session()
    start_s = time.perf_counter() - start
    start = time.perf_counter()
    same = spark.run(
        folder / "many", folder / "centers.csv", folder / "b", as_of=AS_OF, options=options
    )
    clustered = time.perf_counter() - start
    running.stop()
    print(f"Spark local[2]: {clustered:.1f} s = {clustered / local:.1f} x, start {start_s:.1f} s")
    print(f"the same counts: {same['counts'] == manifest['counts']}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()

"""What a comparison of two reports costs, beside other tools on the same files.

``python benchmarks/compare.py FOLDER [ROWS]`` makes two runs in FOLDER (1,000 centers, of which 8
close, so that about 1 % of the sites change; 1,000,000 sites, or ROWS) and prints a table of
processor seconds and peak memory. datacompy is measured if it is installed; it needs another pandas
than this package, so give an environment of its own with ``--peers PYTHON``. COMPARE.md has the
results.
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import data
from coverage_analyzer import batch

CLOSED = 8

OURS = """
import sys
from coverage_analyzer.batch._compare import compare
comparison = compare(sys.argv[1], sys.argv[2], sys.argv[3])
print(comparison["ledger"]["changed"])
"""

DUCKDB = """
import sys, duckdb
a, b = (f"{folder}/{sys.argv[4]}" for folder in sys.argv[1:3])
read = "read_parquet" if a.endswith("parquet") else "read_csv"
names = "level, status, reason, center_id, available_on".split(", ")
differs = " OR ".join(f"a.{n} IS DISTINCT FROM b.{n}" for n in names)
connection = duckdb.connect()
connection.execute("SET memory_limit = '600MB'; SET temp_directory = '/tmp/compare-duckdb'")
connection.execute("SET enable_progress_bar = false")
print(connection.execute(f'''
  SELECT count(*) FROM {read}('{a}') a FULL JOIN {read}('{b}') b USING (site_id) WHERE {differs}
''').fetchone()[0])
"""

PANDAS = """
import sys, pandas as pd
frames = []
for folder in sys.argv[1:3]:
    path = f"{folder}/{sys.argv[4]}"
    read = pd.read_parquet if path.endswith("parquet") else pd.read_csv
    frames.append(read(path))
both = pd.merge(*frames, on="site_id", how="outer", suffixes=("_from", "_to"), indicator=True)
names = "level status reason center_id available_on".split()
differs = both["_merge"] != "both"
for name in names:
    old, new = both[f"{name}_from"], both[f"{name}_to"]
    differs |= (old != new) & ~(old.isna() & new.isna())
print(int(differs.sum()))
"""

DATACOMPY = """
import sys, pandas as pd, datacompy
frames = []
for folder in sys.argv[1:3]:
    path = f"{folder}/{sys.argv[4]}"
    read = pd.read_parquet if path.endswith("parquet") else pd.read_csv
    names = ["site_id", "level", "status", "reason", "center_id", "available_on"]
    frames.append(read(path, **({"columns": names} if path.endswith("parquet") else
                                {"usecols": names})))
compared = datacompy.PandasCompare(*frames, join_columns="site_id")
print(len(compared.all_mismatch(ignore_matching_cols=True)))
"""


class Measurement(NamedTuple):
    """What a contestant took, and how many rows it says have changed."""

    name: str
    cpu_s: float
    peak_mb: float
    n_changed: str


def main() -> None:
    """Make the runs, measure all contestants, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--format", default="parquet", choices=("parquet", "csv"))
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--ours-only", action="store_true")
    args = parser.parse_args()
    runs = [make_run(args.folder, args.rows, args.format, side) for side in "ab"]
    older = [copy_without_inputs(run) for run in runs]
    out, report = args.folder / "out", f"report.{args.format}"
    results = [
        measure("compare, without causes", [sys.executable, "-c", OURS], [*older, out, report]),
        measure("compare, with causes", [sys.executable, "-c", OURS], [*runs, out, report]),
    ]
    if not args.ours_only:
        for name, text in (("DuckDB, SQL by hand: a count", DUCKDB), ("pandas.merge", PANDAS)):
            results.append(measure(name, [sys.executable, "-c", text], [*runs, out, report]))
        peer = [args.peers, "-c", DATACOMPY]
        results.append(measure("datacompy", peer, [*runs, out, report]))
    print(f"{args.rows:,} rows, {args.format}")
    print("| contestant | CPU s | peak MB | rows that changed |\n|---|---:|---:|---:|")
    for each in results:
        print(f"| {each.name} | {each.cpu_s:.1f} | {each.peak_mb:,.0f} | {each.n_changed} |")


def make_run(folder: Path, rows: int, kind: str, side: str) -> Path:
    """Return a run folder, made once."""
    run = folder / f"{kind}-{rows}-{side}"
    if not (run / "run.json").exists():
        centers = data.centers(1_000)
        if side == "b":
            header, *lines = centers.read_text("utf-8").splitlines()
            kept = random.Random(2).sample(lines, len(lines) - CLOSED)  # noqa: S311 - of centers
            centers = folder / "fewer.csv"
            centers.write_text("\n".join([header, *kept, ""]), "utf-8")
        options = batch.Options(format=kind, map=False, areas=False)  # type: ignore[arg-type]
        batch.run(data.sites(rows, kind), centers, run, as_of="2026-12-01", options=options)
    return run


def copy_without_inputs(run: Path) -> Path:
    """Return the folder as an earlier version wrote it, whose causes are not known."""
    older = run.with_name(f"{run.name}-older")
    if not older.exists():
        shutil.copytree(run, older, copy_function=os.link)
        manifest = json.loads((older / "run.json").read_text("utf-8"))
        manifest["files"].remove("policy.toml")
        (older / "run.json").unlink()
        (older / "run.json").write_text(json.dumps(manifest), "utf-8")
    return older


def measure(name: str, command: list[str], arguments: list[object]) -> Measurement:
    """Run a contestant in a process of its own."""
    shutil.rmtree(str(arguments[2]), ignore_errors=True)
    environment = os.environ | {"PYTHONPATH": "" if "datacompy" in name else os.environ.get(
        "PYTHONPATH", "")}  # fmt: skip
    watcher = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], check=True); "
        "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(u.ru_utime + u.ru_stime, u.ru_maxrss / 1000)"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", watcher, *command, *map(str, arguments)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    if done.returncode:
        return Measurement(name, float("nan"), float("nan"), done.stderr.strip().splitlines()[-1])
    *_, n_changed, figures = done.stdout.strip().splitlines()
    cpu, peak = map(float, figures.split())
    print(f"{name}: {time.monotonic() - start:.1f} s elapsed", file=sys.stderr)
    return Measurement(name, cpu, peak, n_changed)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()

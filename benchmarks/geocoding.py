"""What geocoding costs where the cache knows the answer: CPU seconds a row, and peak memory.

``python benchmarks/geocoding.py [ROWS]``, by default 100,000 rows of distinct addresses in parts,
all of them answered before. Each figure is that of a process of its own, less the same over ten
rows.
"""

import csv
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from coverage_analyzer import geocoding
from coverage_analyzer.batch import _geocode as job
from coverage_analyzer.geocoding import GeocodeOutcome, GeocodeResult, Grade, Service
from coverage_analyzer.geocoding.cache import Cache

RUNS: Final = 3
TARGET_MS: Final = 0.2
HEADER: Final = ("site_id", "street", "house_number", "postcode", "city", "country")
SERVER: Final = "http://127.0.0.1:9"
"""Nobody is there, and nobody is asked."""


def addresses(rows: int) -> list[tuple[str, ...]]:
    """Return addresses, each another one."""
    return [
        (f"S{n}", f"Long Street {n % 977}", str(n % 301), f"{n % 89_999:05}", f"Town {n}", "LI")
        for n in range(rows)
    ]


def prepare(folder: Path, rows: int) -> None:
    """Write addresses, and a cache that knows all of them."""
    name = f"nominatim {SERVER}"
    with (folder / f"{rows}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(addresses(rows))
    with Cache(folder / "cache.sqlite") as cache:
        cache.keep_version(name, "2026-11")
        for n, cells in enumerate(addresses(rows)):
            question = geocoding.query(dict(zip(HEADER[1:], cells[1:], strict=True)))
            assert question is not None
            matched = f"{n}, Long Street, Town {n}, Liechtenstein"
            place = {"lat": 47.0 + n / 1e6, "lon": 9.5, "matched": matched, "country": "LI"}
            answer = GeocodeResult(
                GeocodeOutcome.found, grade=Grade.rooftop, by=name, on="2026-11-24", **place
            )
            cache.keep(question.key(name, "2026-11"), answer)


def geocode(folder: Path, rows: int) -> None:
    """Geocode a file; print CPU seconds, peak memory in MB, and how many the cache answered."""
    start = time.process_time()
    service = Service(server=SERVER, cache=folder / "cache.sqlite")
    result = job.geocode(folder / f"{rows}.csv", folder / "sites.csv", service)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(seconds, peak, result["questions"]["cached"])


def measured(folder: Path, rows: int) -> tuple[float, float]:
    """Return the median of CPU seconds and of peak memory."""
    command = [sys.executable, __file__, str(folder), str(rows)]
    runs = [
        list(map(float, subprocess.run(command, check=True, capture_output=True).stdout.split()))
        for _ in range(RUNS)
    ]
    assert all(cached == rows for _, _, cached in runs)
    return statistics.median(t[0] for t in runs), statistics.median(t[1] for t in runs)


def main() -> None:
    """Measure, and compare with the target."""
    if len(sys.argv) == 3:
        geocode(Path(sys.argv[1]), int(sys.argv[2]))
        return
    rows = int([*sys.argv, "100000"][1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for n_rows in (10, rows // 10, rows):
            prepare(folder, n_rows)
        base, _ = measured(folder, 10)
        for n_rows in (rows // 10, rows):
            seconds, peak = measured(folder, n_rows)
            each = (seconds - base) / n_rows * 1e3
            verdict = "within" if each < TARGET_MS else "ABOVE"
            print(
                f"{n_rows:>9,} rows: {each:.4f} ms a row, {verdict} {TARGET_MS} ms; {peak:.0f} MB"
            )


if __name__ == "__main__":
    main()

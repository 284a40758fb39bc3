"""What reading and validating a text file of sites costs: CPU seconds and peak memory.

``python benchmarks/reading.py [ROWS]``, by default 1,000,000 rows of 6 columns (about 107 MB): a
clean file, one with a quote left open in one of a hundred blocks, and one with some in every block.
Each figure is that of a process of its own, less the CPU seconds of the same over ten rows.
"""

import csv
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from coverage_analyzer.files import table
from coverage_analyzer.files.readers import delimited
from coverage_analyzer.schema import columns

RUNS: Final = 5
SEED: Final = 20261124
HEADER: Final = ("site_id", "name", "country", "latitude", "longitude", "notes")
WORDS: Final = ("Nörd", "rack 7", "hall B", "customer", 'the "old" one', "dock, left", "2nd floor")


def write(path: Path, rows: int, broken_each: int = 0) -> None:
    """Write sites with a seed; every so many rows, a quote is left open."""
    chance = random.Random(SEED)  # noqa: S311 - no secret
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in range(rows):
            lat, lon = chance.uniform(-90, 90), chance.uniform(-180, 180)
            name, notes = (" ".join(chance.choices(WORDS, k=k)) for k in (2, 5))
            if broken_each and row % broken_each == broken_each // 2:
                file.write(f'S{row:07},"{name[:4]},US,{lat:.6f},{lon:.6f},open\n')
            else:
                cells = (f"S{row:07}", name, chance.choice(("US", "DE", "FR")))
                writer.writerow((*cells, f"{lat:.6f}", f"{lon:.6f}", notes))


def read(path: Path) -> None:
    """Read a file, and print CPU seconds, peak memory in MB, rows and rejects."""
    start = time.process_time()
    usable = rejects = 0
    for rows in table.open_table(path, columns.SITES).rows():
        usable += len(rows.block.lines)
        rejects += len(rows.rejects)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(seconds, peak, usable, rejects)


def measured(path: Path) -> tuple[float, float, int, int]:
    """Return the median of CPU seconds and of peak memory, rows and rejects."""
    command = [sys.executable, __file__, str(path)]
    runs = [
        subprocess.run(command, check=True, capture_output=True).stdout.split() for _ in range(RUNS)
    ]
    seconds, peak = (statistics.median(float(line[i]) for line in runs) for i in (0, 1))
    return seconds, peak, int(runs[0][2]), int(runs[0][3])


def main() -> None:
    """Measure and print; over a file that is named, once."""
    argument = sys.argv[1] if len(sys.argv) > 1 else "1000000"
    if not argument.isdigit():
        read(Path(argument))
        return
    count = int(argument)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "sites.csv"
        write(path, 10)
        base = measured(path)[0]
        in_block = delimited.BLOCK_BYTES // 107
        for what, each in (("clean", 0), ("1 %", 100 * in_block), ("all", in_block // 4)):
            write(path, count, min(each, count))
            seconds, peak, usable, rejects = measured(path)
            print(
                f"{what:>5} blocks with open quotes: " if each else f"{what:>5}: ",
                f"{path.stat().st_size / 1e6:.0f} MB, CPU seconds {seconds - base:.2f}, "
                f"peak {peak:.0f} MB, {usable:,} rows, {rejects:,} rejects",
                sep="",
            )


if __name__ == "__main__":
    main()

"""The same small job by hand and by `run`: lines of code, CPU seconds, and rows that differ.

    python benchmarks/by_hand.py          # print the table
    python benchmarks/by_hand.py --write  # put it into docs/by-hand.md

PostGIS and QGIS are left out, with a note, where they are not installed. ``POSTGRES_BIN`` names the
folder of a PostgreSQL with PostGIS.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

ROOT: Final = Path(__file__).parents[1]
PROGRAMS: Final = Path(__file__).parent / "by_hand"
SITES, CENTERS = ROOT / "data" / "customer_sites.csv", ROOT / "data" / "service_centers.csv"
DAY: Final = "2026-12-01"
PAGE: Final = ROOT / "docs" / "by-hand.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"

ROUNDS: Final = 2
"""How often each is run; the fastest counts."""


@dataclass(frozen=True)
class Differences:
    """Rows in which a program by hand differs from `run`."""

    too_much: int
    """Yes, but `run` says no."""
    too_little: int
    """No, but `run` says yes."""
    doubtful: int
    """Yes, but `run` says review."""
    lost: int
    """Missing, but `run` decides it."""


def differences(report: pd.DataFrame, by_hand: pd.DataFrame) -> Differences:
    """Compare answers by hand with a report of `run`, by ``site_id``.

    Parameters
    ----------
    report
        With ``site_id`` and ``status``.
    by_hand
        With ``site_id`` and ``qualified``; of several rows of a site, one yes is a yes.

    Returns
    -------
    Differences
        How many rows differ, by kind.
    """
    says_yes = by_hand.set_index("site_id")["qualified"].map(is_yes).groupby(level=0).any()
    rows = report.set_index("site_id")["status"]
    answered = rows.index.isin(says_yes.index)
    yes = rows.index.to_series().map(says_yes).eq(True).to_numpy()
    return Differences(
        too_much=int((yes & rows.isin(["fallback", "pending"])).sum()),
        too_little=int((answered & ~yes & rows.eq("qualified")).sum()),
        doubtful=int((yes & rows.eq("review")).sum()),
        lost=int((~answered).sum()),
    )


def is_yes(cell: object) -> bool:
    """Return whether a cell says yes, as pandas, PostgreSQL and QGIS write it."""
    return str(cell) in {"True", "t", "1"}


def read(path: Path) -> pd.DataFrame:
    """Read a table as text, so that no id is taken for a missing value."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def lines(program: Path) -> int:
    """Count the lines of a program that are neither empty, nor a comment, nor its docstring."""
    kept = (line.strip() for line in program.read_text("utf-8").splitlines())
    return sum(bool(line) and not line.startswith(("#", "--", '"""')) for line in kept)


def run(folder: Path) -> Path:
    """Assess the sites with the package, and return the report."""
    command = [sys.executable, "-m", "coverage_analyzer", "run", SITES, "--centers", CENTERS]
    options = ["--as-of", DAY, "-o", folder / "report", "--quiet", "--no-settings"]
    subprocess.run([*command, *options], check=True, capture_output=True)
    return folder / "report" / "report.csv"


def python(name: str) -> Callable[[Path], Path]:
    """Return what runs a program in Python, and returns its output."""

    def called(folder: Path) -> Path:
        out = folder / f"{name}.csv"
        command = [sys.executable, PROGRAMS / f"{name}.py", SITES, CENTERS, out, DAY]
        subprocess.run(command, check=True, capture_output=True)
        return out

    return called


def postgis(folder: Path) -> Path:
    """Run the script on a server of its own, and return its output."""
    sys.path.insert(0, str(ROOT / "benchmarks" / "peers"))
    from postgis_join import matched, programs

    shutil.copy(SITES, folder / "sites.csv")
    shutil.copy(CENTERS, folder / "centers.csv")
    script = (PROGRAMS / "dwithin.sql").read_text("utf-8")
    matched(folder, programs(), f"\\set ON_ERROR_STOP on\n\\set day {DAY}\n{script}")
    return folder / "report.csv"


def qgis(folder: Path) -> Path:
    """Run the steps in QGIS without its window, and return their output."""
    out = folder / "qgis.csv"
    own = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    command = ["bash", PROGRAMS / "nearest_qgis.sh", SITES, CENTERS, out]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=own)
    return out


CONTESTANTS: Final = (
    ("geopandas, circles on the web map's plane", "buffers.py", python("buffers")),
    ("geopandas, `sjoin_nearest`", "nearest.py", python("nearest")),
    ("QGIS, *Join attributes by nearest*", "nearest_qgis.sh", qgis),
    ("PostGIS, `ST_DWithin` of geographies", "dwithin.sql", postgis),
    ("pandas and pyproj, all geodesics", "geodesics.py", python("geodesics")),
)
"""What is said of a program, its file, and what runs it."""


def timed(work: Callable[[Path], Path]) -> tuple[float, pd.DataFrame]:
    """Return the CPU seconds of the fastest run, and the output."""
    seconds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            start = resource.getrusage(resource.RUSAGE_CHILDREN)
            out = work(Path(name))
            ended = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = ended.ru_utime - start.ru_utime, ended.ru_stime - start.ru_stime
            seconds.append(sum(used))
            table = read(out)
    return min(seconds), table


def measured() -> str:
    """Run all, and return the table."""
    seconds, report = timed(run)
    rows = [
        "| program | lines | CPU s | yes, but no | no, but yes | yes, but unclear | rows lost |",
        "|---|--:|--:|--:|--:|--:|--:|",
        f"| **`coverage-analyzer run`** | 1 | {seconds:.1f} | | | | |",
    ]
    for title, file, work in CONTESTANTS:
        try:
            seconds, answers = timed(work)
        except (OSError, subprocess.SubprocessError, SystemExit) as error:
            print(f"{title}: left out: {error}", file=sys.stderr)
            continue
        result = differences(report, answers)
        counts = (result.too_much, result.too_little, result.doubtful, result.lost)
        link = f"[{title}](../benchmarks/by_hand/{file})"
        cells = " | ".join(f"{count:,}" for count in counts)
        rows.append(f"| {link} | {lines(PROGRAMS / file)} | {seconds:.1f} | {cells} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Print the table, or put it into the page."""
    table = measured()
    print(table)
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(before + BEGIN + table + END + after, "utf-8")


if __name__ == "__main__":
    os.nice(5)
    main()

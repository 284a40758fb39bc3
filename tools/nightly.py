"""Run what takes too long for every change, and keep when each step passed last, and with what.

``python tools/nightly.py [STEP ...]`` runs all steps, or those named, to the end even if one fails,
and writes the results into ``docs/development.md``. A step whose programs are not installed is left
out, and says so.
"""

import datetime
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "development.md"
EXTRACT: Final = Path(os.environ.get("EXTRACT", ROOT.parent / "shared/osm/liechtenstein.osm.pbf"))


class Step(NamedTuple):
    """A step: what it is for, its command, what it adds to the environment, what it needs."""

    what: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = MappingProxyType({})
    needs: tuple[str, ...] = ()


THOROUGH: Final = ("disks", "bombs", "held_runs", "kills")
PYTEST: Final = (sys.executable, "-m", "pytest", "-q")

STEPS: Final = {
    "thorough": Step(
        "disks that fail, runs that are killed, in every place; larger files",
        (*PYTEST, *(f"tests/faults/test_{name}.py" for name in THOROUGH)),
        {"THOROUGH": "1"},
    ),
    "laws": Step(
        "property tests with ten times as many examples",
        (*PYTEST, "tests/property", "tests/unit/test_positions.py"),
        {"THOROUGH": "1"},
    ),
    "policies": Step(
        "no word of another vendor, with every policy",
        (*PYTEST, "tests/unit/test_no_leaks.py"),
        {"EVERY_POLICY": "1"},
    ),
    "clocks": Step(
        "due times against counting minute by minute",
        (*PYTEST, "tests/property/test_clock_laws.py"),
        {"CLOCK_CASES": "3000"},
    ),
    "siting": Step(
        "questions of siting against all plans",
        (*PYTEST, "tests/conformance/test_siting_brute_force.py"),
        {"SITING_CASES": "500"},
    ),
    "fuzz": Step("files changed at random", (sys.executable, "tests/fuzz.py", "2")),
    "mutants": Step("one wrong line at a time is noticed", (sys.executable, "tests/mutants.py")),
    "clients": Step(
        "reports as LibreOffice, QGIS, DuckDB, sqlite and PostgreSQL read them",
        (sys.executable, "tools/open_reports.py", "reports/nightly"),
    ),
    "pythons": Step(
        "other Pythons as far as present, and the oldest libraries",
        (sys.executable, "tools/matrix.py"),
    ),
    "spark": Step(
        "the oldest Spark that is allowed, in an environment of its own",
        (sys.executable, "tools/matrix.py", "--spark"),
        needs=("java",),
    ),
    "cluster": Step(
        "a cluster of Spark that loses a worker in the middle of a run",
        (sys.executable, "tools/spark_cluster.py"),
        needs=("java",),
    ),
    "by-hand": Step(
        "the small job by hand, as its page shows it",
        (*PYTEST, "tests/documentation/test_by_hand.py"),
    ),
    "services": Step(
        "a real Nominatim over an extract",
        (sys.executable, "tools/nominatim.py", str(EXTRACT)),
        needs=("psql", "osm2pgsql"),
    ),
}
"""In their order."""

PROGRAMS: Final = {
    "Chromium": ("chromium", "--version"),
    "PostgreSQL": ("psql", "--version"),
    "LibreOffice": ("soffice", "--version"),
    "QGIS": ("qgis_process", "--version"),
    "Java": ("java", "-version"),
    "node": ("node", "--version"),
}


def run(name: str) -> str:
    """Run a step; return its result in words."""
    step = STEPS[name]
    missing = [program for program in step.needs if not shutil.which(program)]
    if missing:
        return f"not run: {' and '.join(missing)} not installed"
    if name == "services" and not EXTRACT.is_file():
        return "not run: no extract of OpenStreetMap (EXTRACT)"
    begun = time.monotonic()
    print(f"== {name}: {step.what}", flush=True)
    done = subprocess.run(
        step.command, cwd=ROOT, env={**os.environ, **step.environment}, check=False
    )
    took = (time.monotonic() - begun) / 60
    return f"{'passed' if done.returncode == 0 else 'FAILED'} in {took:.1f} min"


def versions() -> str:
    """Return the versions of the programs that the steps use."""
    found = [f"Python {sys.version.split()[0]}"]
    for name, command in PROGRAMS.items():
        if not shutil.which(command[0]):
            continue
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        number = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
        found += [f"{name} {number[0]}"] if number else []
    return ", ".join(found)


def write(results: dict[str, str]) -> None:
    """Put results, with their day, into the table of the page; those of other steps stay."""
    text = PAGE.read_text("utf-8")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    for name, result in results.items():
        row = f"| `{name}` | {STEPS[name].what} | {today} | {result} |"
        text = re.sub(rf"^\| `{name}` \|.*$", lambda _, row=row: row, text, flags=re.MULTILINE)
    text = re.sub(
        r"(?m)^Versions of the last run: .*$", f"Versions of the last run: {versions()}.", text
    )
    PAGE.write_text(text, encoding="utf-8")


def main(names: list[str]) -> int:
    """Run the steps; return 1 if one failed."""
    results = {}
    for name in names or STEPS:
        results[name] = run(name)
        write({name: results[name]})
    print("\n".join(f"{name:10} {result}" for name, result in results.items()))
    return int(any(result.startswith("FAILED") for result in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

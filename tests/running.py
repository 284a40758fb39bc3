"""Small files for runs, and what a run's folder holds, read with Python's own means."""

import csv
import json
import os
from pathlib import Path
from typing import Any

from coverage_analyzer import batch

AS_OF = "2026-12-01"

THOROUGH = bool(os.environ.get("THOROUGH"))
"""Whether tests try all that they could, as `make nightly` does, instead of the most telling."""


def every(stride: int) -> int:
    """Return by how much steps go on that take long each: by one where all are tried."""
    return 1 if THOROUGH else stride


CENTERS = """\
center_id,name,country,latitude,longitude,opens_on,closes_on
PHL,Philadelphia,US,39.95,-75.16,,
PAR,Paris,FR,48.8566,2.3522,2020-01-01,
BSL,Basel,CH,47.5596,7.5886,,
WDH,Windhoek,NA,-22.56,17.08,,
BOI,Boise,US,43.615,-116.2023,2026-12-15,
BGO,Bergen,NO,60.39,5.32,,2026-06-30
"""

SITES = """\
site_id,name,country,latitude,longitude,accuracy_m
0001,"Alpha, ""A"" B",US,40.0,-75.0,
0002,Bêta,FR,48.85,2.35,50
0003,Weil,DE,47.5930,7.6110,
0004,Null,NA,-22.57,17.09,
0005,Boise,US,43.60,-116.20,
0006,Bergen,NO,60.39,5.33,
0007,bad,US,40_5,-75,
0008,lost,US,0,0,
0009,nowhere,Atlantis,40,-75,

0010,far,US,45.0,-100.0,
0011,swapped,AU,151.2,-33.9,
"""

READ = 12
"""Records of `SITES`, the blank line included."""


def centers_file(folder: Path, text: str = CENTERS) -> Path:
    """Write the network."""
    path = folder / "network.csv"
    path.write_text(text, encoding="utf-8")
    return path


def sites_file(folder: Path, text: str | bytes = SITES, name: str = "sites.csv") -> Path:
    """Write sites."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def judged(folder: Path, text: str | bytes = SITES, **options: Any) -> dict[str, Any]:
    """Run over small files in a folder; the report is in its ``out``."""
    sites, centers = sites_file(folder, text), centers_file(folder)
    return batch.run(sites, centers, folder / "out", **({"as_of": AS_OF} | options))


def part_of(folder: Path, name: str) -> Path | None:
    """Return where a run in progress writes a file of a folder, once it does."""
    return next(folder.glob(f".coverage-analyzer-*/new/{name}"), None)


def cells(path: Path) -> list[list[str]]:
    """Return a CSV file's rows, the header first, by Python's own reader."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def records(path: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows by their headers."""
    header, *rows = cells(path)
    return [dict(zip(header, row, strict=True)) for row in rows]


def manifest(folder: Path) -> dict[str, Any]:
    """Return what ``run.json`` holds."""
    loaded: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return loaded


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder and of those in it, hidden ones too; folders if empty."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else b"folder"
        for p in sorted(folder.rglob("*"))
        if p.is_file() or not (p.is_dir() and any(p.iterdir()))
    }

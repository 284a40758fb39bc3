"""The files of a run folder: the report, the rejects, the summary, the centers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer import documents
from coverage_analyzer.countries import Names, Numbers
from coverage_analyzer.files.writers.delimited import SAFE, Style, write_rows
from coverage_analyzer.files.writers.formats import FORMATS
from coverage_analyzer.matching.centers import Centers

FILES: Final = (
    *(f"report.{kind}" for kind in FORMATS),
    "rejects.csv",
    "summary.csv",
    "centers.csv",
    "areas.geojson",
    "drive_times.csv",
    "service_areas.geojson",
    "map.html",
    "run.json",
)
"""All files that a run folder may contain."""

SUMMARY: Final = ("site_country", "level", "status", "sites")

Counts = Mapping[tuple[str, str, str], int]
"""Columns of the number of sites by country, level and status."""


def earlier_files(folder: Path) -> list[str]:
    """Return the files in a folder that an earlier run lists as its own."""
    try:
        names = documents.read_json(folder / "run.json")["files"]
        return [name for name in names if isinstance(name, str) and name in FILES]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def write_summary(path: Path, counts: Counts, style: Style = SAFE) -> None:
    """Write the number of sites by country, level and status."""
    write_rows(path, SUMMARY, [(*key, n) for key, n in sorted(counts.items())], style)


def write_centers(
    path: Path, centers: Centers, country: Numbers, names: Names, style: Style = SAFE
) -> None:
    """Write the centers as used, with the country assigned to each.

    One that is ordered, and whose opening is not known, opens on the latest day of its window.
    """
    columns: dict[str, Sequence[Any]] = {
        "center_id": centers.center_id,
        "name": centers.name,
        "country": centers.country,
        "latitude": centers.lat.tolist(),
        "longitude": centers.lon.tolist(),
        "opens_on": _days(centers.opens_on),
        "closes_on": _days(centers.closes_on),
        "center_country": [names.codes[n] for n in country.tolist()],
        "ordered_on": _days(centers.ordered_on),
        "opens_earliest_on": _days(centers.earliest_on),
        "region": centers.assigned_regions(country, names).codes,
    }
    write_rows(path, list(columns), list(zip(*columns.values(), strict=True)), style)


def _days(values: Any) -> list[str]:
    return ["" if np.isnat(v) else str(v) for v in values]


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write the inputs and results of a run."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    # Halves of characters, as names of files that are not UTF-8 have them, come as JSON's escapes.
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")

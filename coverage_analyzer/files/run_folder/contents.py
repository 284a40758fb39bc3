"""The files of a run folder: the report, the rejects, the summary, the centers."""

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays, documents
from coverage_analyzer.countries import Names, Numbers
from coverage_analyzer.files.writers.delimited import SAFE, Style, write_rows
from coverage_analyzer.files.writers.formats import FORMATS
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.policy.area_files import MAX_AREA_FILES
from coverage_analyzer.schema.days import Days

FILES: Final = (
    *(f"report.{kind}" for kind in FORMATS),
    "rejects.csv",
    "summary.csv",
    "summary.html",
    "centers.csv",
    "policy.toml",
    *(f"policy_areas_{number}.geojson" for number in range(1, MAX_AREA_FILES + 1)),
    "products.csv",
    "areas.geojson",
    "drive_times.csv",
    "service_areas.geojson",
    "map.html",
    "run.json",
)
"""All files that a run folder may contain."""

CENTER_COUNTRY_NAME: Final = "center_country_name"
"""The name of a center's country: in workbooks only."""

COUNTRY_NAME: Final = "site_country_name"
"""The name of a site's country, next to its code in ``summary.csv``."""

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


def write_summary(path: Path, counts: Counts, names: Names, style: Style = SAFE) -> None:
    """Write how many sites there are by country, level and status, with the name of the country."""
    title_of = dict(zip(names.codes, names.titles, strict=True))
    rows = [
        (country, title_of.get(country, ""), *rest, n)
        for (country, *rest), n in sorted(counts.items())
    ]
    country, *others = SUMMARY
    write_rows(path, (country, COUNTRY_NAME, *others), rows, style)


def write_centers(path: Path, centers: pa.RecordBatch, style: Style = SAFE) -> None:
    """Write the centers as used, as `center_rows` returns them, but for the names of countries."""
    names = [name for name in centers.schema.names if name != CENTER_COUNTRY_NAME]
    columns = [[_csv_text(v) for v in centers.column(name).to_pylist()] for name in names]
    write_rows(path, names, list(zip(*columns, strict=True)), style)


def _csv_text(value: Any) -> Any:
    """Return a day as text, and nothing for what is missing."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime.date) else value


def center_rows(centers: Centers, country: Numbers, names: Names) -> pa.RecordBatch:
    """Return the centers as used, with the country assigned to each.

    An ordered center with an unknown opening day opens on the latest day of its window.

    Parameters
    ----------
    centers
        As used.
    country
        The number of the country of each. Shape (n,).
    names
        Of countries.
    """
    numbers = country.tolist()
    columns: dict[str, pa.Array] = {
        "center_id": arrays.text_array(centers.center_id),
        "name": arrays.text_array(centers.name),
        "country": arrays.text_array(centers.country),
        "latitude": arrays.from_numpy(centers.lat),
        "longitude": arrays.from_numpy(centers.lon),
        "opens_on": _days(centers.opens_on),
        "closes_on": _days(centers.closes_on),
        "center_country": arrays.text_array([names.codes[n] for n in numbers]),
        CENTER_COUNTRY_NAME: arrays.text_array([names.titles[n] for n in numbers]),
        "ordered_on": _days(centers.ordered_on),
        "opens_earliest_on": _days(centers.earliest_on),
        "region": arrays.text_array(centers.assigned_regions(country, names).codes),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _days(values: Days) -> pa.Array:
    return arrays.from_numpy(values, np.isnat(values))


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write the inputs and results of a run."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    # Lone surrogates, from file names that are not UTF-8, become JSON escapes.
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")

"""What is known of a run without its report: the record that rules compare."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from coverage_analyzer import countries, documents
from coverage_analyzer.comparison.figures import RunRecord
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import formulas
from coverage_analyzer.files.run_folder.manifest import style_of
from coverage_analyzer.files.run_folder.publishing import MANIFEST
from coverage_analyzer.files.run_folder.read_back import centers_as_used
from coverage_analyzer.files.writers.delimited import Style

RECORD: Final = (MANIFEST, "summary.csv", "centers.csv")
"""The files that it is read from."""


def read_record(folder: Path, shown: str = "") -> RunRecord | None:
    """Return the record of the run in a folder; None if there is no run in it.

    Parameters
    ----------
    folder
        With the files of `RECORD`.
    shown
        The folder in messages, if these are copies.

    Raises
    ------
    InputError
        If there is one, but a file of it is damaged.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        manifest = documents.read_json(path)
        return record_of(folder, dict(manifest))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = (
            f"The run in {shown or folder} cannot be compared with: {error}. "
            f"Remove the folder, or run once with --hold-if none."
        )
        raise InputError(msg) from error


def record_of(folder: Path, manifest: Mapping[str, Any]) -> RunRecord:
    """Return the record of a run, given its manifest, whose other files are in a folder.

    Raises
    ------
    InputError
        If the centers cannot be used.
    KeyError
        If the manifest lacks the list of files.
    OSError
        If a file is missing.
    ValueError
        If the summary is damaged.
    """
    style, centers = style_of(manifest), None
    if "centers.csv" in manifest["files"]:
        used, _ = centers_as_used(folder, countries.load(), style)
        places = zip(used.lat.tolist(), used.lon.tolist(), strict=True)
        centers = dict(zip(used.center_id, places, strict=True))
    return RunRecord(manifest, _places(folder / "summary.csv", style), centers)


def _places(path: Path, style: Style) -> dict[tuple[str, str, str], int]:
    """Return the number of sites by country, level and status.

    Raises
    ------
    OSError
        If the file is missing.
    ValueError
        If a line is damaged.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=style.delimiter))
    result: dict[tuple[str, str, str], int] = {}
    for row in rows:
        try:
            country, level, status = (
                str(row[name]) if style.raw_text else formulas.unescape_formula(str(row[name]))
                for name in ("site_country", "level", "status")
            )
            result[country, level, status] = int(row["sites"])
        except (KeyError, TypeError, ValueError):
            msg = f"{path.name} is damaged"
            raise ValueError(msg) from None
    return result

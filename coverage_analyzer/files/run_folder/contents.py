"""The files of a run's folder: the report, the rejects, the summary, the centers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coverage_analyzer import documents
from coverage_analyzer.countries import ATTRIBUTION, Names, Numbers
from coverage_analyzer.files.outputs import free_names
from coverage_analyzer.files.writers import excel as workbook_writer
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.delimited import DECIMALS, SAFE, CsvWriter, Style, write_rows
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.schema import columns as tables

Format = Literal["csv", "csv.gz", "csv.zst", "parquet", "xlsx"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "csv.gz", "csv.zst", "parquet", "xlsx")

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
"""All that a run's folder may hold."""

SUMMARY: Final = ("site_country", "level", "status", "sites")

Counts = Mapping[tuple[str, str, str], int]
"""How many sites there are by country, level and status."""


def report_writer(path: Path, kind: Format, schema: pa.Schema, style: Style = SAFE) -> Writer:
    """Return a writer of report rows of a schema."""
    if kind == "parquet":
        return ParquetWriter(path, schema)
    if kind == "xlsx":
        return workbook_writer.WorkbookWriter(path, schema, DECIMALS, style.shown)
    return CsvWriter(path, schema, style, packing=kind.removeprefix("csv").removeprefix("."))


def check_rows(kind: Format, rows: int | None) -> None:
    """Raise if a report of a format has no room for so many rows, if that is known.

    Raises
    ------
    InputError
        If they do not fit into a sheet.
    """
    if kind == "xlsx" and rows is not None:
        workbook_writer.check_rows(rows)


class ParquetWriter(Writer):
    """Rows with the types that they have; columns whose values recur hold each value once."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._writer: pq.ParquetWriter | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; the first ones tell which values recur."""
        if self._writer is None:
            # A dictionary of values that do not recur costs twice the time, and space.
            self._writer = pq.ParquetWriter(
                utf8_name(self._path),
                self._schema,
                compression="zstd",
                use_dictionary=_recurring(batch),
            )
        self._writer.write_batch(batch)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def _recurring(batch: pa.RecordBatch) -> list[str]:
    """Return the names of the columns of which at most a quarter of the values are different."""
    uncounted = (pa.types.is_nested, pa.types.is_null, pa.types.is_binary_view)
    names = [f.name for f in batch.schema if not any(is_kind(f.type) for is_kind in uncounted)]
    return [n for n in names if pc.count_distinct(batch.column(n)).as_py() * 4 <= len(batch)]


def renamed(headers: Sequence[str]) -> dict[str, str]:
    """Return new names for input columns that are called like a column of the verdict."""
    return free_names(headers, tables.VERDICT)


def is_guarded(path: Path, headers: Sequence[str] = ()) -> bool:
    """Return whether a file has the spreadsheet guard in it.

    One of a run does if its ``run.json`` says so; a CSV file of `geocode`, which is told by the
    columns that it ends with, does: its text is the text of the addresses again.
    """
    if ".csv" in path.suffixes and tuple(headers[-len(tables.GEOCODED) :]) == tables.GEOCODED:
        return True
    try:
        manifest = documents.read_json(path.parent / "run.json")
        # Parquet is verbatim, and so is Excel: there the guard is a property of the cell.
        ours = ".csv" in path.suffixes and path.name in manifest["files"]
        return ours and bool(manifest["spreadsheet_guard"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def earlier_files(folder: Path) -> list[str]:
    """Return the files that an earlier run says it has put into a folder."""
    try:
        names = documents.read_json(folder / "run.json")["files"]
        return [name for name in names if isinstance(name, str) and name in FILES]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def write_summary(path: Path, counts: Counts, style: Style = SAFE) -> None:
    """Write how many sites there are by country, level and status."""
    write_rows(path, SUMMARY, [(*key, n) for key, n in sorted(counts.items())], style)


def write_centers(
    path: Path, centers: Centers, country: Numbers, names: Names, style: Style = SAFE
) -> None:
    """Write the centers as used, with the country that decided.

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


def write_geojson(
    path: Path,
    rows: Iterable[Mapping[str, Any]],
    geometry: Sequence[Any],
    *,
    attribution: str = ATTRIBUTION,
) -> None:
    """Write features as RFC 7946 asks: WGS 84, rings right-handed, 7 decimals, a feature a line.

    Parameters
    ----------
    path
        The file.
    rows
        The properties of each feature.
    geometry
        Geometries in degrees, split at 180, exterior rings counter-clockwise.
    attribution
        Whose data the geometries are made of: a member of the collection, beside ``features``.
    """
    import shapely

    rounded = shapely.transform(np.array(geometry, object), lambda p: np.round(p, 7))
    with path.open("w", encoding="utf-8", newline="") as file:
        credit = json.dumps(attribution, ensure_ascii=False)
        file.write(f'{{"type":"FeatureCollection","attribution":{credit},"features":[\n')
        for number, (row, shape) in enumerate(zip(rows, rounded, strict=True)):
            properties = json.dumps(row, ensure_ascii=False)
            file.write(",\n" if number else "")
            file.write(f'{{"type":"Feature","properties":{properties},')
            file.write(f'"geometry":{shapely.to_geojson(shape)}}}')
        file.write("\n]}\n")


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write what the run was made of and came to."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    # Halves of characters, as names of files that are not UTF-8 have them, come as JSON's escapes.
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")

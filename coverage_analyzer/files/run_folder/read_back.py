"""A run folder read back: what the run wrote, for a map, drive times or another run.

Nothing is decided again: verdicts, centers, countries and areas are those of the files.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from coverage_analyzer import arrays, documents
from coverage_analyzer.countries import Countries
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import own_columns
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.run_folder import workbook
from coverage_analyzer.files.run_folder.manifest import notation_of
from coverage_analyzer.files.run_folder.publishing import MANIFEST
from coverage_analyzer.files.table import ParsedRows, Table, open_table, read_centers
from coverage_analyzer.files.writers.delimited import SAFE, Style
from coverage_analyzer.fingerprint import WatchedFiles
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.schema.columns import CENTERS, as_text, site_columns
from coverage_analyzer.schema.rejects import Reject, Rejected
from coverage_analyzer.schema.verdict import TYPES, VERDICT, names_in

TABLES: Final = ("columns", "renamed_columns", "centers", "inputs", "ledger", "options")
"""Keys of ``run.json`` that have further keys, if they are there."""


def watched_run(folder: Path) -> tuple[WatchedFiles, dict[str, Any]]:
    """Return the manifest of a run, and the fingerprint of its files, some of which are read twice.

    Raises
    ------
    InputError
        If it is no folder of a run, or another run was published into it meanwhile.
    """
    first = WatchedFiles(folder / MANIFEST)
    manifest = run_manifest(folder)
    watched = WatchedFiles(*(folder / str(name) for name in manifest["files"]))
    first.check()
    return watched, manifest


def run_manifest(folder: Path) -> dict[str, Any]:
    """Return the content of ``run.json`` of a run with centers.

    Raises
    ------
    InputError
        If it is missing, or it lacks data that a map requires.
    """
    manifest = read_manifest(folder)
    if "centers.csv" not in manifest["files"]:
        msg = f"The run in {folder} has no centers.csv, which the map requires."
        raise InputError(msg)
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the content of ``run.json``.

    Raises
    ------
    InputError
        If it is missing, or it is damaged.
    """
    try:
        manifest: dict[str, Any] = documents.read_json(folder / "run.json")
        complete = (
            isinstance(manifest["policy"]["title"], str)
            and isinstance(manifest["policy"]["same_country"], bool)
            and bool(Dialect(**notation_of(manifest)))
            and isinstance(manifest["files"], list)
            and all(isinstance(manifest.get(name, {}), dict) for name in TABLES)
            and bool(np.datetime64(manifest["as_of"], "D"))
        )
    except (OSError, ValueError, KeyError, TypeError):
        complete = False
    if not complete:
        msg = f"{folder} is not a run folder: it has no run.json of a run. Give a run folder."
        if folder.is_file():
            msg = f"{folder} is a file. Give the run folder that it is in, such as {folder.parent}."
        if (folder / "run.json").is_file():
            msg = f"{folder} is not a run folder: its run.json is damaged or not that of a run."
        raise InputError(msg)
    return manifest


def report_table(folder: Path, manifest: Mapping[str, Any]) -> Table:
    """Open the report of a run.

    Raises
    ------
    InputError
        If it is missing, or it is not a run's.
    """
    names = [name for name in manifest["files"] if str(name).startswith("report.")]
    if not names:
        msg = f"The run in {folder} has no report."
        raise InputError(msg)
    renamed = manifest.get("renamed_columns", {})
    columns = {n: renamed.get(h, h) for n, h in manifest.get("columns", {}).items()}
    sheet = workbook.REPORT if str(names[0]).endswith(".xlsx") else ""
    dialect = Dialect(**notation_of(manifest), sheet=sheet)
    table = open_table(folder / names[0], site_columns(columns), columns, dialect)
    missing = [name for name in VERDICT if name not in table.headers]
    if missing:
        msg = (
            f"{table.path} is not a report: it has no column {missing[0]!r}, which older "
            f"versions did not write. {_instead(missing, manifest)}"
        )
        raise InputError(msg)
    return table


def _instead(missing: Sequence[str], manifest: Mapping[str, Any]) -> str:
    """Return what to do about columns that a report lacks."""
    if list(missing) == ["as_of"]:
        return f"Add the column with {manifest['as_of']} in each row, or run it again."
    return "Run it again."


def map_columns(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the own columns that the map of a run shows, by their headers in the input."""
    return own_columns.named(manifest.get("options", {}).get("map_columns", ()))


def report_columns(table: Table, manifest: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Return the headers in a report of own columns of the sites, as the run was given them.

    Raises
    ------
    InputError
        If it does not have one.
    """
    renamed = manifest.get("renamed_columns", {})
    headers = [renamed.get(name, name) for name in names]
    own_columns.check(headers, table.headers, str(table.path))
    return headers


def verdict_columns(table: Table, rows: ParsedRows) -> dict[str, pa.Array]:
    """Return the verdict columns of a report, all of whose rows must be usable.

    Raises
    ------
    InputError
        If one is not.
    """
    refuse_edited(table, rows.rejects)
    columns = rows.block.columns
    verdict = {n: columns.column(table.headers.index(n)) for n in names_in(table.headers)}
    return {n: _with_points(c) if pa.types.is_floating(TYPES[n]) else c for n, c in verdict.items()}


def refuse_edited(table: Table, rejects: Sequence[Reject]) -> None:
    """Raise if a report has rows that a run would not write.

    Raises
    ------
    InputError
        With the first one.
    """
    if rejects:
        line, detail = rejects[0].line, rejects[0].detail
        if rejects[0].reason == Rejected.not_utf8:  # the advice is for inputs, with their options
            detail = detail.partition(";")[0]
        msg = f"{table.path} was changed: line {line}: {detail}. Run it again."
        raise InputError(msg)


def typed_cells(
    cells: Mapping[str, pa.Array], names: Sequence[str], where: str
) -> dict[str, pa.Array]:
    """Return verdict columns of a report with their types, which text files do not keep.

    Parameters
    ----------
    cells
        Columns of the report, by header.
    names
        Which of them.
    where
        Name of the report in messages.

    Raises
    ------
    InputError
        If a cell is not of that type.
    """
    try:
        return {name: _cast(cells[name], TYPES[name]) for name in names}
    except pa.ArrowInvalid as error:
        msg = f"{where} was changed: {error}. Run it again."
        raise InputError(msg) from None


def _cast(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return cells as another type; empty text is null, but in a column of text."""
    if pa.types.is_string(kind):
        return as_text(cells)
    if not pa.types.is_string(cells.type):
        return cells.cast(kind)
    filled = arrays.without_empty(cells)
    return (_with_points(filled) if pa.types.is_floating(kind) else filled).cast(kind)


def _with_points(cells: pa.Array) -> pa.Array:
    """Return numbers with a decimal point; those of a workbook may have a decimal comma."""
    if not pa.types.is_string(cells.type) or not _has_comma(cells):
        return cells
    return pc.replace_substring(cells, ",", ".")


def _has_comma(cells: pa.Array) -> bool:
    """Return whether a comma is in the buffer of some texts."""
    buffer = cells.buffers()[2]
    return buffer is not None and bool((np.frombuffer(buffer, np.uint8) == ord(",")).any())


def centers_as_used(
    folder: Path, world: Countries, style: Style = SAFE
) -> tuple[Centers, dict[str, str]]:
    """Return the centers of a run folder, and the country assigned to each in the run.

    Parameters
    ----------
    folder
        Of the run.
    world
        The countries.
    style
        How the text files of the run are written.

    Raises
    ------
    InputError
        If the file cannot be used.
    """
    dialect = Dialect(delimiter=style.delimiter, decimal=style.output_decimal)
    table = open_table(folder / "centers.csv", CENTERS, dialect=dialect)
    every = np.arange(len(world.names.codes), dtype=np.int16)
    centers = read_centers(table, world, Convention(every, trust_declared=True))
    return centers, center_cells(folder, "center_country", style)


def center_cells(folder: Path, header: str, style: Style = SAFE) -> dict[str, str]:
    """Return a column of ``centers.csv`` that a run has added, by the id of the center.

    Parameters
    ----------
    folder
        Of the run.
    header
        Header of the column.
    style
        How the text files of the run are written.

    Raises
    ------
    InputError
        If the file does not have it.
    """
    path = folder / "centers.csv"
    dialect = Dialect(delimiter=style.delimiter, decimal=style.output_decimal)
    table = open_table(path, CENTERS, dialect=dialect)
    if header not in table.headers:
        msg = f"{path} was not written by a run: it has no column {header!r}."
        raise InputError(msg)
    at = table.headers.index(header)
    result: dict[str, str] = {}
    for block in table.source.blocks():
        ids = block.columns.column(table.columns["center_id"])
        cells = (as_text(c).to_pylist() for c in (ids, block.columns.column(at)))
        result |= dict(zip(*cells, strict=True))
    return result


def areas_as_drawn(path: Path, centers: Centers) -> Areas:
    """Return the coverage areas of a run folder, as ``areas.geojson`` has them.

    Raises
    ------
    InputError
        If they cannot be read, or are of other centers.
    """
    position = {center_id: i for i, center_id in enumerate(centers.center_id)}
    try:
        features = documents.read_json(path, max_bytes=documents.MAX_AREA_BYTES)["features"]
        properties = [feature["properties"] for feature in features]
        shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features]
        return Areas(
            center=np.array([position[t["center_id"]] for t in properties], np.int64),
            level=tuple(str(t["level"]) for t in properties),
            above_miles=np.array([t["above_miles"] for t in properties], np.float64),
            limit_miles=np.array([t["limit_miles"] for t in properties], np.float64),
            planned=np.array([t["planned"] for t in properties], np.bool_),
            geometry=np.array(shapes, object),
            km2=np.array([t["area_km2"] for t in properties], np.float64),
            area=tuple(str(t.get("area", "")) for t in properties),
            unit="km" if any("limit_km" in t for t in properties) else "miles",
        )
    except (OSError, ValueError, KeyError, TypeError, shapely.errors.GEOSException) as error:
        msg = f"{path} does not contain the coverage areas of this run ({error!r}). Run it again."
        raise InputError(msg) from None

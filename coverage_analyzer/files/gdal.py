"""GeoJSON, GeoPackage and Shapefile: points, batch by batch, by GDAL (through pyogrio)."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import pyarrow as pa

from coverage_analyzer.errors import InputError
from coverage_analyzer.files import columnar
from coverage_analyzer.files.shapefile import checked
from coverage_analyzer.files.spatial import UNREADABLE, Layer, SpatialFile
from coverage_analyzer.fingerprint import WatchedFiles
from coverage_analyzer.paths import utf8_name

SQLITE: Final = b"SQLite format 3\0"
"""How a GeoPackage begins (GeoPackage 1.4, requirement 1)."""

SQLITE_FILES: Final = ("-wal", "-journal")
"""Endings of files beside a GeoPackage that hold rows which are not in it yet, or no longer."""


def geojson(path: Path) -> SpatialFile:
    """Open a GeoJSON file; days stay the text that they are.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    # The prefix keeps GDAL from taking the file for another of the many formats it knows, some of
    # which fetch from the network.
    source = f"GeoJSON:{utf8_name(path.absolute())}"
    return _with_gdal(path, "GeoJSON", source, WatchedFiles(path), DATE_AS_STRING="YES")


def geopackage(path: Path) -> SpatialFile:
    """Open the one layer with geometry of a GeoPackage.

    Raises
    ------
    InputError
        If it cannot be read, or there are several such layers, or none.
    """
    import pyogrio

    name = utf8_name(path.absolute())
    try:
        with path.open("rb") as file:
            begins = file.read(len(SQLITE))
        with _unwarned():
            layers = pyogrio.list_layers(name).tolist() if begins == SQLITE else None
    except UNREADABLE as error:
        msg = f"{path} cannot be read as GeoPackage: {error}."
        raise InputError(msg) from error
    if layers is None:
        msg = f"{path} is no GeoPackage, whatever it is called."
        raise InputError(msg)
    spatial = [layer for layer, kind in layers if kind]
    if len(spatial) != 1:
        listed = f"the layers {', '.join(map(repr, spatial))}" if spatial else "no layer"
        msg = (
            f"{path} has {listed} with geometry; one is read. Save the one you mean alone: "
            f"ogr2ogr one.gpkg {path.name} LAYER."
        )
        raise InputError(msg)
    # Not before: the first that opens a database brings in what a crashed program left in its log.
    beside = tuple(path.with_name(f"{path.name}{suffix}") for suffix in SQLITE_FILES)
    fingerprint = WatchedFiles(path, optional=beside)
    rows = _count(path, spatial[0])
    return _with_gdal(path, "GeoPackage", name, fingerprint, rows, layer=spatial[0])


def shapefile(path: Path) -> SpatialFile:
    """Open a Shapefile, by the name of its ``.shp``, or all of it in one ``.zip``.

    Raises
    ------
    InputError
        If it cannot be read, is not whole, or a ``.zip`` holds several, or none.
    """
    try:
        whole = checked(path)
    except InputError:
        raise
    except (*UNREADABLE, BadZipFile) as error:
        msg = f"{path} cannot be read as Shapefile: {error}."
        raise InputError(msg) from error
    return _with_gdal(path, "Shapefile", whole.source, whole.fingerprint)


def _count(path: Path, layer: str) -> int | None:
    """Return how many rows a layer has; nothing where it is no plain table.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    import sqlite3

    quoted = layer.replace('"', '""')
    query = f'SELECT COUNT(*) FROM "{quoted}"'  # noqa: S608 - quoted; SQLite binds no names
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.OperationalError:  # a view that needs functions of GDAL's
        return None
    except sqlite3.DatabaseError as error:
        msg = f"{path} is damaged: {error}."
        raise InputError(msg) from error


def _with_gdal(
    path: Path,
    kind: str,
    source: str,
    fingerprint: WatchedFiles,
    rows: int | None = None,
    **options: str,
) -> SpatialFile:
    """Open a file that GDAL reads, of so many rows.

    Raises
    ------
    InputError
        If it cannot.
    """
    try:
        with path.open("rb"), _gdal_stream(source, options) as (about, reader):
            schema, crs = reader.schema, about["crs"]
    except UNREADABLE as error:
        msg = f"{path} cannot be read as {kind}: {error}."
        raise InputError(msg) from error
    # An attribute may have that name, too; the geometry comes last.
    at = schema.get_all_field_indices(about["geometry_name"] or "wkb_geometry")[-1]
    layer = Layer(
        schema,
        at,
        crs,
        lambda: _gdal_batches(source, options),
        fingerprint,
        rows,
        lambda names: _gdal_batches(source, {**options, **_stated(names)}),
    )
    return SpatialFile(path, layer)


def _stated(names: Sequence[str]) -> dict[str, Any]:
    """Return the options that read columns alone, and timestamps as they are written."""
    return {"columns": list(names), "read_geometry": False, "datetime_as_string": True}


@contextlib.contextmanager
def _gdal_stream(source: str, options: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Open a source for reading in batches."""
    from pyogrio.raw import open_arrow

    with contextlib.ExitStack() as stack:
        with _unwarned():
            opening = open_arrow(
                source, use_pyarrow=True, batch_size=columnar.ROWS_AT_ONCE, **options
            )
            opened = stack.enter_context(opening)
        yield opened


def _gdal_batches(source: str, options: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    with _gdal_stream(source, options) as (_, reader):
        while True:
            with _unwarned():
                batch = next(reader, None)
            if batch is None:
                return
            yield batch


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Keep GDAL's warnings back: a geometry that it cannot read becomes a reject anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

"""Reports as GeoPackage: the layers *sites*, *centers* and *areas*, with styles that QGIS shows.

GDAL writes the rows (through pyogrio, from Arrow, block by block), so that geometry, extent and
spatial index are as its readers expect them. What it has no words for is added to the tables of the
file: what the report says of itself, and the styles.
"""

import contextlib
import datetime
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer.errors import InputError, PublishError, visible
from coverage_analyzer.files.readers.gdal import SITES_LAYER, contained
from coverage_analyzer.files.readers.spatial import UNREADABLE, WGS84
from coverage_analyzer.files.writers import styles
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.cells import (
    distinct_names,
    empty_rows,
    free_name,
    json_cells,
)
from coverage_analyzer.paths import utf8_name

SITES: Final = SITES_LAYER
CENTERS: Final = "centers"
AREAS: Final = "areas"

STYLES: Final = {SITES: styles.sites, CENTERS: styles.centers, AREAS: styles.areas}
"""The layers, and the style of each."""

VERSION: Final = "1.2"
"""Of GeoPackage: older programs warn of later ones, which add nothing that is needed here."""

LAYER_STYLES: Final = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
    styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME
)
"""
"""The table in which QGIS looks for styles, as QGIS makes it."""

OTHER_FORMAT: Final = "choose --format parquet"


class GeoPackageWriter(Writer):
    """The sites of a report as a layer of points.

    Days are DATE, date-times with a zone DATETIME in UTC, to the millisecond. What GeoPackage has
    no type for is text. Names that differ in case only get a number.

    Parameters
    ----------
    path
        The file, which does not exist yet.
    schema
        Of the rows; the last column holds points as well-known binary.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema, self._begun = path, schema, False
        self._metadata: dict[str, str] = {}
        self._names = distinct_names([visible(n) for n in schema.names[:-1]], str.lower)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows.

        Raises
        ------
        InputError
            If a cell holds a NUL, at which text ends for GDAL.
        PublishError
            If the file cannot be written.
        """
        attributes = [
            _cells(name, cells) for name, cells in zip(self._names, batch.columns[:-1], strict=True)
        ]
        rows = pa.RecordBatch.from_arrays(attributes, names=self._names)
        _write(self._path, SITES, rows, batch.columns[-1], "Point", append=self._begun)
        self._begun = True

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Note what the file is to say of itself, in ``gpkg_metadata`` and for people."""
        self._metadata |= metadata

    def close(self) -> None:
        """Finish the layer.

        Raises
        ------
        PublishError
            If the file cannot be written.
        """
        if not self._begun:
            self.write(empty_rows(self._schema))
        _finish(self._path, SITES, self._metadata)


def add_layer(
    path: Path,
    layer: str,
    rows: pa.RecordBatch,
    geometry: pa.Array,
    metadata: Mapping[str, str],
) -> None:
    """Add a layer to a file that `GeoPackageWriter` has finished.

    Parameters
    ----------
    path
        The file.
    layer
        `CENTERS` (points) or `AREAS`.
    rows
        The attributes.
    geometry
        Of each row, as well-known binary in degrees on WGS 84.
    metadata
        What the layer says of itself.

    Raises
    ------
    PublishError
        If the file cannot be written.
    """
    kind = "Point" if layer == CENTERS else "MultiPolygon"
    _write(path, layer, rows, geometry, kind, append=False)
    _finish(path, layer, metadata)


def _write(
    path: Path, layer: str, rows: pa.RecordBatch, geometry: pa.Array, kind: str, *, append: bool
) -> None:
    """Write rows into a layer.

    Raises
    ------
    PublishError
        If the file cannot be written.
    """
    from pyogrio.raw import write_arrow

    taken = rows.schema.names
    geom = free_name("geom", taken)
    options: dict[str, Any] = {"append": True}
    if not append:
        fid = free_name("fid", [*taken, geom])
        options = {
            "dataset_options": {"VERSION": VERSION},
            "layer_options": {"FID": fid, "GEOMETRY_NAME": geom},
            "layer_metadata": {"title": layer},  # makes the tables of metadata
        }
    columns = [*rows.columns, geometry]
    table = pa.Table.from_arrays(columns, names=[*taken, geom])
    try:
        with contained():
            write_arrow(
                table,
                utf8_name(path),
                layer=layer,
                driver="GPKG",
                geometry_name=geom,
                geometry_type=kind,
                crs=WGS84,
                **options,
            )
    except UNREADABLE as error:
        msg = f"The layer {layer!r} could not be written to {path}: {error}."
        raise PublishError(msg) from error


def _cells(name: str, cells: pa.Array) -> pa.Array:
    """Return cells in a type that GeoPackage has.

    Raises
    ------
    InputError
        If one holds a NUL.
    """
    plain = _plain(cells)
    if pa.types.is_string(plain.type):
        ended = pc.fill_null(pc.match_substring(plain, "\0"), fill_value=False)
        if pc.any(ended).as_py():
            text = plain.filter(ended)[0].as_py()
            msg = (
                f"{name!r} holds {text[:60]!r}: a GeoPackage cannot hold the character NUL. Remove "
                f"it, or {OTHER_FORMAT}."
            )
            raise InputError(msg)
    return plain


def _plain(cells: pa.Array) -> pa.Array:
    kind, types = cells.type, pa.types
    if types.is_dictionary(kind):
        return _plain(cells.cast(kind.value_type))
    if types.is_nested(kind):
        return json_cells(cells)
    if types.is_date(kind):
        return cells.cast(pa.date32())
    if types.is_timestamp(kind) and kind.tz:
        return cells.cast(pa.timestamp("ms", kind.tz), safe=False).cast(pa.timestamp("ms", "UTC"))
    if types.is_float16(kind):
        return cells.cast(pa.float32())
    kept = types.is_boolean(kind) or types.is_floating(kind) or types.is_binary(kind)
    kept |= types.is_integer(kind) and not types.is_uint64(kind)
    return cells if kept else cells.cast(pa.string())


def _finish(path: Path, layer: str, metadata: Mapping[str, str]) -> None:
    """Note what a layer says of itself, and its style.

    Raises
    ------
    PublishError
        If the file cannot be written.
    """
    try:
        with _opened(path) as database:
            _describe(database, layer, metadata)
            _add_style(database, layer, _moment(metadata))
    except sqlite3.Error as error:
        msg = f"The layer {layer!r} could not be finished in {path}: {error}."
        raise PublishError(msg) from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        yield database


def _moment(metadata: Mapping[str, str]) -> str:
    """Return the time that a file gives for its changes: the start of the day judged.

    So the same rows give the same bytes.
    """
    day = metadata.get("as_of") or datetime.date(2000, 1, 1).isoformat()
    return f"{day}T00:00:00.000Z"


def _describe(database: sqlite3.Connection, layer: str, metadata: Mapping[str, str]) -> None:
    """Write metadata for programs (``gpkg_metadata``) and for people (``gpkg_contents``)."""
    root = ET.Element("GDALMultiDomainMetadata")
    inner = ET.SubElement(root, "Metadata")
    for key, text in metadata.items():
        ET.SubElement(inner, "MDI", {"key": key}).text = visible(text)
    description = "; ".join(f"{key}: {visible(text)}" for key, text in metadata.items())
    moment = _moment(metadata)
    database.execute(
        "UPDATE gpkg_metadata SET metadata = ? WHERE id IN "
        "(SELECT md_file_id FROM gpkg_metadata_reference WHERE table_name = ?)",
        (ET.tostring(root, encoding="unicode"), layer),
    )
    database.execute("UPDATE gpkg_metadata_reference SET timestamp = ?", (moment,))
    database.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))
    database.execute(
        "UPDATE gpkg_contents SET description = ? WHERE table_name = ?", (description, layer)
    )


def _add_style(database: sqlite3.Connection, layer: str, moment: str) -> None:
    """Add the style of a layer as its default."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'layer_styles'").fetchone():
        database.execute(LAYER_STYLES)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change, srs_id) VALUES ('layer_styles', 'attributes', 'layer_styles', "
            "'Styles of the layers, for QGIS', ?, 0)",
            (moment,),
        )
    query = "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?"
    (geometry,) = database.execute(query, (layer,)).fetchone()
    database.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
        "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
        "update_time) VALUES ('', '', ?, ?, ?, ?, '', 1, 'Status colours', '', ?)",
        (layer, geometry, layer, STYLES[layer](), moment),
    )

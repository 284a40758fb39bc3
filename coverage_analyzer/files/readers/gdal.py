"""GeoPackage and Shapefile: points, batch by batch, by GDAL (through pyogrio)."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import arrow_rows, encodings, feature_ids, utf8
from coverage_analyzer.files.readers.shapefile import NAME_LETTERS, UNREADABLE_PART, checked
from coverage_analyzer.files.readers.spatial import UNREADABLE, Layer, SpatialFile
from coverage_analyzer.files.readers.streams import Encoding
from coverage_analyzer.fingerprint import WatchedFiles
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.schema import table_names
from coverage_analyzer.schema.table_names import NameTest, neutral

CONTAINED: Final = {
    "ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW": "NO",  # some of which fetch
    "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",  # nothing by /vsicurl
    "GDAL_PAM_ENABLED": "NO",  # no .aux.xml
    "OGR_GEOCODE_SERVICE": "{none}",
}
"""GDAL options that prevent a file from referring to anything else."""

SITES_LAYER: Final = "sites"
"""The layer that is read where a file has several and nothing is known about the wanted table: so
it is called in reports."""

ANY_GEOMETRY: Final = ("Unknown", "Geometry")
"""Types of geometry of layers that may have points."""

SQLITE: Final = b"SQLite format 3\0"
"""First bytes of a GeoPackage (GeoPackage 1.4, requirement 1)."""

SQLITE_FILES: Final = ("-wal", "-journal")
"""Suffixes of files beside a GeoPackage with pending changes of its rows."""


def geopackage(path: Path, layer: str = "", fits: NameTest = neutral) -> SpatialFile:
    """Open a layer with geometry of a GeoPackage.

    Parameters
    ----------
    path
        The file.
    layer
        Its name; if empty, the only one with geometry, or of several the only one with points, or
        that of these whose name alone fits best.
    fits
        How well the name of a layer fits the wanted table.

    Raises
    ------
    InputError
        If it cannot be read, there is no such layer, or several could be meant.
    """
    import pyogrio

    name = utf8_name(path.absolute())
    try:
        with path.open("rb") as file:
            begins = file.read(len(SQLITE))
        with contained():
            layers = pyogrio.list_layers(name).tolist() if begins == SQLITE else None
    except UNREADABLE as error:
        msg = f"{path} cannot be read as GeoPackage: {error}."
        raise InputError(msg) from error
    if layers is None:
        msg = f"{path} is not a GeoPackage, despite its name."
        raise InputError(msg)
    kinds = {str(name): str(kind) for name, kind in layers if kind}
    chosen, others = _chosen_layer(path, kinds, layer, fits)
    # Not before: the first that opens a database brings in what a crashed program left in its log.
    companions = tuple(path.with_name(f"{path.name}{suffix}") for suffix in SQLITE_FILES)
    fingerprint = WatchedFiles(path, optional=companions)
    rows = _count(path, chosen)
    options = {"layer": chosen, "return_fids": rows is not None}  # a view has no ids to keep
    reader = _with_gdal(_Opening(path, "GeoPackage", name, fingerprint, rows, options=options))
    reader.about = {"layer": chosen} | ({"other_layers": others} if others else {})
    return reader


def _chosen_layer(
    path: Path, kinds: Mapping[str, str], layer: str, fits: NameTest
) -> tuple[str, list[str]]:
    """Return the layer that is named, or else the only one that can be meant, and rivals.

    Parameters
    ----------
    path
        The file.
    kinds
        The type of geometry of each layer that has one.
    layer
        The name; empty if none is given.
    fits
        How well the name of a layer fits the wanted table.

    Returns
    -------
    chosen, others
        The layer, and those that fit less well but could be meant, too.

    Raises
    ------
    InputError
        Which lists the layers.
    """
    # In a report centers and areas are beside the sites.
    prefers = _sites_layer if fits is neutral else fits
    usual, others = _usual_layers(kinds, prefers)
    fitting = [layer] if layer else list(kinds) if len(kinds) == 1 else usual
    if len(fitting) == 1 and fitting[0] in kinds:
        return fitting[0], [] if layer else others
    what = f"has no layer {layer!r} with geometry" if layer else "has several layers with geometry"
    if not kinds:
        what = "has no layer with geometry"
    listed = ", ".join(f"{name!r} ({kind})" for name, kind in kinds.items())
    hint = f": {listed}. Choose one with --layer." if kinds else "."
    msg = f"{path} {what}{hint}"
    raise InputError(msg)


def _usual_layers(kinds: Mapping[str, str], fits: NameTest) -> tuple[list[str], list[str]]:
    """Return the layers that are meant if none is named, and those that could be meant, too."""
    wanted = [name for name in kinds if fits(name) == table_names.WANTED]
    points = [
        name
        for name, kind in kinds.items()
        if "Point" in kind or (kind in ANY_GEOMETRY and name in wanted)
    ]
    if wanted and all(fits(name) == table_names.OTHER for name in points):
        return wanted, []  # never the other kind's, even if these turn out to have no points
    return table_names.best(points, fits)


def _sites_layer(name: str) -> int:
    """Prefer the layer of sites of our own reports."""
    return table_names.WANTED if name == SITES_LAYER else table_names.NEUTRAL


def shapefile(path: Path, encoding: str = "") -> SpatialFile:
    """Open a Shapefile, by its ``.shp`` or as one ``.zip``.

    Parameters
    ----------
    path
        The file.
    encoding
        Encoding of its text; if empty, as stated by its ``.cpg`` or its table.

    Raises
    ------
    InputError
        If it cannot be read, is incomplete, or a ``.zip`` does not contain exactly one.
    """
    try:
        whole = checked(path, encoding)
    except InputError:
        raise
    except (*UNREADABLE, *UNREADABLE_PART) as error:
        msg = f"{path} cannot be read as Shapefile: {error}."
        raise InputError(msg) from error
    options = {"ENCODING": encodings.BYTES}
    opening = _Opening(
        path,
        "Shapefile",
        whole.source,
        whole.fingerprint,
        encoding=whole.encoding,
        options=options,
    )
    result = _with_gdal(opening)
    result.cut_at = NAME_LETTERS
    result.encoding = str(Encoding(whole.encoding, guessed=whole.guessed))
    return result


def _count(path: Path, layer: str) -> int | None:
    """Return the number of rows of a layer; None if it is not a plain table.

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


@dataclass(frozen=True)
class _Opening:
    """Parameters of reading a file by GDAL.

    Attributes
    ----------
    path, kind
        The file, and its type in errors.
    source
        Its GDAL path.
    fingerprint, rows
        As in a `Layer`.
    encoding
        Codec of its text; None if GDAL returns UTF-8.
    options
        For GDAL.
    """

    path: Path
    kind: str
    source: str
    fingerprint: WatchedFiles
    rows: int | None = None
    encoding: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def _with_gdal(opening: _Opening) -> SpatialFile:
    """Open a file with GDAL.

    Raises
    ------
    InputError
        If it cannot.
    """
    path = opening.path
    try:
        with path.open("rb"), _gdal_stream(opening) as (about, reader):
            columns_read = reader.schema
            fid = about["fid_column"] or ""
            names = _names(columns_read.names, fid, opening.encoding)
    except UnicodeDecodeError as error:
        msg = f"{path} {utf8.bad_name(error)}."
        raise InputError(msg) from None
    except InputError as error:
        msg = f"{path} {error}."
        raise InputError(msg) from None
    except UNREADABLE as error:
        msg = f"{path} cannot be read as {opening.kind}: {error}."
        raise InputError(msg) from error
    schema = pa.schema([f.with_name(n) for f, n in zip(columns_read, names, strict=True)])
    # An attribute may have that name, too; the geometry comes last.
    at = columns_read.get_all_field_indices(about["geometry_name"] or "wkb_geometry")[-1]

    def batches(n_rows: int) -> Iterator[pa.RecordBatch]:
        for batch in _gdal_batches(opening, n_rows):
            columns = batch.columns
            if opening.encoding is not None:
                columns = [encodings.decoded(cells, opening.encoding) for cells in columns]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def stated(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        return _gdal_batches(replace(opening, options={**opening.options, **_stated(names)}))

    watched, rows = opening.fingerprint, opening.rows
    result = SpatialFile(path, Layer(schema, at, about["crs"], batches, watched, rows, stated))
    ids = names[:1] if fid and columns_read.names[0] == fid else []
    result.made = (*ids, *result.made)
    return result


def _names(originals: Sequence[str], fid: str, encoding: str | None) -> list[str]:
    """Return the names of the columns as provided to the caller.

    Raises
    ------
    InputError
        If one is not text. The text lacks the subject.
    """
    names = list(originals)
    if encoding is not None:
        names = [encodings.decoded_name(name, encoding) for name in names]
    if fid and names[0] == fid:
        names[0] = feature_ids.header(fid, names[1:])
    return names


def _stated(names: Sequence[str]) -> dict[str, Any]:
    """Return the options to read only some columns, and timestamps as text."""
    return {"columns": list(names), "read_geometry": False, "datetime_as_string": True}


@contextlib.contextmanager
def _gdal_stream(
    request: _Opening, n_rows: int = arrow_rows.ROWS_AT_ONCE
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Open a source for reading in batches."""
    from pyogrio.raw import open_arrow

    with contextlib.ExitStack() as stack:
        with contained():
            opening = open_arrow(
                request.source,
                use_pyarrow=True,
                batch_size=n_rows,
                **request.options,
            )
            opened = stack.enter_context(opening)
        yield opened


def _gdal_batches(
    opening: _Opening, n_rows: int = arrow_rows.ROWS_AT_ONCE
) -> Iterator[pa.RecordBatch]:
    with _gdal_stream(opening, n_rows) as (_, reader):
        while True:
            with contained():
                batch = next(reader, None)
            if batch is None:
                return
            yield batch


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """Restrict GDAL to the file, and suppress its warnings: what it cannot read is rejected anyway.

    Options of other GDAL users in the same process are restored.
    """
    import pyogrio

    before = {name: pyogrio.get_gdal_config_option(name) for name in CONTAINED}
    pyogrio.set_gdal_config_options(CONTAINED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        pyogrio.set_gdal_config_options(before)

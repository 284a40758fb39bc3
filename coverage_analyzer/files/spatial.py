"""GeoJSON, GeoPackage and GeoParquet: points in, batch by batch, and coverage areas out.

GDAL (through pyogrio), shapely and pyproj are imported where they are needed: runs over plain
tables do without them.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.files import columnar, report
from coverage_analyzer.files.blocks import Block, Reject, Source
from coverage_analyzer.tables import Rejected

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import pyproj

WGS84: Final = "EPSG:4326"
GEOPARQUET_DEFAULT: Final = "OGC:CRS84"
"""The CRS of a GeoParquet column that names none (GeoParquet 1.1, "crs")."""

GEO: Final = b"geo"
"""The key in a Parquet file's metadata that makes it GeoParquet."""

SQLITE: Final = b"SQLite format 3\0"
"""How a GeoPackage begins (GeoPackage 1.4, requirement 1)."""

OVERSHOOT: Final = 1e-9
"""Degrees, 0.1 mm: how far rounding may carry a reprojected point beyond 180."""

UNREADABLE: Final = (OSError, ValueError, RuntimeError, pa.ArrowException)
"""What reading a damaged file raises; pyogrio's own errors are RuntimeErrors."""

AREAS: Final = (".geojson", ".gpkg", ".parquet")
"""The files that areas can be written to."""


@dataclass(frozen=True)
class Layer:
    """Rows with a geometry.

    Attributes
    ----------
    schema
        Of the batches.
    geometry
        The position of the column that holds well-known binary.
    crs
        What pyproj can read as a CRS; nothing if the file does not tell.
    batches
        Opens the rows, from the first one.
    rows
        How many there have to be, where the file tells.
    """

    schema: pa.Schema
    geometry: int
    crs: Any
    batches: Callable[[], Iterator[pa.RecordBatch]]
    rows: int | None = None


class SpatialFile(Source):
    """Points with attributes; rows count from 1.

    Attributes come first, as they are, then the longitude and latitude of the point on WGS 84.

    Parameters
    ----------
    path
        The file.
    layer
        Its rows.

    Raises
    ------
    InputError
        If the CRS is missing or cannot be used.
    """

    def __init__(self, path: Path, layer: Layer) -> None:
        self._path, self._layer = path, layer
        self._transformer = _to_wgs84(layer.crs, path)
        fields = [field for i, field in enumerate(layer.schema) if i != layer.geometry]
        longitude, latitude = _made_names([field.name for field in fields])
        self.headers = [*(field.name for field in fields), longitude, latitude]
        self.types = [columnar.plain_type(field.type) for field in fields]
        self.types += [pa.float64(), pa.float64()]
        self.known = {"longitude": longitude, "latitude": latitude}

    def sha256(self) -> str:
        """Return the hash of the file."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def blocks(self) -> Iterator[Block]:
        """Yield all rows, in order; those whose geometry is no point are rejects.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        row, batches = 1, self._layer.batches()
        while True:
            try:
                batch = next(batches, None)
                if batch is not None:
                    batch.validate(full=True)  # GDAL hands text on that is no UTF-8
            except UNREADABLE as error:
                msg = f"{self._path} cannot be read on from row {row}: {error}."
                raise InputError(msg) from error
            if batch is None:
                break
            yield self._block(batch, row)
            row += len(batch)
        if self._layer.rows not in {None, row - 1}:  # GDAL ends without a word at a bad page
            msg = f"{self._path} is damaged: {row - 1} of {self._layer.rows} rows can be read."
            raise InputError(msg)
        if row == 1:
            none = [pa.nulls(0, field.type) for field in self._layer.schema]
            yield self._block(pa.RecordBatch.from_arrays(none, schema=self._layer.schema), row)

    def _block(self, batch: pa.RecordBatch, row: int) -> Block:
        """Return attributes and coordinates of a batch that begins with a row."""
        at = self._layer.geometry
        points = _points(batch.column(at), self._transformer)
        missing = points.missing if points.missing.any() else None
        made = [arrays.arrow(values, missing) for values in (points.lon, points.lat)]
        attributes = [column for i, column in enumerate(batch.columns) if i != at]
        whole = pa.RecordBatch.from_arrays([*attributes, *made], names=self.headers)
        return _without(columnar.block(whole, row), points.odd)


def _without(block: Block, odd: Mapping[int, str]) -> Block:
    """Return a block in which rows of odd geometry, told by their positions, are rejects."""
    if not odd:
        return block
    rejects = [
        Reject(int(block.lines[i]), Rejected.geometry_not_a_point, what, block.raw(i))
        for i, what in odd.items()
    ]
    kept = np.delete(np.arange(len(block.lines)), list(odd))
    return replace(
        block,
        lines=block.lines[kept],
        columns=block.columns.take(arrays.arrow(kept)),
        raw=lambda position: block.raw(int(kept[position])),
        rejects=rejects,
    )


def _made_names(attributes: Sequence[str]) -> tuple[str, str]:
    """Return names for longitude and latitude that no attribute has."""
    taken = {name.casefold() for name in attributes}
    longitude, latitude = "longitude", "latitude"
    while {longitude, latitude} & taken:
        longitude, latitude = f"geometry_{longitude}", f"geometry_{latitude}"
    return longitude, latitude


@dataclass(frozen=True)
class Points:
    """Where geometries lie.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84. Shape (n,).
    missing
        Where there is no point, or an empty one. Shape (n,).
    odd
        What the others are that are no points, by position.
    """

    lon: Floats
    lat: Floats
    missing: Bools
    odd: dict[int, str]


def _points(cells: pa.Array, transformer: "pyproj.Transformer | None") -> Points:
    """Return the points that well-known binary holds."""
    import shapely

    binary = np.array([None, *cells.cast(columnar.plain_type(cells.type)).to_pylist()], object)[1:]
    shapes = shapely.from_wkb(binary, on_invalid="ignore")
    kinds = shapely.get_type_id(shapes)
    missing = (kinds != shapely.GeometryType.POINT) | shapely.is_empty(shapes)
    odd = {
        i: f"the geometry is a {shapes[i].geom_type}, not a point"
        for i in np.flatnonzero(kinds > shapely.GeometryType.POINT).tolist()
    }
    unread = (kinds == shapely.GeometryType.MISSING) & arrays.valid(cells)
    odd |= dict.fromkeys(np.flatnonzero(unread).tolist(), "the geometry is no well-known binary")
    shapes = np.where(missing, None, shapes)  # an empty point has no x to ask for
    lon, lat = shapely.get_x(shapes), shapely.get_y(shapes)
    if transformer is not None:
        lon, lat = transformer.transform(lon, lat)
        lon = np.where(np.abs(lon) <= 180 + OVERSHOOT, np.clip(lon, -180, 180), lon)
    return Points(lon, lat, missing, dict(sorted(odd.items())))


def _to_wgs84(crs: Any, path: Path) -> "pyproj.Transformer | None":
    """Return what takes a CRS to longitude and latitude on WGS 84; nothing if it is that.

    Raises
    ------
    InputError
        If there is no CRS, or it tells no place on Earth.
    """
    import pyproj

    try:
        given = None if crs is None else pyproj.CRS.from_user_input(crs).to_2d()
        # GeoPackage calls what it does not know "Undefined geographic SRS", as if on the ellipsoid.
        if given is None or given.name.startswith("Undefined"):
            msg = (
                f"{path} has no CRS, without which its coordinates mean nothing. State it where "
                f'the file is made, with gdf.set_crs("EPSG:4326") in geopandas or '
                f"ogr2ogr -a_srs EPSG:4326, if they are degrees of longitude and latitude."
            )
            raise InputError(msg)
        if not (given.is_geographic or given.is_projected):
            msg = f"{path} has the CRS {given.name!r}, which has no longitude and latitude."
            raise InputError(msg)
        if given.equals(pyproj.CRS(WGS84), ignore_axis_order=True):
            return None  # the very numbers of the file
        return pyproj.Transformer.from_crs(given, WGS84, always_xy=True)
    except pyproj.exceptions.ProjError as error:
        msg = f"{path} has a CRS that cannot be used: {error}."
        raise InputError(msg) from error


def geoparquet(path: Path) -> SpatialFile:
    """Open a GeoParquet file.

    Raises
    ------
    InputError
        If it cannot be read, its metadata do not tell the geometry, or its CRS cannot be used.
    """
    try:
        file = pq.ParquetFile(path)
        geo = json.loads(file.schema_arrow.metadata[GEO])
        name = geo["primary_column"]
        about, (at,) = geo["columns"][name], file.schema_arrow.get_all_field_indices(name)
        encoding, crs = about["encoding"], about.get("crs", GEOPARQUET_DEFAULT)
    except (*UNREADABLE, KeyError, TypeError, AttributeError) as error:
        msg = f"{path} cannot be read as GeoParquet: its metadata {GEO.decode()!r} is damaged."
        raise InputError(msg) from error
    if encoding != "WKB":
        msg = (
            f"{path}: the geometry is encoded as {encoding!r}; write it as WKB, which is what "
            f"gdf.to_parquet(path) does in geopandas."
        )
        raise InputError(msg)

    def batches() -> Iterator[pa.RecordBatch]:
        found: Iterator[pa.RecordBatch] = file.iter_batches(
            columnar.ROWS_AT_ONCE, use_threads=False
        )
        return found

    return SpatialFile(path, Layer(file.schema_arrow, at, crs, batches))


def geojson(path: Path) -> SpatialFile:
    """Open a GeoJSON file; days stay the text that they are.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    # The prefix keeps GDAL from taking the file for another of the many formats it knows, some of
    # which fetch from the network.
    return _with_gdal(path, "GeoJSON", f"GeoJSON:{path.absolute()}", DATE_AS_STRING="YES")


def geopackage(path: Path) -> SpatialFile:
    """Open the one layer with geometry of a GeoPackage.

    Raises
    ------
    InputError
        If it cannot be read, or there are several such layers, or none.
    """
    import pyogrio

    name = str(path.absolute())
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
    rows = _count(path, spatial[0])
    return _with_gdal(path, "GeoPackage", name, rows, layer=spatial[0])


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
    path: Path, kind: str, source: str, rows: int | None = None, **options: str
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
    return SpatialFile(path, Layer(schema, at, crs, lambda: _gdal_batches(source, options), rows))


@contextlib.contextmanager
def _gdal_stream(source: str, options: Mapping[str, str]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Open a source for reading in batches."""
    from pyogrio.raw import open_arrow

    with contextlib.ExitStack() as stack:
        with _unwarned():
            opening = open_arrow(
                source, use_pyarrow=True, batch_size=columnar.ROWS_AT_ONCE, **options
            )
            opened = stack.enter_context(opening)
        yield opened


def _gdal_batches(source: str, options: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
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


def write_areas(frame: "gpd.GeoDataFrame", path: str | Path) -> None:
    """Write coverage areas for any GIS; an old file is replaced whole, or stays.

    Parameters
    ----------
    frame
        Geometries in any CRS, as `coverage_areas` gives them.
    path
        ``.geojson`` (WGS 84, 7 decimals), ``.gpkg`` or ``.parquet`` (the CRS of the frame).

    Raises
    ------
    InputError
        If the name ends otherwise, or the frame has no CRS.
    PublishError
        If the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in AREAS:
        msg = f"Areas are written to {', '.join(AREAS)}; {path.name!r} ends otherwise."
        raise InputError(msg)
    if frame.crs is None:
        msg = 'The areas have no CRS: say which one with .set_crs(), "EPSG:4326" for degrees.'
        raise InputError(msg)
    try:
        # A folder of its own, as GDAL keeps a journal beside what it writes.
        with tempfile.TemporaryDirectory(prefix=".areas-", dir=path.parent) as folder:
            part = Path(folder) / path.name
            _write(frame, part, kind)
            _to_disk(part)
            part.replace(path)
    except UNREADABLE as error:
        msg = f"The areas could not be written to {path}: {error}."
        raise PublishError(msg) from error


def _write(frame: "gpd.GeoDataFrame", path: Path, kind: str) -> None:
    if kind == ".gpkg":
        frame.to_file(path, driver="GPKG", layer=path.stem, engine="pyogrio", index=False)
    elif kind == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        _write_geojson(frame, path)


def _write_geojson(frame: "gpd.GeoDataFrame", path: Path) -> None:
    import shapely

    degrees = frame.to_crs(WGS84)
    attributes = degrees.drop(columns=degrees.geometry.name)
    columns = {str(name): _json_values(cells) for name, cells in attributes.items()}
    rows = [{name: values[i] for name, values in columns.items()} for i in range(len(frame))]
    # Joined areas come out of GEOS with clockwise exterior rings.
    report.write_geojson(path, rows, shapely.orient_polygons(degrees.geometry.to_numpy()).tolist())


def _json_values(cells: "pd.Series[Any]") -> list[Any]:
    """Return cells as JSON has them: days as text, None for what is missing."""
    if cells.dtype.kind == "M":
        cells = cells.dt.strftime("%Y-%m-%d")
    present: npt.NDArray[np.bool_] = cells.notna().to_numpy()
    return [v if there else None for v, there in zip(cells.tolist(), present, strict=True)]


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

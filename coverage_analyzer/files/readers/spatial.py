"""Points in any CRS, batch by batch, as rows with longitude and latitude; GeoParquet.

shapely and pyproj are imported only when needed: plain tables do not use them.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays, documents
from coverage_analyzer.arrays import Floats
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import arrow_rows, utf8, wkb
from coverage_analyzer.files.readers.base import (
    PREVIEW_ROWS,
    RowBlock,
    TableReader,
    first_rows,
    without,
)
from coverage_analyzer.fingerprint import WatchedFiles, unchanged, unchanged_during
from coverage_analyzer.schema.rejects import Rejected

if TYPE_CHECKING:
    import pyproj

WGS84: Final = "EPSG:4326"
WGS84_SRID: Final = 4326

Transform = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Takes x and y to longitude and latitude."""

GEOPARQUET_DEFAULT: Final = "OGC:CRS84"
"""CRS of a GeoParquet column without one (GeoParquet 1.1, "crs")."""

GEO: Final = b"geo"
"""Metadata key of GeoParquet files."""

OVERSHOOT: Final = 1e-9
"""Degrees, 0.1 mm: tolerance for rounding of reprojected points beyond 180."""

UNREADABLE: Final = (OSError, ValueError, RuntimeError, pa.ArrowException)
"""Errors raised by reading a damaged file; pyogrio's own are RuntimeErrors."""


@dataclass(frozen=True)
class Layer:
    """Rows with a geometry.

    Attributes
    ----------
    schema
        Schema of the batches.
    geometry
        Position of the column of well-known binary.
    crs
        A CRS that pyproj can parse; None if the file has none.
    batches
        Opens the rows, from the first one; takes how many a batch has at most.
    fingerprint
        Fingerprint of the files of the layer, taken before the first was opened.
    rows
        Expected number of rows, if known.
    stated
        Opens the same rows with only some columns, and timestamps as text; None if types lose
        nothing.
    """

    schema: pa.Schema
    geometry: int
    crs: Any
    batches: Callable[[int], Iterator[pa.RecordBatch]]
    fingerprint: WatchedFiles
    rows: int | None = None
    stated: Callable[[Sequence[str]], Iterator[pa.RecordBatch]] | None = None


class SpatialFile(TableReader):
    """Points with attributes; rows count from 1.

    Attributes come first, as they are, then the longitude and latitude of the point on WGS 84.

    Parameters
    ----------
    path
        The file.
    layer
        Its layer.

    Raises
    ------
    InputError
        If the CRS is missing or cannot be used.
    """

    def __init__(self, path: Path, layer: Layer) -> None:
        self._path, self._layer = path, layer
        self.fingerprint: WatchedFiles = layer.fingerprint
        with no_proj_network():
            crs = _crs(layer.crs, path)
            self._transformer = _to_wgs84(crs, path)
            self._srids = frozenset(filter(None, [crs.to_epsg()]))
        _check_names(layer.schema, path)
        fields = [field for i, field in enumerate(layer.schema) if i != layer.geometry]
        longitude, latitude = made_names([field.name for field in fields])
        self.headers = [*(field.name for field in fields), longitude, latitude]
        self.types = [arrow_rows.plain_type(field.type) for field in fields]
        self.types += [pa.float64(), pa.float64()]
        self.known = {"longitude": longitude, "latitude": latitude}
        self.made = (longitude, latitude)
        self.rows = layer.rows
        self._days: list[str] = []
        self.encoding = ""
        self.about: dict[str, Any] = {}
        """What was found out about the file."""

    @property
    def detected(self) -> dict[str, Any]:
        """Encoding of the text, and the layer, of formats that have several."""
        return ({"encoding": self.encoding} if self.encoding else {}) | self.about

    def days_as_text(self, headers: Sequence[str]) -> None:
        """Read timestamps of some columns as text, since GDAL would convert them to UTC."""
        if self._layer.stated is None:
            return
        at = {name: i for i, name in enumerate(self.headers) if name in headers}
        self._days = [name for name, i in at.items() if pa.types.is_timestamp(self.types[i])]
        for name in self._days:
            self.types[at[name]] = pa.string()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows, with timestamps as text.

        Raises
        ------
        ValueError
            If the file changes while it is read.
        """
        batches = self._layer.batches(arrow_rows.ROWS_AT_ONCE)
        if not self._days or self._layer.stated is None:
            yield from batches
            return
        texts = self._layer.stated(self._days)
        for batch, stated in itertools.zip_longest(batches, texts):
            if batch is None or stated is None or len(batch) != len(stated):
                msg = "its rows differ when they are read twice"
                raise ValueError(msg)
            for name in self._days:
                at = batch.schema.get_field_index(name)
                batch = batch.set_column(at, name, stated.column(name))  # noqa: PLW2901
            yield batch

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows without consuming them; those whose geometry is no point left out.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        with unchanged_during(self.fingerprint):
            try:
                batch = next(self._layer.batches(n_rows), None)
                block = self._block(
                    arrow_rows.empty(self._layer.schema) if batch is None else batch, 1
                )
            except UNREADABLE as error:
                msg = f"{self._path} cannot be read on from row 1: {error}."
                raise InputError(msg) from error
        return first_rows(block.columns, self.headers, n_rows)

    @unchanged
    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order; those whose geometry is not a point are rejects.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        row, batches = 1, self._batches()
        while True:
            try:
                batch = next(batches, None)
                block = None if batch is None else self._block(batch, row)
            except UNREADABLE as error:
                msg = f"{self._path} cannot be read on from row {row}: {error}."
                raise InputError(msg) from error
            if batch is None or block is None:
                break
            yield block
            row += len(batch)
        if self._layer.rows not in {None, row - 1}:  # GDAL ends without a word at a bad page
            msg = f"{self._path} is damaged: {row - 1} of {self._layer.rows} rows can be read."
            raise InputError(msg)
        if row == 1:
            yield self._block(arrow_rows.empty(self._layer.schema), row)

    def _block(self, batch: pa.RecordBatch, row: int) -> RowBlock:
        """Return attributes and coordinates of a batch from a given row."""
        at = self._layer.geometry
        cells = batch.column(at)
        points = wkb.points(cells.cast(arrow_rows.plain_type(cells.type)), self._srids)
        lon, lat = points.x, points.y
        if self._transformer is not None:
            with no_proj_network():
                lon, lat = self._transformer.transform(lon, lat)
            lon = np.where(np.abs(lon) <= 180 + OVERSHOOT, np.clip(lon, -180, 180), lon)
        missing = points.missing if points.missing.any() else None
        coordinates = [arrays.from_numpy(values, missing) for values in (lon, lat)]
        attributes = [column for i, column in enumerate(batch.columns) if i != at]
        whole = pa.RecordBatch.from_arrays([*attributes, *coordinates], names=self.headers)
        block = arrow_rows.block(whole, row)
        code = Rejected.geometry_not_a_point
        return without(block, {row + i: (code, what) for i, what in points.odd.items()})


def _check_names(schema: pa.Schema, path: Path) -> None:
    """Raise if the name of a column is not text.

    Raises
    ------
    InputError
        With its text.
    """
    try:
        utf8.column_names(schema)
    except InputError as error:
        msg = f"{path} {error}."
        raise InputError(msg) from None


def made_names(attributes: Sequence[str]) -> tuple[str, str]:
    """Return names for longitude and latitude that no attribute has."""
    taken = {name.casefold() for name in attributes}
    longitude, latitude = "longitude", "latitude"
    while {longitude, latitude} & taken:
        longitude, latitude = f"geometry_{longitude}", f"geometry_{latitude}"
    return longitude, latitude


@contextlib.contextmanager
def no_proj_network() -> Iterator[None]:
    """Prevent PROJ from downloading grids, which the environment may allow."""
    from pyproj import network

    allowed = network.is_network_enabled()  # type: ignore[attr-defined]
    network.set_network_enabled(active=False)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        network.set_network_enabled(active=allowed)  # type: ignore[attr-defined]


def _crs(crs: Any, path: Path) -> "pyproj.CRS":
    """Return the CRS of a file.

    Raises
    ------
    InputError
        If there is none, or it has no longitude and latitude.
    """
    import pyproj

    try:
        parsed = None if crs is None else pyproj.CRS.from_user_input(crs).to_2d()
    except (pyproj.exceptions.ProjError, ValueError, TypeError, RecursionError) as error:
        msg = f"{path} has a CRS that cannot be used: {error}."
        raise InputError(msg) from error
    # GeoPackage calls what it does not know "Undefined geographic SRS", as if on the ellipsoid.
    if parsed is None or parsed.name.startswith("Undefined"):
        msg = (
            f"{path} has no CRS, so its coordinates cannot be used. Set it when "
            f'the file is written, with gdf.set_crs("EPSG:4326") in geopandas or '
            f"ogr2ogr -a_srs EPSG:4326, if they are degrees of longitude and latitude."
        )
        raise InputError(msg)
    if not is_on_globe(parsed):
        msg = f"{path} has the CRS {parsed.name!r}, which has no longitude and latitude."
        raise InputError(msg)
    return parsed


def is_on_globe(crs: "pyproj.CRS") -> bool:
    """Return whether two coordinates of a CRS are a location: not geocentric, not of a building."""
    return bool(crs.is_geographic or crs.is_projected)


def _to_wgs84(crs: "pyproj.CRS", path: Path) -> "pyproj.Transformer | None":
    """Return a transformation to longitude and latitude on WGS 84; None if not required.

    Raises
    ------
    InputError
        If PROJ has no transformation.
    """
    import pyproj

    try:
        if crs.equals(pyproj.CRS(WGS84), ignore_axis_order=True):
            return None  # the very numbers of the file
        return pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)
    except pyproj.exceptions.ProjError as error:
        msg = f"{path} has a CRS that cannot be used: {error}."
        raise InputError(msg) from error


def transform_from_srid(srid: int, column: str) -> Transform:
    """Return what takes coordinates of an EPSG code to longitude and latitude on WGS 84.

    Parameters
    ----------
    srid
        The code; 4326 is degrees already, for which pyproj is not needed.
    column
        Where the points are, for an error.

    Raises
    ------
    InputError
        If there is no such CRS, or it has no longitude and latitude.
    """
    if srid == WGS84_SRID:
        return lambda x, y: (x, y)
    with no_proj_network():
        where = Path(f"The column {column!r}")
        transformer = _to_wgs84(_crs(f"EPSG:{srid}", where), where)
    if transformer is None:
        return lambda x, y: (x, y)

    def transform(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        with no_proj_network():
            lon, lat = transformer.transform(x, y)
        return np.where(np.isfinite(lon), lon, np.nan), np.where(np.isfinite(lat), lat, np.nan)

    return transform


def geoparquet(path: Path) -> SpatialFile:
    """Open a GeoParquet file.

    Raises
    ------
    InputError
        If it cannot be read, its metadata do not describe the geometry, or its CRS cannot be used.
    """
    from coverage_analyzer.files.readers import parquet

    fingerprint = WatchedFiles(path)
    try:
        file = parquet.parquet(path)
        geo = documents.load_json(file.schema_arrow.metadata[GEO])
        name = geo["primary_column"]
        about, boxes = geo["columns"][name], _coverings(geo)
        schema = pa.schema([field for field in file.schema_arrow if field.name not in boxes])
        (at,) = schema.get_all_field_indices(name)
        encoding, crs = about["encoding"], about.get("crs", GEOPARQUET_DEFAULT)
    except (*UNREADABLE, KeyError, TypeError, AttributeError) as error:
        msg = f"{path} cannot be read as GeoParquet: its metadata {GEO.decode()!r} is damaged."
        raise InputError(msg) from error
    if encoding != "WKB":
        msg = (
            f"{path}: the geometry is encoded as {encoding!r}. Write it as WKB, as "
            f"gdf.to_parquet(path) does in geopandas."
        )
        raise InputError(msg)

    def batches(n_rows: int) -> Iterator[pa.RecordBatch]:
        kept = [i for i, field in enumerate(file.schema_arrow) if field.name not in boxes]
        for batch in file.iter_batches(n_rows, use_threads=False):
            yield batch.select(kept)

    return SpatialFile(path, Layer(schema, at, crs, batches, fingerprint))


def _coverings(geo: Any) -> set[str]:
    """Return the columns that hold the boxes of geometries (GeoParquet 1.1, "covering").

    They are derived from the geometry, which gives longitude and latitude instead.
    """
    boxes = [column.get("covering", {}).get("bbox", {}) for column in geo["columns"].values()]
    return {path[0] for box in boxes for path in box.values()}

"""Coverage areas written for any GIS: GeoJSON, GeoPackage, GeoParquet."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coverage_analyzer.countries import ATTRIBUTION
from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.files import report, spatial
from coverage_analyzer.files.publishing import to_disk

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

AREAS: Final = (".geojson", ".gpkg", ".parquet")
"""The files that areas can be written to."""


def write_areas(frame: "gpd.GeoDataFrame", path: str | Path) -> None:
    """Write coverage areas for any GIS; an old file is replaced whole, or stays.

    Each file carries the credit of its data: GeoJSON as the member ``attribution``, GeoPackage in
    its tables of metadata, GeoParquet as a key of its metadata. It is
    ``frame.attrs["attribution"]``, by default that of the country layer.

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
            to_disk(part)
            part.replace(path)
    except spatial.UNREADABLE as error:
        msg = f"The areas could not be written to {path}: {error}."
        raise PublishError(msg) from error


def _write(frame: "gpd.GeoDataFrame", path: Path, kind: str) -> None:
    credit = str(frame.attrs.get("attribution", ATTRIBUTION))
    if kind == ".gpkg":
        # Of the layer: readers of GDAL write a file beside one whose dataset has metadata.
        frame.to_file(
            path,
            driver="GPKG",
            layer=path.stem,
            engine="pyogrio",
            index=False,
            layer_metadata={"attribution": credit},
        )
    elif kind == ".parquet":
        _write_parquet(frame, path, credit)
    else:
        _write_geojson(frame, path, credit)


def _write_parquet(frame: "gpd.GeoDataFrame", path: Path, credit: str) -> None:
    """Write GeoParquet whose key/value metadata has the credit; geopandas cannot write any."""
    import pyarrow.parquet as pq

    frame.to_parquet(path, index=False)
    table = pq.read_table(path)
    metadata = (table.schema.metadata or {}) | {b"attribution": credit.encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def _write_geojson(frame: "gpd.GeoDataFrame", path: Path, credit: str) -> None:
    import shapely

    degrees = frame.to_crs(spatial.WGS84)
    attributes = degrees.drop(columns=degrees.geometry.name)
    columns = {str(name): _json_values(cells) for name, cells in attributes.items()}
    rows = [{name: values[i] for name, values in columns.items()} for i in range(len(frame))]
    # Joined areas come out of GEOS with clockwise exterior rings.
    shapes = shapely.orient_polygons(degrees.geometry.to_numpy()).tolist()
    report.write_geojson(path, rows, shapes, attribution=credit)


def _json_values(cells: "pd.Series[Any]") -> list[Any]:
    """Return cells as JSON has them: days as text, None for what is missing."""
    if cells.dtype.kind == "M":
        cells = cells.dt.strftime("%Y-%m-%d")
    present = cells.notna().tolist()
    return [v if there else None for v, there in zip(cells.tolist(), present, strict=True)]

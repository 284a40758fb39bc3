"""Coverage areas written for any GIS: GeoJSON, GeoPackage, GeoParquet."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.files import report, spatial

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

AREAS: Final = (".geojson", ".gpkg", ".parquet")
"""The files that areas can be written to."""


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
    except spatial.UNREADABLE as error:
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

    degrees = frame.to_crs(spatial.WGS84)
    attributes = degrees.drop(columns=degrees.geometry.name)
    columns = {str(name): _json_values(cells) for name, cells in attributes.items()}
    rows = [{name: values[i] for name, values in columns.items()} for i in range(len(frame))]
    # Joined areas come out of GEOS with clockwise exterior rings.
    report.write_geojson(path, rows, shapely.orient_polygons(degrees.geometry.to_numpy()).tolist())


def _json_values(cells: "pd.Series[Any]") -> list[Any]:
    """Return cells as JSON has them: days as text, None for what is missing."""
    if cells.dtype.kind == "M":
        cells = cells.dt.strftime("%Y-%m-%d")
    present = cells.notna().tolist()
    return [v if there else None for v, there in zip(cells.tolist(), present, strict=True)]


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

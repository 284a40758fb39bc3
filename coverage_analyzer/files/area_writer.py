"""Coverage areas written for any GIS: GeoJSON, GeoPackage, GeoParquet."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coverage_analyzer.errors import CoverageError, InputError, PublishError, visible
from coverage_analyzer.files import report, spatial
from coverage_analyzer.files.outputs import kind_of
from coverage_analyzer.files.single import replacing
from coverage_analyzer.paths import utf8_name

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
    CoverageError
        Of the following kinds.
    InputError
        If the name has another extension, or the frame has no CRS.
    PublishError
        If the file cannot be written.
    """
    path, kind = Path(path), check_kind(path)
    if frame.crs is None:
        msg = 'The areas have no CRS: say which one with .set_crs(), "EPSG:4326" for degrees.'
        raise InputError(msg)
    try:
        with replacing(path) as part:  # in a folder of its own: GDAL keeps a journal beside it
            _write(frame, part, kind)
    except CoverageError:
        raise
    except spatial.UNREADABLE as error:
        msg = f"The areas could not be written to {path}: {error}."
        raise PublishError(msg) from error


def check_kind(path: str | Path) -> str:
    """Return how areas are written, by the extension of a file.

    Raises
    ------
    InputError
        If it is none of `AREAS`.
    """
    return kind_of(path, AREAS, what="Areas are")


def _write(frame: "gpd.GeoDataFrame", path: Path, kind: str) -> None:
    if kind == ".gpkg":
        frame.to_file(
            utf8_name(path), driver="GPKG", layer=visible(path.stem), engine="pyogrio", index=False
        )
    elif kind == ".parquet":
        frame.to_parquet(utf8_name(path), index=False)
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

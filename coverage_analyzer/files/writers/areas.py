"""Write coverage areas for any GIS: GeoJSON, GeoPackage, GeoParquet."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer.countries import ATTRIBUTION
from coverage_analyzer.errors import CoverageError, InputError, PublishError, visible
from coverage_analyzer.files.atomic import replacing
from coverage_analyzer.files.outputs import kind_of
from coverage_analyzer.files.readers import spatial
from coverage_analyzer.paths import utf8_name

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

AREAS: Final = (".geojson", ".gpkg", ".parquet")
"""File formats of areas."""


def write_areas(frame: "gpd.GeoDataFrame", path: str | Path) -> None:
    """Write coverage areas for any GIS, replacing an old file atomically.

    Each file contains the attribution of its data: GeoJSON as the member ``attribution``,
    GeoPackage in its metadata tables, GeoParquet as a metadata key. It is
    ``frame.attrs["attribution"]``, by default that of the country layer.

    Parameters
    ----------
    frame
        Geometries in any CRS, as returned by `coverage_areas`.
    path
        ``.geojson`` (WGS 84, 7 decimals), ``.gpkg`` or ``.parquet`` (the CRS of the frame).

    Raises
    ------
    CoverageError
        In one of these formats.
    InputError
        If the name has another extension, or the frame has no CRS.
    PublishError
        If the file cannot be written.
    """
    path, kind = Path(path), check_kind(path)
    if frame.crs is None:
        msg = 'The areas have no CRS. Set it with .set_crs(), "EPSG:4326" for degrees.'
        raise InputError(msg)
    try:
        with replacing(path) as part:  # in a separate folder: GDAL writes a journal beside it
            _write(frame, part, kind)
    except CoverageError:
        raise
    except spatial.UNREADABLE as error:
        msg = f"The areas could not be written to {path}: {error}."
        raise PublishError(msg) from error


def check_kind(path: str | Path) -> str:
    """Return the format of areas by the extension of a file.

    Raises
    ------
    InputError
        If it is not one of `AREAS`.
    """
    return kind_of(path, AREAS, what="Areas are")


def _with_days(frame: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return areas whose columns of days alone are days, not date-times."""
    import pandas as pd

    days = {
        name: cells.astype(pd.ArrowDtype(pa.date32()))
        for name, cells in frame.items()
        if cells.dtype.kind == "M" and (cells.dropna() == cells.dropna().dt.normalize()).all()
    }
    return frame.assign(**days) if days else frame


def _write(frame: "gpd.GeoDataFrame", path: Path, kind: str) -> None:
    credit = str(frame.attrs.get("attribution", ATTRIBUTION))
    if kind != ".geojson":
        frame = _with_days(frame)
    if kind == ".gpkg":
        # On the layer: GDAL readers write a file beside a dataset with metadata.
        frame.to_file(
            utf8_name(path),
            driver="GPKG",
            layer=visible(path.stem),
            engine="pyogrio",
            index=False,
            use_arrow=True,
            layer_metadata={"attribution": credit},
        )
    elif kind == ".parquet":
        _write_parquet(frame, path, credit)
    else:
        _write_geojson(frame, path, credit)


def _write_parquet(frame: "gpd.GeoDataFrame", path: Path, credit: str) -> None:
    """Write GeoParquet with the attribution in its metadata, which geopandas cannot write."""
    frame.to_parquet(utf8_name(path), index=False)
    import pyarrow.parquet as pq

    table = pq.read_table(utf8_name(path))
    metadata = (table.schema.metadata or {}) | {b"attribution": credit.encode()}
    pq.write_table(table.replace_schema_metadata(metadata), utf8_name(path))


def _write_geojson(frame: "gpd.GeoDataFrame", path: Path, credit: str) -> None:
    import shapely

    degrees = frame.to_crs(spatial.WGS84)
    attributes = degrees.drop(columns=degrees.geometry.name)
    columns = {str(name): _json_values(cells) for name, cells in attributes.items()}
    rows = [{name: values[i] for name, values in columns.items()} for i in range(len(frame))]
    # GEOS returns unions with clockwise exterior rings.
    shapes = shapely.orient_polygons(degrees.geometry.to_numpy()).tolist()
    write_geojson(path, rows, shapes, attribution=credit)


def _json_values(cells: "pd.Series[Any]") -> list[Any]:
    """Return cells as JSON values: dates as text, None where missing."""
    if cells.dtype.kind == "M":
        cells = cells.dt.strftime("%Y-%m-%d")
    present = cells.notna().tolist()
    return [v if there else None for v, there in zip(cells.tolist(), present, strict=True)]


def write_geojson(
    path: Path,
    rows: Iterable[Mapping[str, Any]],
    geometry: Sequence[Any],
    *,
    attribution: str = ATTRIBUTION,
) -> None:
    """Write features by RFC 7946: WGS 84, right-handed rings, 7 decimals, one feature per line.

    Parameters
    ----------
    path
        The file.
    rows
        The properties of each feature.
    geometry
        Geometries in degrees, split at 180, exterior rings counter-clockwise.
    attribution
        Attribution of the geometries' data: a member of the collection, beside ``features``.
    """
    from coverage_analyzer.files.writers.geojson_text import geojson

    shapes = geojson(np.array(geometry, object))
    with path.open("w", encoding="utf-8", newline="") as file:
        credit = json.dumps(attribution, ensure_ascii=False)
        file.write(f'{{"type":"FeatureCollection","attribution":{credit},"features":[\n')
        for number, (row, shape) in enumerate(zip(rows, shapes, strict=True)):
            properties = json.dumps(row, ensure_ascii=False)
            file.write(",\n" if number else "")
            file.write(f'{{"type":"Feature","properties":{properties},')
            file.write(f'"geometry":{shape}}}')
        file.write("\n]}\n")

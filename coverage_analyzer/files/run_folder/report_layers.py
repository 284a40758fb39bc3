"""``report.gpkg``: the layers of centers and of coverage areas, in addition to the sites."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from coverage_analyzer import arrays
from coverage_analyzer.countries import Names, Numbers
from coverage_analyzer.files.run_folder.contents import center_rows
from coverage_analyzer.files.run_folder.file_metadata import file_metadata
from coverage_analyzer.geometry import polygons_of
from coverage_analyzer.matching.areas import Areas, names, properties
from coverage_analyzer.matching.centers import Centers

STATES: Final = ("open", "planned", "closed")
"""What a center is on the day, in the column ``state``."""

AREA_COLUMNS: Final = pa.schema(
    [
        ("center_id", pa.string()),
        ("name", pa.string()),
        ("country", pa.string()),
        ("limit_miles", pa.float64()),
        ("opens_on", pa.date32()),
        ("level", pa.string()),
        ("above_miles", pa.float64()),
        ("planned", pa.bool_()),
        ("area_km2", pa.float64()),
        ("area_square_miles", pa.float64()),
    ]
)
"""The columns of `matching.areas.PROPERTIES`, with their types."""


@dataclass(frozen=True)
class LayerContents:
    """What the layers hold.

    Attributes
    ----------
    centers, country
        The centers as used, and the country of each.
    areas
        Their coverage areas, if there are any.
    names
        Of countries.
    """

    centers: Centers
    country: Numbers
    areas: Areas | None
    names: Names


def add_layers(path: Path, contents: LayerContents, manifest: Mapping[str, Any]) -> None:
    """Add the centers, and their coverage areas if there are any, to a report with layers.

    Parameters
    ----------
    path
        The report. Nothing is done unless it is a GeoPackage.
    contents
        Of the layers.
    manifest
        As ``run.json`` has it.

    Raises
    ------
    PublishError
        If the file cannot be written.
    """
    if path.suffix != ".gpkg":
        return
    from coverage_analyzer.files.writers import geopackage
    from coverage_analyzer.files.writers.points import wkb_points

    about, centers = file_metadata(manifest), contents.centers
    rows = center_rows(centers, contents.country, contents.names)
    state = _states(centers, np.datetime64(manifest["as_of"], "D"))
    columns = [*rows.columns, arrays.take_texts(state, arrays.text_array(STATES))]
    rows = pa.RecordBatch.from_arrays(columns, names=[*rows.schema.names, "state"])
    points = wkb_points(centers.lon, centers.lat)
    geopackage.add_layer(path, geopackage.CENTERS, rows, points, about)
    if contents.areas is not None:
        per_area = properties(contents.areas, centers, contents.country, contents.names)
        shapes = _multipolygons(contents.areas)
        geopackage.add_layer(
            path,
            geopackage.AREAS,
            _area_rows(per_area, names(contents.areas)),
            shapes,
            about,
        )


def _states(centers: Centers, day: np.datetime64) -> npt.NDArray[np.int8]:
    """Return the position in `STATES` of each center."""
    serving = np.where(centers.is_open(day), 0, 2)
    return np.where(centers.is_planned(day), 1, serving).astype(np.int8)


def _area_rows(per_area: Any, columns: Sequence[str]) -> pa.RecordBatch:
    """Return the properties of areas as rows; `AREA_COLUMNS`, and those in kilometres."""
    more = [(name, pa.float64()) for name in columns if name not in AREA_COLUMNS.names]
    schema = pa.schema([*AREA_COLUMNS, *more])
    rows = [
        row
        | {"opens_on": datetime.date.fromisoformat(row["opens_on"]) if row["opens_on"] else None}
        for row in per_area
    ]
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def _multipolygons(areas: Areas) -> pa.Array:
    """Return areas as well-known binary of one type, as a layer has one."""
    shapes = [shapely.MultiPolygon(polygons_of(shape)) for shape in areas.geometry]
    return arrays.from_bytes([shape.wkb for shape in shapes], pa.binary())

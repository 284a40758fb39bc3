"""Reports as GeoParquet 1.1: the points of the sites, and the box round each (its covering)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.cells import free_name
from coverage_analyzer.files.writers.parquet import ParquetWriter
from coverage_analyzer.files.writers.points import coordinates_of

BOX: Final = "bbox"
SIDES: Final = ("xmin", "ymin", "xmax", "ymax")


class GeoParquetWriter(Writer):
    """Rows with their types, and points on WGS 84 (OGC:CRS84) as well-known binary.

    Parameters
    ----------
    path
        The file.
    schema
        Of the rows; the last column holds points as well-known binary.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        geometry, box = schema.names[-1], free_name(BOX, schema.names)
        kind = pa.struct([(side, pa.float64()) for side in SIDES])
        geo = json.dumps(_metadata(geometry, box)).encode()
        plain = schema.append(pa.field(box, kind))
        self._schema = plain.with_metadata({**(schema.metadata or {}), b"geo": geo})
        self._rows = ParquetWriter(path, self._schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        points = batch.column(batch.num_columns - 1)
        lon, lat = coordinates_of(points)
        # The box of a row without a point is null itself, which its statistics leave out.
        box = pa.StructArray.from_arrays([lon, lat, lon, lat], names=SIDES, mask=points.is_null())
        columns = [*batch.columns, box]
        self._rows.write(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Note what the file is to say of itself, as keys of its metadata."""
        self._rows.describe(metadata)

    def close(self) -> None:
        """Finish the file."""
        self._rows.close()


def _metadata(geometry: str, box: str) -> dict[str, Any]:
    """Return the value of the key ``geo`` (GeoParquet 1.1); without a CRS it is OGC:CRS84."""
    covering = {side: [box, side] for side in SIDES}
    column = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "covering": {"bbox": covering},
    }
    return {"version": "1.1.0", "primary_column": geometry, "columns": {geometry: column}}

"""Points of rows, as formats of geographic data hold them."""

from typing import Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Floats

GEOMETRY: Final = "geometry"
"""The column of points, unless the rows have one of that name."""

_POINT: Final = np.dtype([("order", "u1"), ("code", "<u4"), ("x", "<f8"), ("y", "<f8")])


def wkb_points(lon: Floats, lat: Floats) -> pa.Array:
    """Return points as well-known binary, null where a coordinate is NaN.

    Parameters
    ----------
    lon, lat
        Degrees on WGS 84. Shape (n,).

    Examples
    --------
    >>> wkb_points(np.array([1.0, np.nan]), np.array([2.0, 3.0])).to_pylist()[0].hex()
    '0101000000000000000000f03f0000000000000040'
    """
    records = np.zeros(len(lon), _POINT)
    records["order"], records["code"], records["x"], records["y"] = 1, 1, lon, lat
    missing = np.isnan(lon) | np.isnan(lat)
    offsets = (np.arange(len(lon) + 1) * _POINT.itemsize).astype(np.int32)
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(records.view(np.uint8))]
    return pa.Array.from_buffers(pa.binary(), len(lon), buffers)


def coordinates_of(points: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return longitudes and latitudes of what `wkb_points` made, null where there is no point."""
    valid = arrays.is_valid(points)
    lon, lat = np.full(len(points), np.nan), np.full(len(points), np.nan)
    offsets = np.frombuffer(points.buffers()[1], np.int32)[points.offset :][: len(points)]
    data = np.frombuffer(points.buffers()[2] or b"", np.uint8)
    begin = offsets[valid].astype(np.int64)
    records = data[begin[:, None] + np.arange(_POINT.itemsize)]
    decoded = np.ascontiguousarray(records).view(_POINT).reshape(len(begin))
    lon[valid], lat[valid] = decoded["x"], decoded["y"]
    return arrays.from_numpy(lon, ~valid), arrays.from_numpy(lat, ~valid)

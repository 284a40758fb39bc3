"""Well-known binary: decode points, and describe all other geometries.

Only points are decoded. Of all other geometries the header is read, because libraries raise errors
of many kinds for curves, surfaces and damaged cells, and one such cell must cost only one row.
"""

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats, Ints

KINDS: Final = {
    1: "Point",
    2: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
    8: "CircularString",
    9: "CompoundCurve",
    10: "CurvePolygon",
    11: "MultiCurve",
    12: "MultiSurface",
    13: "Curve",
    14: "Surface",
    15: "PolyhedralSurface",
    16: "TIN",
    17: "Triangle",
    18: "Circle",
    19: "GeodesicString",
    20: "EllipticalCurve",
    21: "NurbsCurve",
    22: "Clothoid",
    23: "SpiralCurve",
    24: "CompoundSurface",
}
"""Geometry types by their code (ISO/IEC 13249-3, OGC 06-103r4)."""

POINT: Final = 1
_EXTENDED: Final = 0x1FFFFFFF
HAS_SRID: Final = 0x20000000
_LAST_DIMENSION: Final = 3
_NO_KIND: Final = "the geometry is not well-known binary"
_HEADER: Final = np.dtype([("order", "u1"), ("code", "u4")])


@dataclass(frozen=True)
class Points:
    """Coordinates of geometries.

    Attributes
    ----------
    x, y
        In the CRS of the file; NaN without a point. Shape (n,).
    missing
        Where there is no geometry, or an empty point. Shape (n,).
    odd
        Types of the geometries that are not points, by position.
    """

    x: Floats
    y: Floats
    missing: Bools
    odd: dict[int, str]


def points(cells: pa.Array, srids: frozenset[int] = frozenset()) -> Points:
    """Return the points in cells of well-known binary.

    Parameters
    ----------
    cells
        Binary, also in the extended form of PostGIS. Length n.
    srids
        SRIDs of the CRS of the file: a cell may repeat one of them, or have none.
    """
    cells = cells.cast(pa.large_binary())
    offsets = np.frombuffer(cells.buffers()[1], np.int64)[cells.offset :][: len(cells) + 1]
    data = np.frombuffer(cells.buffers()[2] or b"", np.uint8)
    begin, size = offsets[:-1], np.diff(offsets)
    xy = np.full((len(cells), 2), np.nan)
    odd: dict[int, str] = {}
    filled = arrays.is_valid(cells)
    long = np.flatnonzero(filled & (size >= _HEADER.itemsize))
    odd |= dict.fromkeys(np.flatnonzero(filled & (size < _HEADER.itemsize)).tolist(), _NO_KIND)
    headers = _gathered(data, begin[long], _HEADER)
    forms, form = np.unique(headers, return_inverse=True)
    for number, header in enumerate(forms):
        rows = long[form == number]
        what = _form(header)
        if isinstance(what, str):
            odd |= dict.fromkeys(rows.tolist(), what)
            continue
        whole = size[rows] == what.itemsize
        odd |= dict.fromkeys(rows[~whole].tolist(), _NO_KIND)
        rows = rows[whole]
        decoded = _gathered(data, begin[rows], what)
        xy[rows, 0], xy[rows, 1] = decoded["x"], decoded["y"]
        if "srid" in (what.names or ()):
            foreign = ~np.isin(decoded["srid"], [0, *srids])
            for row, srid in zip(rows[foreign], decoded["srid"][foreign], strict=True):
                odd[int(row)] = (
                    f"the geometry has the SRID {srid}, which differs from that of the file"
                )
    missing = np.isnan(xy).all(axis=1)
    missing[list(odd)] = True
    return Points(xy[:, 0], xy[:, 1], missing, dict(sorted(odd.items())))


def _gathered(data: npt.NDArray[np.uint8], begin: Ints, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return the records at the given offsets. Shape (n,)."""
    records = data[begin[:, None] + np.arange(kind.itemsize)]
    return np.ascontiguousarray(records).view(kind).reshape(len(begin))


def _form(header: Any) -> np.dtype[Any] | str:
    """Return the layout of a point with a given header, or the kind of another geometry."""
    mark = {0: ">", 1: "<"}.get(int(header["order"]))
    if mark is None:
        return _NO_KIND
    (code,) = struct.unpack(f"{mark}I", header["code"].tobytes())
    kind, more = type_and_ordinates(code)
    if kind != POINT:
        geometry_kind = KINDS.get(kind)
        return f"the geometry is a {geometry_kind}, not a point" if geometry_kind else _NO_KIND
    srid = [("srid", f"{mark}i4")] if code & HAS_SRID else []
    rest = [(name, f"{mark}f8") for name in "xyzm"[: 2 + more]]
    return np.dtype([("order", "u1"), ("code", "u4"), *srid, *rest])


def type_and_ordinates(code: int) -> tuple[int, int]:
    """Return the type of a code, and its number of ordinates beyond two.

    Examples
    --------
    >>> type_and_ordinates(1), type_and_ordinates(3001), type_and_ordinates(0x80000001)
    ((1, 0), (1, 2), (1, 1))
    """
    flags = (code >> 31) + (code >> 30 & 1)
    dimension, kind = divmod(code & _EXTENDED, 1000)
    if dimension > _LAST_DIMENSION:
        return 0, 0
    return kind, flags or (0, 1, 1, 2)[dimension]


def encoded(kind: str, xy: Any = None) -> bytes:
    """Encode a point as well-known binary; any other geometry as an empty one of its type."""
    code = next((code for code, name in KINDS.items() if name == kind), 0)
    body = struct.pack("<2d", *xy) if xy is not None else struct.pack("<I", 0)
    return struct.pack("<BI", 1, code) + body

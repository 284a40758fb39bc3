"""Points in one column of a table: well-known text or binary, GeoJSON, or latitude and longitude.

Such a column is read where a table has no columns of coordinates. The cells decide, not its name.
"""

import dataclasses
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats, distinct
from coverage_analyzer.files.readers import arrow_rows, spatial, wkb
from coverage_analyzer.files.readers.base import (
    PREVIEW_ROWS,
    RowBlock,
    TableReader,
    WrappedReader,
    without,
)
from coverage_analyzer.schema.column_names import name_key
from coverage_analyzer.schema.rejects import Rejected

MOST: Final = 0.5
"""Such a share of the filled cells has to be points at least; the others are rejects."""

MAX_WHOLE: Final = 0.1
"""Such a share of pairs may have a whole number: others are no coordinates, such as sizes."""

WGS84: Final = 4326
"""The SRID of degrees; also what a cell without any is taken for."""

_DEGREES: Final = r"[+-]?[0-9]{1,15}(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"
WKT: Final = (
    r"(?i)^\s*(?:SRID\s*=\s*(?P<srid>[0-9]+)\s*;\s*)?POINT\s*(?:Z|M|ZM)?\s*"
    rf"(?:EMPTY|\(\s*(?P<x>{_DEGREES})\s+(?P<y>{_DEGREES})(?:\s+{_DEGREES}){{0,2}}\s*\))\s*$"
)
"""A point as well-known text, also in the extended form of PostGIS."""

GEOJSON: Final = (
    r'^\s*\{.*"coordinates"\s*:\s*'
    rf"\[\s*(?P<x>{_DEGREES})\s*,\s*(?P<y>{_DEGREES})(?:\s*,\s*{_DEGREES})?\s*\].*\}}\s*$"
)
_PART: Final = r"[+-]?[0-9]{1,3}"
PAIR: Final = (
    rf"^\s*\(?\s*(?P<x>{_PART}\.[0-9]+)\s*[,;]\s*(?P<y>{_PART}\.[0-9]+)\s*\)?\s*$",
    rf"^\s*\(?\s*(?P<x>{_PART}(?:[.,][0-9]+)?)(?:\s*;\s*|,\s+)(?P<y>{_PART}(?:[.,][0-9]+)?)\s*\)?\s*$",
)
"""Two plain numbers: both with a point, or with a semicolon or a comma and a space between."""

HEX: Final = r"^\s*0[01](?:[0-9A-Fa-f]{2}){20,}\s*$"
"""Well-known binary in hexadecimal digits, as PostgreSQL writes it."""

LATITUDE_LIMIT: Final = 90
LONGITUDE_LIMIT: Final = 180

_LONGITUDE_FIRST: Final = re.compile("lo?ng?(itude)?.*lat|^xy$")


@dataclass(frozen=True)
class Cells:
    """What the cells of a column hold.

    Attributes
    ----------
    x, y
        The first and second number of each; NaN where there is none. Shape (n,).
    missing
        Where a cell is empty. Shape (n,).
    odd
        What is wrong with others, by position.
    srid
        Of each cell, 0 if it states none. Shape (n,).
    """

    x: Floats
    y: Floats
    missing: Bools
    odd: dict[int, str]
    srid: Floats


@dataclass(frozen=True)
class PointForm:
    """How points are written in a column.

    Attributes
    ----------
    name
        For what is told about the input.
    read
        Reads cells.
    latitude_first
        Whether the first number is the latitude.
    srid
        The CRS that the cells state.
    """

    name: str
    read: Callable[[pa.Array], Cells]
    latitude_first: bool = False
    srid: int = WGS84


def find(rows: pa.RecordBatch) -> tuple[int, PointForm] | None:
    """Return the first column whose cells are points, and how they are written.

    Geometries count before pairs of numbers.

    Parameters
    ----------
    rows
        The first rows of a table.
    """
    forms: dict[int, PointForm] = {}
    for at, cells in enumerate(rows.columns):
        form = _form(cells.drop_null(), rows.schema.names[at])
        if form is not None:
            forms[at] = form
    order = sorted(forms, key=lambda at: (forms[at].name == "pair", at))
    return (order[0], forms[order[0]]) if order else None


def _form(cells: pa.Array, header: str) -> PointForm | None:
    """Return how points are written in some filled cells; None if they are none."""
    if pa.types.is_binary(cells.type) or pa.types.is_large_binary(cells.type):
        return _checked(PointForm("wkb", _from_wkb), cells)
    if not pa.types.is_string(cells.type):
        return None
    cells = cells.filter(pc.not_equal(pc.utf8_trim_whitespace(cells), ""))
    texts = (
        PointForm("wkt", _from_wkt),
        PointForm("hex wkb", _from_hex),
        PointForm("geojson", _from_geojson),
    )
    found = next(filter(None, (_checked(form, cells) for form in texts)), None)
    return found or _pair(cells, header)


def _checked(form: PointForm, cells: pa.Array) -> PointForm | None:
    """Return a form with the CRS of some cells, if most of them are points in it."""
    if not len(cells):
        return None
    read = form.read(cells)
    points = ~np.isnan(read.x)
    if np.mean(points) < MOST:
        return None
    srids = read.srid[points & (read.srid > 0)]
    return dataclasses.replace(form, srid=int(srids[0]) if len(srids) else WGS84)


def _pair(cells: pa.Array, header: str) -> PointForm | None:
    """Return which number of pairs is the latitude, if cells are such pairs within range."""
    form = _checked(PointForm("pair", _from_pair), cells)
    if form is None:
        return None
    read = _from_pair(cells)
    whole = (read.x % 1 == 0) | (read.y % 1 == 0)
    x, y = np.nan_to_num(np.abs(read.x)), np.nan_to_num(np.abs(read.y))
    longitude_first = bool(_LONGITUDE_FIRST.search(name_key(header)) or x.max() > LATITUDE_LIMIT)
    lat, lon = (y, x) if longitude_first else (x, y)
    if (
        np.mean(whole[~np.isnan(read.x)]) > MAX_WHOLE
        or lat.max() > LATITUDE_LIMIT
        or lon.max() > LONGITUDE_LIMIT
    ):
        return None
    return dataclasses.replace(form, latitude_first=not longitude_first)


def _from_wkb(cells: pa.Array, srids: frozenset[int] | None = None) -> Cells:
    srid = _srids(cells)
    named = frozenset(int(n) for n in distinct(srid[srid > 0])) if srids is None else srids
    points = wkb.points(cells, named)
    return Cells(points.x, points.y, points.missing, points.odd, srid)


def _srids(cells: pa.Array) -> Floats:
    """Return the SRID that each cell of extended well-known binary states, 0 if none."""
    heads = [(cell or b"")[:9] for cell in cells.cast(pa.large_binary()).to_pylist()]
    return np.array([float(_srid(head)) for head in heads])


def _srid(head: bytes) -> int:
    if len(head) < _EWKB_HEAD or head[0] > 1:
        return 0
    code, srid = struct.unpack("<II" if head[0] else ">II", head[1:])
    return int(srid) if code & wkb.HAS_SRID else 0


_EWKB_HEAD: Final = 9


def _from_hex(cells: pa.Array) -> Cells:
    fits = arrays.to_bools(pc.match_substring_regex(cells, HEX))
    texts = cells.to_pylist()
    data = [bytes.fromhex(t.strip()) if ok else None for t, ok in zip(texts, fits, strict=True)]
    read = _from_wkb(arrays.from_bytes(data, pa.binary()))
    blank = _is_blank(cells)
    odd = dict.fromkeys(np.flatnonzero(~fits & ~blank).tolist(), "no well-known binary in hex")
    return dataclasses.replace(read, missing=blank | read.missing, odd=read.odd | odd)


def _from_wkt(cells: pa.Array) -> Cells:
    return _matched(cells, (WKT,), "is not a point in well-known text")


def _from_geojson(cells: pa.Array) -> Cells:
    return _matched(cells, (GEOJSON,), "is not a point in GeoJSON")


def _from_pair(cells: pa.Array) -> Cells:
    return _matched(cells, PAIR, "is not a plain pair of latitude and longitude")


def _is_blank(cells: pa.Array) -> Bools:
    return arrays.to_bools(pc.fill_null(pc.equal(pc.utf8_trim_whitespace(cells), ""), True))


def _matched(cells: pa.Array, patterns: tuple[str, ...], fault: str) -> Cells:
    """Return the numbers in cells of text that one of some patterns fits."""
    x, y, srid = (np.full(len(cells), np.nan) for _ in range(3))
    fits = np.zeros(len(cells), np.bool_)
    for pattern in patterns:
        parts = pc.extract_regex(cells, pattern)
        here = arrays.is_valid(parts) & ~fits
        x[here], y[here] = (_numbers(parts, name)[here] for name in ("x", "y"))
        srid[here] = _numbers(parts, "srid")[here] if "<srid>" in pattern else 0
        fits |= here
    blank = _is_blank(cells) | (fits & np.isnan(x))  # with POINT EMPTY
    texts = cells.take(arrays.from_numpy(np.flatnonzero(~fits & ~blank))).to_pylist()
    where = np.flatnonzero(~fits & ~blank).tolist()
    odd = {row: f"{text[:60]!r} {fault}" for row, text in zip(where, texts, strict=True)}
    return Cells(x, y, blank, odd, np.nan_to_num(srid))


def _numbers(parts: pa.Array, name: str) -> Floats:
    texts = pc.replace_substring(pc.struct_field(parts, [name]), ",", ".")
    filled = pc.if_else(pc.equal(texts, ""), "nan", texts)
    return arrays.as_numpy(pc.fill_null(filled, "nan").cast(pa.float64()))


class PointColumn(WrappedReader):
    """A table in which one column holds points, with their longitude and latitude behind the rest.

    Parameters
    ----------
    source
        The table.
    at
        Which column holds the points.
    form
        How they are written.

    Raises
    ------
    InputError
        If the CRS that the cells state cannot be used.
    """

    def __init__(self, source: TableReader, at: int, form: PointForm) -> None:
        super().__init__(source)
        self._at, self._form = at, form
        self._transform = spatial.transform_from_srid(form.srid, source.headers[at])
        longitude, latitude = spatial.made_names(source.headers)
        self.headers = [*source.headers, longitude, latitude]
        self.types = [*source.types, pa.float64(), pa.float64()]
        self.known = {**source.known, "longitude": longitude, "latitude": latitude}

    @property
    def detected(self) -> dict[str, Any]:
        """What the wrapped reader found out about the file, and where its points are."""
        points = {"points": {"column": self._source.headers[self._at], "form": self._form.name}}
        return self._source.detected | points

    def columns_read(self, at: frozenset[int]) -> None:
        """Read rows that end behind the last of these columns, too."""
        own = {position for position in at if position < len(self._source.headers)}
        self._source.columns_read(frozenset({*own, self._at}))

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows without consuming them."""
        rows = self._source.preview(n_rows)
        return pa.RecordBatch.from_arrays(self._added(rows)[0], names=self.headers)

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order; those whose cell is no point are rejects."""
        for block in self._source.blocks():
            columns, odd = self._added(block.columns)
            by_name = block.columns.schema.names == self._source.headers
            names = self.headers if by_name else [str(n) for n in range(len(columns))]
            batch = pa.RecordBatch.from_arrays(columns, names=names)
            code = Rejected.geometry_not_a_point
            rejects = {int(block.lines[row]): (code, what) for row, what in odd.items()}
            yield without(dataclasses.replace(block, columns=batch), rejects)

    def _added(self, rows: pa.RecordBatch) -> tuple[list[pa.Array], dict[int, str]]:
        """Return the columns of some rows with their coordinates, and what is wrong with points."""
        points = degrees(rows.column(self._at), self._form, self._transform)
        missing = points.missing | np.isnan(points.x) | np.isnan(points.y)
        gaps = missing if missing.any() else None
        added = [arrays.from_numpy(values, gaps) for values in (points.x, points.y)]
        return [*rows.columns, *added], points.odd


def degrees(cells: pa.Array, form: PointForm, transform: spatial.Transform) -> Cells:
    """Return the longitude and latitude of cells, as ``x`` and ``y``.

    Parameters
    ----------
    cells
        Text or binary.
    form
        How points are written in them.
    transform
        Takes their coordinates to degrees (`spatial.transform_from_srid`).
    """
    read = form.read(cells.cast(arrow_rows.plain_type(cells.type)))
    foreign = np.flatnonzero((read.srid > 0) & (read.srid != form.srid)).tolist()
    odd = {n: f"SRID {read.srid[n]:.0f}, where others have {form.srid}" for n in foreign}
    x, y = (read.y, read.x) if form.latitude_first else (read.x, read.y)
    lon, lat = transform(x, y)
    return dataclasses.replace(read, x=lon, y=lat, odd=read.odd | odd)


def with_points(source: TableReader) -> TableReader:
    """Return a table with coordinates out of the first of its columns that holds points, if any.

    Raises
    ------
    InputError
        If the first rows cannot be read, or the CRS of the points cannot be used.
    """
    found = find(source.preview())
    return source if found is None else PointColumn(source, *found)

"""Convert frames to the kernel's arrays, and points back to frames."""

import datetime
import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from coverage_analyzer import arrays, geometry
from coverage_analyzer.arrays import Floats
from coverage_analyzer.batch.stream import products_of
from coverage_analyzer.errors import InputError, PolicyError, PolicyWarning, quantity
from coverage_analyzer.files.readers import point_columns
from coverage_analyzer.files.readers.base import PREVIEW_ROWS
from coverage_analyzer.files.readers.spatial import WGS84, transform_from_srid
from coverage_analyzer.files.table import are_countries
from coverage_analyzer.frames.crs import geometry_wgs84
from coverage_analyzer.frames.dated import DatedFrame
from coverage_analyzer.matching import eligibility
from coverage_analyzer.matching.centers import DAYS, TEXTS, Centers
from coverage_analyzer.matching.products import Products
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema import angles, coordinates, days
from coverage_analyzer.schema import columns as tables
from coverage_analyzer.schema.angles import LATITUDE, LONGITUDE, Axis
from coverage_analyzer.schema.column_evidence import Evidence
from coverage_analyzer.schema.column_matching import Headers, match_columns
from coverage_analyzer.schema.columns import Column

ProductsLike: TypeAlias = pd.DataFrame | Products | str | Path | None
"""Products as a frame, as read, as the path of a file, or None."""

Frame = TypeVar("Frame", bound=pd.DataFrame)
SETTLED: Final = "country_settled"
"""Key in ``.attrs`` of sites with the column chosen for the country."""

MAX_APART_DEG: Final = 0.0045
"""Some 500 m: what may be between a point and the columns of its row (rounding, another datum)."""

NUMERIC: Final = ("latitude", "longitude", "accuracy_m")

_SURROGATE = re.compile("[\ud800-\udfff]")


def policy_of(policy: Policy | str) -> Policy:
    """Return a policy, and warn of its inconsistencies.

    Raises
    ------
    PolicyError
        If the policy is unknown.
    """
    rules = Policy.load(policy)
    for message in rules.warnings:
        warnings.warn(message, PolicyWarning, stacklevel=4)
    return rules


def rules_of(verdicts: pd.DataFrame, policy: Policy | str | None) -> Policy:
    """Return the policy of the verdicts.

    Raises
    ------
    InputError
        If it differs from the given one, or is unknown.
    """
    name, sha256 = (verdicts.attrs.get(n) for n in ("policy", "policy_sha256"))
    try:
        rules = Policy.load(policy or name or "")
    except PolicyError:
        msg = f"The policy of these verdicts is required ({name or 'unknown'}): give policy=..."
        raise InputError(msg) from None
    if sha256 and rules.sha256 != sha256:
        msg = (
            f"These verdicts use a different version or policy: {name!r}, not this {rules.name!r}."
        )
        raise InputError(msg)
    return rules


def check_labels(frame: pd.DataFrame, what: str) -> None:
    """Raise if the columns of a frame do not have one unique name each.

    Raises
    ------
    InputError
        If it is not a frame, its columns have several levels, or two have the same name.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(_no_frame(frame, what))
    if frame.columns.nlevels > 1:
        msg = (
            f"The columns of the {what} have {frame.columns.nlevels} levels: give each one name, "
            f'such as frame.columns = ["_".join(map(str, c)) for c in frame.columns].'
        )
        raise InputError(msg)
    names = frame.columns.astype(str)
    if not names.is_unique:
        twice = names[names.duplicated()][0]
        msg = f"Two columns of the {what} have the name {twice!r}. Rename or drop one."
        raise InputError(msg)


def _no_frame(value: Any, what: str) -> str:
    """Return why an object is refused, and how to convert it to a frame if possible."""
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__qualname__}"
    kind = kind.removeprefix("builtins.")
    ways = [name for name in ("to_pandas", "toPandas", "df") if hasattr(value, name)]
    advice = f" Convert it: .{ways[0]}()." if ways else ""
    return f"The {what} are a {kind}, not a pandas DataFrame.{advice}"


def with_points(frame: pd.DataFrame, lon: Floats, lat: Floats) -> gpd.GeoDataFrame:
    """Return a new frame, which nobody else has, with points in EPSG:4326."""
    return DatedFrame(frame, geometry=geometry.points(lon, lat), crs=WGS84, copy=False)


def credited(frame: Frame, *sources: str) -> Frame:
    """Return a frame with the attribution of its data in ``.attrs["attribution"]``."""
    frame.attrs["attribution"] = "; ".join(sources)
    return frame


def geometries(frame: pd.DataFrame) -> list[Any]:
    """Return the labels of all geometry columns."""
    kinds = zip(frame.columns, frame.dtypes, strict=True)
    return [label for label, kind in kinds if kind == "geometry"]


def points_name(frame: pd.DataFrame) -> list[Any]:
    """Return the label of the active geometry, if any.

    A GeoDataFrame may have none, or name a column that no longer exists.
    """
    label = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
    return [label] if label is not None and label in frame.columns else []


def known_columns(frame: pd.DataFrame, table: Sequence[Column]) -> dict[str, str]:
    """Return the frame's name of each known column except coordinates, read by `positions`.

    Only a column of the exact name is used, regardless of synonyms, since the readers provide it.
    """
    headers = [str(c) for c in frame.columns if c not in geometries(frame)]
    expected = [c for c in table if c.name not in {"latitude", "longitude"}]
    own = {c.name: c.name for c in expected if c.name in headers}
    countries = {tables.header_key(n) for n in (*tables.COUNTRY.synonyms, *tables.COUNTRY_STATED)}
    at = [i for i, header in enumerate(headers) if tables.header_key(header) in countries]
    settled = frame.attrs.get(SETTLED, False)
    if not settled and tables.country_columns(headers, at):  # a code and a name: both are read
        own.pop("country", None)
    query = Headers(
        headers,
        expected,
        own,
        evidence=_evidence(frame, headers),
        unread=frozenset(tables.FOR_AREAS),
    )
    return {name: headers[at] for name, at in match_columns(query).items()}


def _evidence(frame: pd.DataFrame, headers: Sequence[str]) -> Evidence:
    """Return the first cells of a frame."""

    def preview() -> pa.RecordBatch:
        first = frame.head(PREVIEW_ROWS)
        plain = first.set_axis([str(c) for c in first.columns], axis=1)
        return pa.RecordBatch.from_arrays([texts(plain, h) for h in headers], names=list(headers))

    return Evidence(preview, are_countries=are_countries)


def positions(frame: pd.DataFrame, what: str) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes in degrees on WGS 84.

    Raises
    ------
    InputError
        If columns have several levels or share a name, a GeoDataFrame has no CRS, or a row has no
        point in range.
    """
    check_labels(frame, what)
    if points_name(frame):
        lon, lat = _fill_points(frame, *_coordinates(frame, what))
        _warn_of_edited_columns(frame, what, lon, lat)
    else:
        lon, lat = _degrees(frame, what)
    bad = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if bad.any():
        swapped = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)
        hint = " Latitude and longitude look swapped." if swapped[bad].all() else ""
        msg = (
            f"{bad.sum()} of the {len(frame)} {what} have no usable coordinates, the first in row "
            f"{frame.index[bad][0]!r}.{hint} Drop or fix them; read_sites drops them and lists "
            f"which."
        )
        raise InputError(msg)
    return lon, lat


def _coordinates(frame: pd.DataFrame, what: str) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes of the points of a frame, NaN where a row has none.

    Raises
    ------
    InputError
        If a GeoDataFrame has no CRS, or a geometry is not a point.
    """
    points = geometry_wgs84(frame, what)
    kinds = shapely.get_type_id(points)
    bad = (kinds != shapely.GeometryType.POINT) & (kinds != shapely.GeometryType.MISSING)
    if bad.any():
        first = frame.index[bad][0]
        msg = f"{bad.sum()} of the {what} are not points, the first in row {first!r}."
        raise InputError(msg)
    return geometry.point_coordinates(points)


def _degrees(frame: pd.DataFrame, what: str) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes from their columns, NaN where missing.

    Raises
    ------
    InputError
        If there are no such columns, with the geometry that may be meant instead.
    """
    try:
        names = _column(frame, "longitude"), _column(frame, "latitude")
    except InputError as error:
        shapes = geometries(frame)
        points = None if shapes else _points(frame)
        if points is not None:
            return points
        if not shapes:
            raise
        msg = (
            f"The {what} have the geometry {shapes[0]!r}, but none is active. Choose one with "
            f"geopandas.GeoDataFrame(frame, geometry={shapes[0]!r}). {error}"
        )
        raise InputError(msg) from None
    return degrees(frame, names[0], LONGITUDE), degrees(frame, names[1], LATITUDE)


def _points(frame: pd.DataFrame) -> tuple[Floats, Floats] | None:
    """Return longitudes and latitudes out of a column of points, NaN where a cell holds none.

    None if no column holds points, as well-known text or binary or as pairs of numbers.

    Raises
    ------
    InputError
        If the CRS that the cells state cannot be used.
    """
    headers = [str(c) for c in frame.columns]
    plain = frame.set_axis(headers, axis=1)
    first = plain.head(PREVIEW_ROWS)
    rows = pa.RecordBatch.from_arrays([_cells(first, h) for h in headers], names=headers)
    match = point_columns.find(rows)
    if match is None:
        return None
    at, form = match
    transform = transform_from_srid(form.srid, headers[at])
    points = point_columns.degrees(_cells(plain, headers[at]), form, transform)
    return points.x, points.y


def _cells(frame: pd.DataFrame, name: str) -> pa.Array:
    """Return a column as text, or as bytes where it holds them."""
    if pd.api.types.infer_dtype(frame[name], skipna=True) == "bytes":
        return arrays.from_bytes(
            [c if isinstance(c, bytes) else None for c in frame[name]], pa.binary()
        )
    return texts(frame, name)


def _fill_points(frame: pd.DataFrame, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return coordinates of points; for rows without a point, those of the columns.

    This includes new rows that `pandas.concat` appended to a frame with points.
    """
    gap = np.isnan(lon) | np.isnan(lat)
    headers = [str(c) for c in frame.columns if c not in geometries(frame)]
    if not gap.any() or not {"latitude", "longitude"} <= set(headers):
        return lon, lat
    own = degrees(frame, "longitude", LONGITUDE), degrees(frame, "latitude", LATITUDE)
    return np.where(gap, own[0], lon), np.where(gap, own[1], lat)


def _warn_of_edited_columns(frame: pd.DataFrame, what: str, lon: Floats, lat: Floats) -> None:
    """Warn if numbers in `latitude` and `longitude` are not where the points are.

    The points are used, as everywhere in geopandas; whoever has edited the columns alone would get
    the verdicts of the old locations. A change of datum moves a point by less than the tolerance.
    """
    names = ("latitude", "longitude")
    columns = [frame[name] for name in names if name in frame.columns]
    if len(columns) < len(names) or not all(map(pd.api.types.is_numeric_dtype, columns)):
        return
    own_lat, own_lon = (column.to_numpy(np.float64, na_value=np.nan) for column in columns)
    other = np.flatnonzero((own_lat != lat) | (own_lon != lon))
    lon, lat = lon[other], lat[other]
    turn = np.abs(own_lon[other] - lon) % 360
    apart = np.maximum(
        np.abs(own_lat[other] - lat), np.minimum(turn, 360 - turn) * np.cos(np.radians(lat))
    )
    edited = other[apart > MAX_APART_DEG]
    if len(edited):
        warnings.warn(
            f"{quantity(len(edited), 'row')} of the {what}, the first "
            f"{frame.index[edited[0]]!r}: the point of the geometry is used, which is more than "
            f"500 m from the columns latitude and longitude. If you edited the columns, make new "
            f"points of them: frame.set_geometry(geopandas.points_from_xy(frame.longitude, "
            f"frame.latitude, crs=4326)).",
            stacklevel=4,
        )


def _column(frame: pd.DataFrame, name: str) -> str:
    headers = [str(c) for c in frame.columns]
    if name in headers:
        return name
    pair = (tables.LATITUDE, tables.LONGITUDE)
    query = Headers(headers, pair, evidence=_evidence(frame, headers))
    return headers[match_columns(query)[name]]


def degrees(frame: pd.DataFrame, name: str, axis: Axis) -> Floats:
    """Return the degrees of a column in any notation, NaN where missing."""
    cells = frame[name]
    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64, na_value=np.nan)
    as_written = texts(frame, name)
    letter_o = angles.meaning_of_o(as_written, name) if axis is LONGITUDE else ""
    return coordinates.degrees(as_written, axis, letter_o=letter_o)[0]


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """Return the numbers of a column, NaN where a cell holds none.

    Raises
    ------
    InputError
        If a cell of text is one number with a decimal point and another with a comma.
    """
    cells = frame[name]
    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64, na_value=np.nan)
    as_written = texts(frame, name)
    values = coordinates.numbers(as_written, decimal="")[0]
    unclear = coordinates.two_readings(as_written, values) & [isinstance(c, str) for c in cells]
    if unclear.any():
        first = frame.index[unclear][0]
        msg = (
            f"{unclear.sum()} cells in {name!r} are one number with a decimal point and another "
            f"with a decimal comma, the first in row {first!r}; make numbers of them, such as with "
            f"frame[{name!r}].str.replace(',', '.').astype(float)."
        )
        raise InputError(msg)
    return values


def texts(frame: pd.DataFrame, name: str) -> pa.Array:
    """Return a column as an Arrow array of strings, empty where missing.

    Whole numbers are written without decimals, since pandas converts integer columns with gaps to
    floats; dates are written as 2026-12-01.

    Raises
    ------
    InputError
        If a cell contains text that is not Unicode.
    """
    cells = frame[name]
    try:
        if pd.api.types.infer_dtype(cells, skipna=True) != "string":
            cells = pd.Series([as_text(cell) for cell in cells.astype("object")], dtype="string")
        array = pa.array(cells.astype("string").fillna(""), pa.string())
    except UnicodeEncodeError as error:
        raise InputError(not_unicode(frame[name])) from error
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def not_unicode(cells: "pd.Series[Any]") -> str:
    """Return the message about a column with lone surrogates, as ``surrogateescape`` makes."""
    rows = [n for n, cell in enumerate(cells) if _SURROGATE.search(str(cell))]
    return (
        f"{len(rows)} cells in {cells.name!r} hold text that is not Unicode (half a surrogate "
        f"pair), the first in row {cells.index[rows[0]] if rows else 0!r}. Read the text with its "
        f"encoding, such as encoding='cp1252'."
    )


def as_text(cell: Any) -> str:
    """Return one cell of a frame as text, empty where missing."""
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return ""
    if isinstance(cell, np.datetime64):
        cell = pd.Timestamp(cell)
    if isinstance(cell, datetime.datetime):
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell)


def site_rows(frame: pd.DataFrame, read: Collection[str] = ()) -> tuple[SiteRows, dict[str, str]]:
    """Return what the rows of a frame of sites say, as the kernel takes it, and its known columns.

    Parameters
    ----------
    frame
        The sites.
    read
        Columns that only some policies read, and this one does (`Policy.start_columns`).

    Raises
    ------
    InputError
        If a row has no usable coordinates, or a cell of a day or a distance holds none.
    """
    lon, lat = positions(frame, "sites")
    header_of = known_columns(frame, tables.site_columns(read))
    countries = [
        texts(frame, header_of[name]) for name in tables.COUNTRY_STATED if name in header_of
    ]
    cells = _eligibility_cells(frame, header_of)
    return SiteRows(lon, lat, accuracy(frame, header_of), countries, cells), header_of


def accuracy(frame: pd.DataFrame, header_of: Mapping[str, str]) -> Floats:
    """Return the accuracy of each row in metres, NaN where missing.

    Raises
    ------
    InputError
        If a cell is not a distance.
    """
    if "accuracy_m" not in header_of:
        return np.full(len(frame), np.nan)
    name = header_of["accuracy_m"]
    accuracy = numbers(frame, name)
    bad = frame[name].notna().to_numpy() & ~(accuracy >= 0)
    if not pd.api.types.is_numeric_dtype(frame[name]):
        bad &= [bool(text.strip()) for text in texts(frame, name).to_pylist()]
    if bad.any():
        first = frame.index[bad][0]
        msg = (
            f"{quantity(bad.sum(), 'row')} without a distance in {name!r}, the first in row "
            f"{first!r}."
        )
        raise InputError(msg)
    return accuracy


def centers_of(frame: pd.DataFrame) -> Centers:
    """Convert a frame to the kernel's centers.

    Raises
    ------
    InputError
        If a row or a column cannot be used.
    """
    lon, lat = positions(frame, "centers")
    header_of = known_columns(frame, tables.CENTERS)
    names = (*TEXTS, *tables.COUNTRY_STATED, *DAYS)
    cells = {name: texts(frame, header_of[name]).to_pylist() for name in names if name in header_of}
    return Centers.from_texts(cells, lon, lat, [f"row {i!r}" for i in frame.index])


def _eligibility_cells(frame: pd.DataFrame, header_of: Mapping[str, str]) -> dict[str, Any]:
    """Return the inputs of eligibility rules in a frame: Arrow texts, numpy dates.

    Raises
    ------
    InputError
        If a date is invalid.
    """
    result: dict[str, Any] = {
        n: texts(frame, header_of[n]) for n in eligibility.TEXTS if n in header_of
    }
    for name in eligibility.DAYS:
        if name in header_of:
            result[name], blank = days.days(texts(frame, header_of[name]))
            bad = np.isnat(result[name]) & ~blank
            if bad.any():
                first = frame.index[bad][0]
                msg = (
                    f"{quantity(bad.sum(), 'row')} without a date like 2026-12-01 in "
                    f"{header_of[name]!r}, the first in row {first!r}. Convert them with "
                    f"pandas.to_datetime(..., format=...)."
                )
                raise InputError(msg)
    return result


def products_in(products: ProductsLike) -> Products | None:
    """Return products from a frame or a file, if given.

    Raises
    ------
    InputError
        If a row or a column cannot be used.
    """
    if products is None or isinstance(products, Products):
        return products
    if isinstance(products, (str, Path)):
        return products_of(products)
    check_labels(products, "products")
    headers = [str(c) for c in products.columns]
    matched = match_columns(Headers(headers, tables.PRODUCTS))
    cells = {name: texts(products, headers[at]).to_pylist() for name, at in matched.items()}
    return Products.from_texts(cells, [f"row {i!r}" for i in products.index])


def assessed_day(verdicts: pd.DataFrame) -> datetime.date:
    """Return the day for which verdicts hold: that of ``as_of``, of no rows that of ``.attrs``.

    Raises
    ------
    InputError
        If there are several days, or a cell is not a day.
    """
    day_texts = sorted(filter(None, {as_text(cell) for cell in verdicts["as_of"].unique()}))
    if len(day_texts) > 1:
        listed = ", ".join(day_texts[:3]) + (" ..." if len(day_texts) > 3 else "")
        msg = (
            f"The verdicts are for {len(day_texts)} days ({listed}). Select the rows of one day: "
            f"verdicts[verdicts.as_of == {day_texts[-1]!r}]."
        )
        raise InputError(msg)
    return days.day(day_texts[0] if day_texts else verdicts.attrs.get("as_of")) or days.today()


def need(frame: pd.DataFrame, columns: Sequence[str], what: str, maker: str) -> None:
    """Raise if a frame lacks a column, or its columns are ambiguous.

    Raises
    ------
    InputError
        With the function that creates such frames.
    """
    check_labels(frame, what)
    missing = [c for c in columns if c not in frame]
    if missing:
        msg = f"These are not {what}: the column {missing[0]!r} is missing. Use {maker}."
        raise InputError(msg)

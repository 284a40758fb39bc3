"""Convert frames to the kernel's arrays, and points back to frames."""

import datetime
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from coverage_analyzer.arrays import Floats
from coverage_analyzer.batch.stream import products_of
from coverage_analyzer.countries import Names, Numbers
from coverage_analyzer.errors import InputError, PolicyWarning, quantity
from coverage_analyzer.files.readers.spatial import WGS84
from coverage_analyzer.frames.crs import geometry_wgs84
from coverage_analyzer.matching import eligibility
from coverage_analyzer.matching.centers import DAYS, TEXTS, Centers
from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema import columns as tables
from coverage_analyzer.schema import coordinates, days
from coverage_analyzer.schema.columns import Column

ProductsLike: TypeAlias = pd.DataFrame | Products | str | Path | None
"""Products as a frame, as read, as the path of a file, or None."""

Frame = TypeVar("Frame", bound=pd.DataFrame)
SETTLED: Final = "country_settled"
"""Key in ``.attrs`` of sites with the column chosen for the country."""

NUMERIC: Final = ("latitude", "longitude", "accuracy_m")

_SURROGATE = re.compile("[\ud800-\udfff]")


def policy_of(policy: Policy | str) -> Policy:
    """Return a policy, and warn of its inconsistencies.

    Raises
    ------
    PolicyError
        If there is no such policy.
    """
    rules = Policy.load(policy)
    for told in rules.warnings:
        warnings.warn(told, PolicyWarning, stacklevel=4)
    return rules


def check_labels(frame: pd.DataFrame, what: str) -> None:
    """Raise if the columns of a frame do not have one unique name each.

    Raises
    ------
    InputError
        If it is no frame, its columns have several levels, or two have the same name.
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


def _no_frame(given: Any, what: str) -> str:
    """Return why an object is refused, and how to convert it to a frame if possible."""
    kind = f"{type(given).__module__.partition('.')[0]}.{type(given).__qualname__}"
    kind = kind.removeprefix("builtins.")
    ways = [name for name in ("to_pandas", "toPandas", "df") if hasattr(given, name)]
    advice = f" Convert it: .{ways[0]}()." if ways else ""
    return f"The {what} are a {kind}, not a pandas DataFrame.{advice}"


def with_points(frame: pd.DataFrame, lon: Floats, lat: Floats) -> gpd.GeoDataFrame:
    """Return a frame with points in EPSG:4326."""
    return gpd.GeoDataFrame(frame, geometry=shapely.points(lon, lat), crs=WGS84)


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

    A GeoDataFrame may have none, or name a column that is no longer there.
    """
    label = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
    return [label] if label is not None and label in frame.columns else []


def known_columns(frame: pd.DataFrame, table: Sequence[Column]) -> dict[str, str]:
    """Return the frame's name of each known column except coordinates, read by `positions`.

    A column of the very name is meant, whatever synonyms stand beside it: readers give it.
    """
    headers = [str(c) for c in frame.columns if c not in geometries(frame)]
    wanted = [c for c in table if c.name not in {"latitude", "longitude"}]
    own = {c.name: c.name for c in wanted if c.name in headers}
    countries = {tables.header_key(n) for n in (*tables.COUNTRY.synonyms, *tables.COUNTRY_STATED)}
    at = [i for i, header in enumerate(headers) if tables.header_key(header) in countries]
    settled = frame.attrs.get(SETTLED, False)
    if not settled and tables.country_columns(headers, at):  # a code beside a name: both are read
        own.pop("country", None)
    return {name: headers[at] for name, at in tables.match_columns(headers, wanted, own).items()}


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
        points = geometry_wgs84(frame, what)
        kinds = shapely.get_type_id(points)
        bad = (kinds != shapely.GeometryType.POINT) & (kinds != shapely.GeometryType.MISSING)
        if bad.any():
            first = frame.index[bad][0]
            msg = f"{bad.sum()} of the {what} are not points, the first in row {first!r}."
            raise InputError(msg)
        points = np.where(shapely.is_empty(points), None, points)
        lon, lat = _filled(frame, shapely.get_x(points), shapely.get_y(points))
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
        if not shapes:
            raise
        msg = (
            f"The {what} have the geometry {shapes[0]!r}, but none is active. Choose one with "
            f"geopandas.GeoDataFrame(frame, geometry={shapes[0]!r}). {error}"
        )
        raise InputError(msg) from None
    return numbers(frame, names[0]), numbers(frame, names[1])


def _filled(frame: pd.DataFrame, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return coordinates of points; for rows without a point, those of the columns.

    So are the new rows of a frame that `pandas.concat` put behind one with points.
    """
    gap = np.isnan(lon) | np.isnan(lat)
    headers = [str(c) for c in frame.columns if c not in geometries(frame)]
    if not gap.any() or not {"latitude", "longitude"} <= set(headers):
        return lon, lat
    own = numbers(frame, "longitude"), numbers(frame, "latitude")
    return np.where(gap, own[0], lon), np.where(gap, own[1], lat)


def _column(frame: pd.DataFrame, name: str) -> str:
    headers = [str(c) for c in frame.columns]
    if name in headers:
        return name
    return headers[tables.match_columns(headers, (tables.LATITUDE, tables.LONGITUDE))[name]]


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """Return the numbers of a column, NaN where missing."""
    cells = frame[name]
    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64, na_value=np.nan)
    return coordinates.numbers(texts(frame, name))[0]


def texts(frame: pd.DataFrame, name: str) -> pa.Array:
    """Return a column as an Arrow array of strings, empty where missing.

    A whole number is written as such, since pandas makes integers with gaps floats; a day is
    written as 2026-12-01.

    Raises
    ------
    InputError
        If a cell holds text that is not Unicode.
    """
    cells = frame[name]
    try:
        if pd.api.types.infer_dtype(cells, skipna=True) != "string":
            cells = pd.Series([as_text(cell) for cell in cells.astype("object")], dtype="string")
        made = pa.array(cells.astype("string").fillna(""), pa.string())
    except UnicodeEncodeError as error:
        raise InputError(not_unicode(frame[name])) from error
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


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


def declared(frame: pd.DataFrame, known: Mapping[str, str], names: Names) -> Numbers:
    """Return the number of the country declared by each row (`Names.agreed`)."""
    stated = [names.named(texts(frame, known[n])) for n in tables.COUNTRY_STATED if n in known]
    return names.agreed(stated) if stated else np.zeros(len(frame), np.int16)


def accuracy(frame: pd.DataFrame, known: Mapping[str, str]) -> Floats:
    """Return the accuracy of each row in metres, NaN where missing.

    Raises
    ------
    InputError
        If a cell holds something else than a distance.
    """
    if "accuracy_m" not in known:
        return np.full(len(frame), np.nan)
    name = known["accuracy_m"]
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
    known = known_columns(frame, tables.CENTERS)
    wanted = (*TEXTS, *tables.COUNTRY_STATED, *DAYS)
    cells = {name: texts(frame, known[name]).to_pylist() for name in wanted if name in known}
    return Centers.from_texts(cells, lon, lat, [f"row {i!r}" for i in frame.index])


def facts_of(frame: pd.DataFrame, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the inputs of eligibility rules in a frame: Arrow texts, numpy dates.

    Raises
    ------
    InputError
        If a cell of a day holds none.
    """
    found: dict[str, Any] = {n: texts(frame, known[n]) for n in eligibility.TEXTS if n in known}
    for name in eligibility.DAYS:
        if name in known:
            found[name], blank = days.days(texts(frame, known[name]))
            bad = np.isnat(found[name]) & ~blank
            if bad.any():
                first = frame.index[bad][0]
                msg = (
                    f"{quantity(bad.sum(), 'row')} without a date like 2026-12-01 in "
                    f"{known[name]!r}, the first in row {first!r}. Convert them with "
                    f"pandas.to_datetime(..., format=...)."
                )
                raise InputError(msg)
    return found


def products_in(given: ProductsLike) -> Products | None:
    """Return products from a frame or a file, if given.

    Raises
    ------
    InputError
        If a row or a column cannot be used.
    """
    if given is None or isinstance(given, Products):
        return given
    if isinstance(given, (str, Path)):
        return products_of(given)
    check_labels(given, "products")
    headers = [str(c) for c in given.columns]
    known = tables.match_columns(headers, tables.PRODUCTS)
    cells = {name: texts(given, headers[at]).to_pylist() for name, at in known.items()}
    return Products.from_texts(cells, [f"row {i!r}" for i in given.index])


def need(frame: pd.DataFrame, columns: Sequence[str], what: str, maker: str) -> None:
    """Raise if a frame lacks a column, or its columns are ambiguous.

    Raises
    ------
    InputError
        With the function that makes such frames.
    """
    check_labels(frame, what)
    missing = [c for c in columns if c not in frame]
    if missing:
        msg = f"These are not {what}: the column {missing[0]!r} is missing. Use {maker}."
        raise InputError(msg)

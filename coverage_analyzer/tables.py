"""The columns of each table: names, synonyms, units, and what a cell must hold."""

import difflib
import enum
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.errors import InputError


@dataclass(frozen=True)
class Column:
    """A column that a table may have.

    Attributes
    ----------
    name, synonyms
        What it is called, and what else it may be called.
    required
        Whether a table must have it.
    hint
        A pattern: a header that fits may be meant, which is asked and never assumed.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    hint: str = ""


LATITUDE: Final = Column(
    "latitude", ("lat", "y", "lat_dd", "site_lat", "center_lat"), required=True
)
LONGITUDE: Final = Column(
    "longitude", ("lon", "lng", "long", "x", "lon_dd", "site_lon", "center_lon"), required=True
)
COUNTRY: Final = Column(
    "country",
    ("country_code", "iso2", "iso_a2", "cc", "iso3", "iso_a3", "country_name", "nation"),
    hint="country|ctry|^land$|^pays$|^pa[ií]s$|^paese$|nation|^iso$",
)

SITES: Final = (
    Column("site_id", ("id", "customer_id", "account_id", "ref")),
    LATITUDE,
    LONGITUDE,
    Column("name", ("site_name", "customer")),
    COUNTRY,
    Column("accuracy_m", hint="accuracy|precision"),
)
"""Customer sites. Every other column is carried along."""

CENTERS: Final = (
    Column("center_id", ("id", "service_center_id", "ref"), required=True),
    LATITUDE,
    LONGITUDE,
    Column("name", ("center_name", "service_center")),
    COUNTRY,
    Column("opens_on", ("opens", "opening_date", "open_from"), hint="open|live|start|eröffn"),
    Column("closes_on", ("closes", "closing_date", "open_until"), hint="clos|^end|schlie"),
)
"""Service centers."""

VERDICT: Final = (
    "level",
    "status",
    "reason",
    "center_id",
    "distance_miles",
    "limit_miles",
    "margin_miles",
    "site_country",
    "available_on",
    "centers_in_reach",
)
"""What a report adds to each site, in this order."""


class Rejected(enum.StrEnum):
    """Why a row could not be decided: the codes in ``rejects.csv``."""

    wrong_number_of_fields = enum.auto()
    broken_quotes = enum.auto()
    not_utf8 = enum.auto()
    coordinate_missing = enum.auto()
    coordinate_not_a_number = enum.auto()
    coordinate_out_of_range = enum.auto()
    accuracy_not_a_number = enum.auto()
    geometry_not_a_point = enum.auto()


NUMBER: Final = r"[ \t]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*"
"""The one grammar of numbers: ``40.5``, ``-75``, ``+.5``, ``4e1``, with blanks around it."""

_NUMBER = re.compile(NUMBER)
_DMS = re.compile(r"[°º'\u2032\"\u2033]|[0-9]\s*[NSEWnsew]\s*$|^\s*[NSEWnsew]\s*[0-9]")


def folded(header: str) -> str:
    """Return a header without case, blanks, underscores and hyphens: what is compared."""
    return re.sub(r"[\s_-]", "", header).casefold()


def recognised(
    headers: Sequence[str], table: Sequence[Column], overrides: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Return where the columns of a table stand among headers.

    Parameters
    ----------
    headers
        As the file has them.
    table
        `SITES` or `CENTERS`.
    overrides
        Header to take for a column, which ends all doubt about that column.

    Raises
    ------
    InputError
        If a header stands twice, two could be meant, or a required column is not there.

    Examples
    --------
    >>> recognised(["ID", "Lat", "lng", "Country Code"], SITES)
    {'site_id': 0, 'latitude': 1, 'longitude': 2, 'country': 3}
    """
    twice = [h for h, n in Counter(headers).items() if n > 1 and h.strip()]
    if twice:
        msg = f"The column {twice[0]!r} stands twice in the header; rename one of the two."
        raise InputError(msg)
    overrides = overrides or {}
    _check_overrides(overrides, headers, table)
    found = {}
    for column in table:
        wanted = {folded(n) for n in (column.name, *column.synonyms)}
        at = [i for i, h in enumerate(headers) if folded(h) in wanted]
        if column.name in overrides:
            at = [headers.index(overrides[column.name])]
        if len(at) > 1:
            names = " and ".join(repr(headers[i]) for i in at)
            msg = (
                f"{names} could each be the column {column.name!r}; say which with "
                f"{_taking(table, column, headers[at[0]])}."
            )
            raise InputError(msg)
        if at:
            found[column.name] = at[0]
    _check_missing(found, headers, table)
    return found


def unnoticed(
    headers: Sequence[str], found: Mapping[str, int], table: Sequence[Column]
) -> list[str]:
    """Return a warning for each optional column that is not found though a header may be meant."""
    return [
        f"No column was taken for {column.name!r}. Is it {header!r}? "
        f"Then say {_taking(table, column, header)}."
        for column in table
        if column.hint and column.name not in found
        for i, header in enumerate(headers)
        if i not in found.values() and re.search(column.hint, header, re.IGNORECASE)
    ]


def _taking(table: Sequence[Column], column: Column, header: str) -> str:
    """Return how to say which header to take for a column."""
    option = "--center-column" if table is CENTERS else "--column"
    return f"{option} {shlex.quote(f'{column.name}={header}')} (in Python: columns={{...}})"


def check_types(types: Mapping[str, pa.DataType]) -> None:
    """Raise if a known column of a typed table can hold no such thing.

    Raises
    ------
    InputError
        If a coordinate is neither number nor text, or another column neither text, number nor day.
    """
    for name, kind in types.items():
        number = (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        )
        fits = number or pa.types.is_string(kind) or pa.types.is_null(kind)
        if name not in {"latitude", "longitude", "accuracy_m"}:
            fits = fits or pa.types.is_temporal(kind)
        if not fits:
            msg = f"The column {name!r} holds {kind}; it has to hold numbers or text."
            raise InputError(msg)


def _check_overrides(
    overrides: Mapping[str, str], headers: Sequence[str], table: Sequence[Column]
) -> None:
    known = [column.name for column in table]
    for name, header in overrides.items():
        if name not in known:
            msg = f"There is no column {name!r} to set; there are {', '.join(known)}."
            raise InputError(msg)
        if header not in headers:
            msg = f"No column is called {header!r}; the file has {_listed(headers)}."
            raise InputError(msg)


def _check_missing(
    found: Mapping[str, int], headers: Sequence[str], table: Sequence[Column]
) -> None:
    missing = [c for c in table if c.required and c.name not in found]
    if missing:
        column = missing[0]
        near = difflib.get_close_matches(column.name, headers, n=1, cutoff=0.4)
        hint = f" Is it {near[0]!r}?" if near else ""
        hint += f" Say which with {_taking(table, column, near[0] if near else 'HEADER')}."
        if len(headers) == 1 and (marks := [m for m in ";\t|" if m in headers[0]]):
            hint = f" It looks separated by {marks[0]!r}: save the file with commas."
        msg = (
            f"There is no column {column.name!r} (or {', '.join(column.synonyms)}). "
            f"There are {_listed(headers)}.{hint}"
        )
        raise InputError(msg)


def _listed(headers: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(repr(h[:60]) for h in headers[:most])
    return f"{shown} and {len(headers) - most} more" if len(headers) > most else shown


def numbers(cells: pa.Array, *, decimal: str = ".") -> tuple[Floats, Bools]:
    """Return the numbers that cells hold, and which are blank.

    Parameters
    ----------
    cells
        Text, read by the grammar `NUMBER`, or an Arrow array of numbers.
    decimal
        What stands for the point of the grammar in text: a point, or a comma.

    Returns
    -------
    values
        NaN where a cell holds no finite number. Shape (n,).
    blank
        Where there is nothing in the cell. Shape (n,).
    """
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        return _finite(arrays.numpy(cells.cast(pa.float64()))), ~arrays.valid(cells)
    if decimal != ".":  # then a point parts thousands, and such a cell is no number here
        cells = pc.replace_substring(pc.replace_substring(cells, ".", "\0"), decimal, ".")
    trimmed = pc.ascii_trim(cells, characters=" \t")
    try:
        values = arrays.numpy(trimmed.cast(pa.float64()))
    except pa.ArrowInvalid:
        values = np.full(len(cells), np.nan)
    if np.isfinite(values).all():
        return values, ~arrays.valid(cells)
    fits = arrays.truth(pc.match_substring_regex(cells, pattern=f"^{NUMBER}$"))
    at = np.flatnonzero(fits)
    plain = pc.replace_substring_regex(trimmed.take(arrays.arrow(at)), r"^\+", "")
    values = np.full(len(cells), np.nan)
    values[at] = arrays.numpy(plain.cast(pa.float64()))
    lengths = arrays.numpy(pc.binary_length(trimmed))
    return _finite(values), np.nan_to_num(lengths) == 0


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


@dataclass(frozen=True)
class Coordinates:
    """The coordinates and accuracy of rows, and what is wrong with each.

    Attributes
    ----------
    lon, lat, accuracy_m
        NaN where a cell has none that can be used. Shape (n,).
    fault
        The position in `Rejected` of what is wrong, or -1. Shape (n,).
    """

    lon: Floats
    lat: Floats
    accuracy_m: Floats
    fault: npt.NDArray[np.int8]


def coordinates(
    lat: pa.Array, lon: pa.Array, accuracy_m: pa.Array | None = None, *, decimal: str = "."
) -> Coordinates:
    """Return the coordinates that cells hold, and which rows cannot be used."""
    codes = list(Rejected)
    (y, no_y), (x, no_x) = numbers(lat, decimal=decimal), numbers(lon, decimal=decimal)
    fault = np.full(len(y), -1, np.int8)
    accuracy = np.full(len(y), np.nan)
    if accuracy_m is not None:
        accuracy, blank = numbers(accuracy_m, decimal=decimal)
        accuracy = np.where(accuracy >= 0, accuracy, np.nan)
        fault[~blank & np.isnan(accuracy)] = codes.index(Rejected.accuracy_not_a_number)
    fault[(np.abs(y) > 90) | (np.abs(x) > 180)] = codes.index(Rejected.coordinate_out_of_range)
    fault[np.isnan(x) | np.isnan(y)] = codes.index(Rejected.coordinate_not_a_number)
    fault[no_x | no_y] = codes.index(Rejected.coordinate_missing)
    good = fault < 0
    return Coordinates(np.where(good, x, np.nan), np.where(good, y, np.nan), accuracy, fault)


def fault_detail(
    fault: Rejected, latitude: str, longitude: str, accuracy_m: str, *, decimal: str = "."
) -> str:
    """Return in words what is wrong with a row's cells, and what may be meant."""
    y, x = _number(latitude, decimal), _number(longitude, decimal)
    if fault is Rejected.coordinate_missing:
        empty = [n for n, t in (("latitude", latitude), ("longitude", longitude)) if not t.strip()]
        return f"{' and '.join(empty)} empty"
    if fault is Rejected.accuracy_not_a_number:
        return f"accuracy_m is {accuracy_m!r}, not a distance in metres"
    if fault is Rejected.coordinate_out_of_range:
        swapped = abs(y) <= 180 and abs(x) <= 90
        hint = "; latitude and longitude look swapped" if swapped else ""
        return f"latitude {latitude}, longitude {longitude} is out of range{hint}"
    name, text = ("latitude", latitude) if np.isnan(y) else ("longitude", longitude)
    return f"{name} is {text!r}, not a number in degrees{_number_hint(text, decimal)}"


def _number(text: str, decimal: str) -> float:
    """Return the number that a text is by the grammar, else NaN."""
    plain = text if decimal == "." else text.replace(".", "\0").replace(decimal, ".")
    value = float(plain) if _NUMBER.fullmatch(plain) else np.nan
    return value if np.isfinite(value) else np.nan


def _number_hint(text: str, decimal: str) -> str:
    if decimal != "." and "." in text:
        return "; with --decimal , a point is none"
    if re.fullmatch(r"\s*[+-]?\d+,\d+\s*", text):
        return "; a decimal comma? write a point, or say --decimal ,"
    if _DMS.search(text):
        return "; degrees, minutes, seconds or a hemisphere? write decimal degrees"
    return ""


def as_text(cells: pa.Array) -> pa.Array:
    """Return cells as strings, nulls as empty ones."""
    if pa.types.is_timestamp(cells.type):  # a day, as pandas writes it
        cells = cells.cast(pa.date32(), safe=False)
    text: Any = cells.cast(pa.string())
    return text if not text.null_count else pc.fill_null(text, arrays.text([""])[0])

"""The notation of numbers and coordinates in tables, and messages about invalid ones."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.schema.rejects import Rejected

NUMBER: Final = r"[ \t]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*"
"""The grammar of numbers: ``40.5``, ``-75``, ``+.5``, ``4e1``, with spaces around it."""

_UNIT: Final = r"[0-9]+(?:\.[0-9]*)?"
_MINUTE: Final = r"[0-5]?[0-9](?:\.[0-9]*)?"
_PRIME: Final = "['\u2032\u2019]"
_DOUBLE: Final = f'(?:["\u2033\u201d]|{_PRIME}{_PRIME})'
ANGLE: Final = (
    r"^\s*(?P<before>[NSEWnsew]?)\s*(?P<sign>[+-]?)"
    rf"(?P<degrees>{_UNIT})(?:"
    rf"(?:\s*[°º:]\s*|\s+)(?P<minutes>{_MINUTE})(?:"
    rf"(?:\s*(?:{_PRIME}|:)\s*|\s+)(?P<seconds>{_MINUTE})\s*{_DOUBLE}?|\s*{_PRIME}?)"
    r"|\s*[°º]?)\s*(?P<after>[NSEWnsew]?)\s*$"
)
"""Degrees with minutes and seconds: ``47°36'52.2"N``, ``N 47 36.87``, ``-47:36:52``."""

_NUMBER = re.compile(NUMBER)
_ANGLE = re.compile(r"[°º'\u2032\"\u2033]|[0-9]\s*[NSEWnsew]\s*$|^\s*[NSEWnsew]\s*[0-9]")


@dataclass(frozen=True, kw_only=True)
class Notation:
    """Notation of coordinates other than decimal degrees with a point.

    Attributes
    ----------
    decimal
        In coordinates and accuracy, what stands for the point: a point or a comma.
    dms
        Whether a coordinate may also be written in degrees, minutes and seconds (`ANGLE`).
    wrap_longitude
        Whether longitudes are counted from 0 to 360, those over 180 lying west of Greenwich.
    date_format
        How days are written, with ``%Y``, ``%m`` and ``%d`` (`days.pattern`); if empty, as ISO 8601
        writes them.
    """

    decimal: str = "."
    dms: bool = False
    wrap_longitude: bool = False
    date_format: str = ""


DECIMAL_DEGREES: Final = Notation()


def numbers(cells: pa.Array, *, decimal: str = ".") -> tuple[Floats, Bools]:
    """Parse the numbers in cells; also return which are empty.

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
        return _finite(arrays.as_numpy(cells.cast(pa.float64()))), ~arrays.is_valid(cells)
    if decimal != ".":  # then a point parts thousands, and such a cell is no number here
        cells = pc.replace_substring(pc.replace_substring(cells, ".", "\0"), decimal, ".")
    trimmed = pc.ascii_trim(cells, characters=" \t")
    try:
        values = arrays.as_numpy(trimmed.cast(pa.float64()))
    except pa.ArrowInvalid:
        values = np.full(len(cells), np.nan)
    if np.isfinite(values).all():
        return values, ~arrays.is_valid(cells)
    fits = arrays.to_bools(pc.match_substring_regex(cells, pattern=f"^{NUMBER}$"))
    at = np.flatnonzero(fits)
    plain = pc.replace_substring_regex(trimmed.take(arrays.from_numpy(at)), r"^\+", "")
    values = np.full(len(cells), np.nan)
    values[at] = arrays.as_numpy(plain.cast(pa.float64()))
    lengths = arrays.as_numpy(pc.binary_length(trimmed))
    return _finite(values), np.nan_to_num(lengths) == 0


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _degrees(cells: pa.Array, hemispheres: str, notation: Notation) -> tuple[Floats, Bools]:
    """Parse the degrees in cells, and return which are empty, as `numbers` does."""
    values, blank = numbers(cells, decimal=notation.decimal)
    if not notation.dms:
        return values, blank
    ask = np.flatnonzero(np.isnan(values) & ~blank)
    if len(ask) and pa.types.is_string(cells.type):
        texts = cells.take(arrays.from_numpy(ask))
        values[ask] = angles(pc.replace_substring(texts, notation.decimal, "."), hemispheres)
    return values, blank


def angles(cells: pa.Array, hemispheres: str) -> Floats:
    r"""Parse degrees, minutes and seconds; NaN for other cells.

    Parameters
    ----------
    cells
        Strings, read by `ANGLE`: fractions only in the last part, 60 minutes and seconds nowhere,
        a hemisphere or a sign.
    hemispheres
        ``NS`` or ``EW``: the first is positive.

    Examples
    --------
    >>> angles(pa.array(["47°36'52.2\"N", "S 47 30", "-0:30", "47°61'"]), "NS").tolist()
    [47.6145, -47.5, -0.5, nan]
    """
    parts = pc.extract_regex(cells, pattern=ANGLE)

    def part(name: str) -> pa.Array:
        return pc.fill_null(pc.struct_field(parts, [name]), arrays.text_array([""])[0])

    figures = [part(name) for name in ("degrees", "minutes", "seconds")]
    is_given = [arrays.as_numpy(pc.binary_length(figure)) > 0 for figure in figures]
    degrees, minutes, seconds = (
        arrays.as_numpy(pc.if_else(arrays.from_numpy(rows), figure, "0").cast(pa.float64()))
        for rows, figure in zip(is_given, figures, strict=True)
    )
    fraction = [arrays.to_bools(pc.match_substring(figure, ".")) for figure in figures]
    before, after = (pc.utf8_upper(part(name)) for name in ("before", "after"))
    side = pc.binary_join_element_wise(before, after, part("sign"), "")
    west = arrays.to_bools(pc.is_in(side, arrays.text_array([hemispheres[1], "-"])))
    east = arrays.to_bools(pc.is_in(side, arrays.text_array([hemispheres[0], "+", ""])))
    wrong = (
        (fraction[0] & is_given[1]) | (fraction[1] & is_given[2]) | ~is_given[0] | ~(west | east)
    )
    value = degrees + (minutes + seconds / 60) / 60
    return np.where(wrong, np.nan, np.where(west, -value, value))


@dataclass(frozen=True)
class Coordinates:
    """The coordinates and accuracy of rows, and the problem of each.

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
    lat: pa.Array,
    lon: pa.Array,
    accuracy_m: pa.Array | None = None,
    *,
    notation: Notation = DECIMAL_DEGREES,
) -> Coordinates:
    """Parse the coordinates in cells; also return which rows cannot be used."""
    codes = list(Rejected)
    (y, no_y), (x, no_x) = _degrees(lat, "NS", notation), _degrees(lon, "EW", notation)
    if notation.wrap_longitude:
        x = np.where((x > 180) & (x <= 360), x - 360, x)
    fault = np.full(len(y), -1, np.int8)
    accuracy = np.full(len(y), np.nan)
    if accuracy_m is not None:
        accuracy, blank = numbers(accuracy_m, decimal=notation.decimal)
        accuracy = np.where(accuracy >= 0, accuracy, np.nan)
        fault[~blank & np.isnan(accuracy)] = codes.index(Rejected.accuracy_not_a_number)
    fault[(np.abs(y) > 90) | (np.abs(x) > 180)] = codes.index(Rejected.coordinate_out_of_range)
    fault[np.isnan(x) | np.isnan(y)] = codes.index(Rejected.coordinate_not_a_number)
    fault[no_x | no_y] = codes.index(Rejected.coordinate_missing)
    good = fault < 0
    return Coordinates(np.where(good, x, np.nan), np.where(good, y, np.nan), accuracy, fault)


def fault_detail(
    fault: Rejected,
    latitude: str,
    longitude: str,
    accuracy_m: str,
    *,
    notation: Notation = DECIMAL_DEGREES,
) -> str:
    """Return the problem of a row's cells as text, with advice."""
    y, x = (_number(text, notation) for text in (latitude, longitude))
    if fault is Rejected.coordinate_missing:
        empty = [n for n, t in (("latitude", latitude), ("longitude", longitude)) if not t.strip()]
        return f"{' and '.join(empty)} empty"
    if fault is Rejected.accuracy_not_a_number:
        return f"accuracy_m is {accuracy_m!r}, not a distance in metres"
    if fault is Rejected.coordinate_out_of_range:
        hint = _range_hint(y, x)
        return f"latitude {latitude}, longitude {longitude} is out of range{hint}"
    name, text = ("latitude", latitude) if np.isnan(y) else ("longitude", longitude)
    return f"{name} is {text!r}, not a number in degrees{_number_hint(text, notation)}"


def _range_hint(y: float, x: float) -> str:
    if abs(y) <= 180 and abs(x) <= 90:
        return "; latitude and longitude look swapped"
    if abs(y) <= 90 and 180 < x <= 360:
        return "; for longitudes of 0 to 360, use --wrap-longitude"
    return ""


def _number(text: str, notation: Notation) -> float:
    """Parse a number by the grammar, else NaN."""
    decimal = notation.decimal
    plain = text if decimal == "." else text.replace(".", "\0").replace(decimal, ".")
    value = float(plain) if _NUMBER.fullmatch(plain) else np.nan
    return value if np.isfinite(value) else np.nan


def _number_hint(text: str, notation: Notation) -> str:
    if notation.decimal != "." and "." in text:
        return "; with --decimal , a point is not a decimal separator"
    if re.fullmatch(r"\s*[+-]?\d+,\d+\s*", text):
        return "; if this is a decimal comma, write a point or use --decimal ,"
    if _ANGLE.search(text) and notation.dms:
        return "; write degrees, minutes and seconds like 47°36'52.2\"N"
    if _ANGLE.search(text):
        return "; write decimal degrees, or use --dms for degrees, minutes and seconds"
    return ""

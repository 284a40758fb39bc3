"""The notation of numbers and coordinates in tables, and messages about invalid ones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.schema import angles, days
from coverage_analyzer.schema.angles import LATITUDE, LONGITUDE, Axis
from coverage_analyzer.schema.rejects import Rejected

NUMBER: Final = r"[ \t]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*"
"""The grammar of numbers: ``40.5``, ``-75``, ``+.5``, ``4e1``, with spaces around it."""

_TWO_READINGS: Final = r"^[ \t]*[+-]?[1-9][0-9]{0,2}[%s][0-9]{3}[ \t]*$"
"""A number in which a mark may part thousands, or a fraction: ``1.500``, ``12,345``."""


@dataclass(frozen=True, kw_only=True)
class Notation:
    """Notation of coordinates, other numbers and dates, where cells do not show it.

    Attributes
    ----------
    decimal
        The decimal mark of numbers other than coordinates (which show theirs): a point or a comma.
        If empty, each cell has the one that it can be read with; a cell that both can read, as
        different numbers, is refused (`two_readings`).
    dms
        Without effect: coordinates in degrees, minutes and seconds are read anyway.
    wrap_longitude
        Whether longitudes range from 0 to 360, with those over 180 being west of Greenwich.
    date_format
        How days are written, with ``%Y``, ``%m`` and ``%d`` (`days.pattern`); if empty, each column
        is written as its first cells show (`date_formats`).
    letter_o
        What the letter O stands for in longitudes: ``E`` (Ost) or ``W`` (Ouest, Oeste, Ovest). If
        empty, what other cells of the column show.
    date_formats
        The form of each known column of days that was found.
    """

    decimal: str = ""
    dms: bool = False
    wrap_longitude: bool = False
    date_format: str = ""
    letter_o: str = ""
    date_formats: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise if a mark or a letter has another value than those named above.

        Raises
        ------
        InputError
            If so.
        """
        allowed = {"decimal": ("", ".", ","), "letter_o": ("", "E", "W")}
        for name, values in allowed.items():
            if (value := getattr(self, name)) not in values:
                msg = f"{name} is {value!r}; it is one of {', '.join(map(repr, values))}."
                raise InputError(msg)

    def says_form(self, column: str) -> bool:
        """Return whether the form of a known column of days is known."""
        return bool(self.date_format) or column in self.date_formats

    def form_of(self, column: str) -> str:
        """Return the form of days of a known column."""
        return self.date_format or self.date_formats.get(column, days.ISO)


DECIMAL_DEGREES: Final = Notation()


def numbers(cells: pa.Array, *, decimal: str = ".") -> tuple[Floats, Bools]:
    """Parse the numbers in cells; also return which are empty.

    Parameters
    ----------
    cells
        Text, parsed by the grammar `NUMBER`, or an Arrow array of numbers.
    decimal
        What stands for the point of the grammar in text: a point, or a comma; if empty, the one of
        them by which a cell can be read. Nothing may part thousands.

    Returns
    -------
    values
        NaN where a cell has no finite number. Shape (n,).
    blank
        Where the cell is empty. Shape (n,).
    """
    if not is_text(cells.type):
        return _finite(arrays.as_numpy(cells.cast(pa.float64()))), ~arrays.is_valid(cells)
    if decimal == ",":  # a point is then a thousands separator, which is not supported
        cells = pc.replace_substring(pc.replace_substring(cells, ".", "\0"), ",", ".")
    plain_values = _plain_numbers(cells)
    if plain_values is not None:
        return plain_values, ~arrays.is_valid(cells)
    trimmed = pc.ascii_trim(cells, characters=" \t")
    plain_values = _plain_numbers(trimmed)
    if plain_values is not None:
        return plain_values, ~arrays.is_valid(cells)
    fits = arrays.to_bools(pc.match_substring_regex(cells, pattern=f"^{NUMBER}$"))
    at = np.flatnonzero(fits)
    plain = pc.replace_substring_regex(trimmed.take(arrays.from_numpy(at)), r"^\+", "")
    values = np.full(len(cells), np.nan)
    values[at] = arrays.as_numpy(plain.cast(pa.float64()))
    lengths = arrays.as_numpy(pc.binary_length(trimmed))
    values, blank = _finite(values), np.nan_to_num(lengths) == 0
    rest = np.flatnonzero(np.isnan(values) & ~blank)
    if not decimal and len(rest):
        values[rest] = numbers(cells.take(arrays.from_numpy(rest)), decimal=",")[0]
    return values, blank


def _plain_numbers(cells: pa.Array) -> Floats | None:
    """Return the numbers of text if each cell is a finite one without spaces and plus sign."""
    try:
        values: Floats = arrays.as_numpy(cells.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None
    return values if np.isfinite(values).all() else None


def two_readings(cells: pa.Array, values: Floats, *, marks: str = ".,") -> Bools:
    """Return which cells of text a decimal point and a decimal comma read as different numbers.

    Parameters
    ----------
    cells
        As for `numbers`.
    values
        What they were read as. Shape (n,).
    marks
        Those that may part thousands.

    Examples
    --------
    >>> cells = arrays.text_array(["1.500", "1.5", "0.125", "12,345", "1500"])
    >>> two_readings(cells, numbers(cells, decimal="")[0]).tolist()
    [True, False, False, True, False]
    """
    result = np.zeros(len(cells), np.bool_)
    if not is_text(cells.type):
        return result
    sizes = np.nan_to_num(arrays.as_numpy(pc.binary_length(cells)))
    at = np.flatnonzero((np.abs(values) >= 1) & (np.abs(values) < 1000) & (sizes >= len("1.500")))
    if len(at):
        subset = cells.take(arrays.from_numpy(at))
        result[at] = arrays.to_bools(pc.match_substring_regex(subset, _TWO_READINGS % marks))
    return result


def is_text(kind: pa.DataType) -> bool:
    """Return whether cells of a type are text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


@dataclass
class Written:
    """Decimal marks of the coordinates in the cells of text read so far.

    Attributes
    ----------
    point, comma
        Whether one has a decimal point, and whether one has a decimal comma.
    """

    point: bool = False
    comma: bool = False

    @property
    def notation(self) -> str:
        """``point``, ``comma`` or ``mixed``; empty if no cell has a decimal mark."""
        if self.point and self.comma:
            return "mixed"
        return "point" if self.point else "comma" if self.comma else ""


def degrees(
    cells: pa.Array, axis: Axis, *, letter_o: str = "", written: Written | None = None
) -> tuple[Floats, Bools]:
    """Parse the degrees of one axis in any notation; also return which cells are empty.

    Parameters
    ----------
    cells
        Text, or an Arrow array of numbers.
    axis
        `angles.LATITUDE` or `angles.LONGITUDE`.
    letter_o
        See `Notation`.
    written
        Takes down how the cells are written.

    Returns
    -------
    values
        NaN where a cell cannot be read. Shape (n,).
    blank
        Where there is nothing in the cell. Shape (n,).
    """
    written = written or Written()
    with_commas = _numbers_with_commas(cells)
    if with_commas is not None:
        written.comma = True
        return with_commas, ~arrays.is_valid(cells)
    values, blank = numbers(cells)
    if not is_text(cells.type):
        return values, blank
    rest = np.flatnonzero(np.isnan(values) & ~blank)
    written.point = written.point or bool((np.nan_to_num(values) % 1 != 0).any())
    if len(rest):
        texts = cells.take(arrays.from_numpy(rest)).cast(pa.string())
        reading = angles.read(texts, axis, letter_o)
        values[rest], blank[rest] = reading.degrees, reading.blank
        written.point, written.comma = written.point | reading.point, written.comma | reading.comma
    return values, blank


def _numbers_with_commas(cells: pa.Array) -> Floats | None:
    """Return the numbers of text in which all have a decimal comma or none at all, the fast way."""
    if not is_text(cells.type) or not len(cells) or "," not in (cells[0].as_py() or ""):
        return None
    if arrays.to_bools(pc.match_substring(cells, ".")).any():
        return None
    return _plain_numbers(pc.replace_substring(pc.ascii_trim(cells, characters=" \t"), ",", "."))


@dataclass(frozen=True)
class Coordinates:
    """The coordinates and accuracy of rows, and the problem of each.

    Attributes
    ----------
    lon, lat, accuracy_m
        NaN where a cell has no usable one. Shape (n,).
    fault
        The position in `Rejected` of what is wrong, or -1. Shape (n,).
    two_readings
        The rows whose accuracy is one number with a decimal point and another with a comma, where
        the notation does not say which.
    """

    lon: Floats
    lat: Floats
    accuracy_m: Floats
    fault: npt.NDArray[np.int8]
    two_readings: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


def coordinates(
    lat: pa.Array,
    lon: pa.Array,
    accuracy_m: pa.Array | None = None,
    *,
    notation: Notation = DECIMAL_DEGREES,
    written: Written | None = None,
    thousands: str = ".,",
) -> Coordinates:
    """Parse the coordinates in cells; also return which rows cannot be used.

    Parameters
    ----------
    lat, lon, accuracy_m
        Cells of text or numbers. Shape (n,).
    notation
        How they are written, as far as they do not show it.
    written
        Takes down how the coordinates are written.
    thousands
        The marks that may part thousands in an accuracy, if the notation does not say.
    """
    codes = list(Rejected)
    y, no_y = degrees(lat, LATITUDE, written=written)
    x, no_x = degrees(lon, LONGITUDE, letter_o=notation.letter_o, written=written)
    if notation.wrap_longitude:
        x = np.where((x > 180) & (x <= 360), x - 360, x)
    fault = np.full(len(y), -1, np.int8)
    accuracy = np.full(len(y), np.nan)
    unclear = np.zeros(len(y), np.bool_)
    if accuracy_m is not None:
        accuracy, blank = numbers(accuracy_m, decimal=notation.decimal)
        if not notation.decimal:
            unclear = two_readings(accuracy_m, accuracy, marks=thousands)
        accuracy = np.where((accuracy >= 0) & ~unclear, accuracy, np.nan)
        fault[~blank & np.isnan(accuracy)] = codes.index(Rejected.accuracy_not_a_number)
    fault[(np.abs(y) > LATITUDE.limit) | (np.abs(x) > LONGITUDE.limit)] = codes.index(
        Rejected.coordinate_out_of_range
    )
    fault[np.isnan(x) | np.isnan(y)] = codes.index(Rejected.coordinate_not_a_number)
    fault[no_x | no_y] = codes.index(Rejected.coordinate_missing)
    good = fault < 0
    if not good.all():
        x, y = np.where(good, x, np.nan), np.where(good, y, np.nan)
    return Coordinates(
        x,
        y,
        accuracy,
        fault,
        np.flatnonzero(unclear),
    )


def fault_detail(
    fault: Rejected,
    latitude: str,
    longitude: str,
    accuracy_m: str,
    *,
    notation: Notation = DECIMAL_DEGREES,
) -> str:
    """Return the problem of a row's cells as text, with advice."""
    cells = arrays.text_array([latitude]), arrays.text_array([longitude])
    (y,), (no_y,) = degrees(cells[0], LATITUDE)
    (x,), (no_x,) = degrees(cells[1], LONGITUDE, letter_o=notation.letter_o)
    if fault is Rejected.coordinate_missing:
        empty = [n for n, is_empty in (("latitude", no_y), ("longitude", no_x)) if is_empty]
        return f"{' and '.join(empty)} empty"
    if fault is Rejected.accuracy_not_a_number:
        hint = _accuracy_hint(accuracy_m, notation)
        return f"accuracy_m is {accuracy_m!r}, not a distance in metres{hint}"
    if fault is Rejected.coordinate_out_of_range:
        hint = _range_hint(y, x)
        return f"latitude {latitude}, longitude {longitude} is out of range{hint}"
    axis, text = (LATITUDE, latitude) if np.isnan(y) else (LONGITUDE, longitude)
    return f"{axis.name} is {text!r}, not a number in degrees{angles.hint(text, axis)}"


def _accuracy_hint(text: str, notation: Notation) -> str:
    """Return what to do about an accuracy that is not a number by the notation."""
    if re.fullmatch(_TWO_READINGS % ".,", text):
        if not notation.decimal:
            return "; use --decimal . or --decimal ,"
        return f"; with --decimal {notation.decimal}, write it without a thousands separator"
    if notation.decimal and re.fullmatch(r"\s*\d+[.,]\d+\s*", text):
        return f"; with --decimal {notation.decimal}, it is not a number"
    return ""


def _range_hint(y: float, x: float) -> str:
    if abs(y) <= 180 and abs(x) <= 90:
        return "; latitude and longitude look swapped"
    if abs(y) <= 90 and 180 < x <= 360:
        return "; for longitudes of 0 to 360, use --wrap-longitude"
    return ""

"""Numbers are read by one grammar or not at all; every other cell is told why."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer.schema.coordinates import (
    Notation,
    angles,
    coordinates,
    fault_detail,
    numbers,
)
from coverage_analyzer.schema.rejects import Rejected

ACCEPTED = {
    "40.5": 40.5,
    "-75": -75.0,
    "+40.5": 40.5,
    "+.5": 0.5,
    ".5": 0.5,
    "-.5": -0.5,
    "40.": 40.0,
    "4e1": 40.0,
    "4E+1": 40.0,
    "400e-1": 40.0,
    "40.e0": 40.0,
    " 40.5 ": 40.5,
    "\t40.5": 40.5,
    "00040.50": 40.5,
    "-0": 0.0,
    "1e-400": 0.0,
}

REFUSED = [
    "1_000",
    "4\uff10.5",  # a full-width zero
    "\u0664\u0660",  # Arabic-Indic digits
    "0x28",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "1e400",
    "-1e400",
    "40,5",
    "1,234.5",
    "\u221240.5",  # a minus sign that is no hyphen
    "40.5N",
    "40\u00b026'46\"N",
    "4 0",
    "+ 40",
    "--40",
    "+-40",
    "4e",
    "e1",
    ".",
    "-",
    "+",
    "40.5.1",
    "40d1",
    "40f",
    "true",
    "None",
    "\u00a040.5",  # a blank that does not break
    "40.5\x00",
]

LINE_ENDS = ["40\n", "\n40", "40\r", "40\v", "\f40"]


def text(*cells: str | None) -> pa.Array:
    """Return cells as a CSV file gives them."""
    return pa.array(cells, pa.string())


@pytest.mark.parametrize(("cell", "number"), ACCEPTED.items())
def test_the_grammar_takes(cell: str, number: float) -> None:
    """A number of the grammar is read, alone and beside a cell that is none."""
    for cells in ([cell], [cell, "x"], ["+1", cell]):
        values, blank = numbers(text(*cells))
        assert values[cells.index(cell)] == number
        assert not blank.any()


@pytest.mark.parametrize("cell", REFUSED)
def test_the_grammar_refuses(cell: str) -> None:
    """What Python, C, pandas or Arrow take for a number somewhere is none here."""
    for cells in ([cell], [cell, "1"], ["+1", cell]):
        values, blank = numbers(text(*cells))
        assert math.isnan(values[cells.index(cell)])
        assert not blank.any()


@pytest.mark.parametrize("cell", LINE_ENDS)
def test_a_line_end_in_a_number_is_judged_alike_in_every_company(cell: str) -> None:
    """Whether a quoted cell with a line end is a number must not hang on the rows beside it."""
    alone = numbers(text(cell))[0][0]
    beside = numbers(text(cell, "x"))[0][0]
    assert math.isnan(alone) == math.isnan(beside)


@pytest.mark.parametrize("cell", ["", " ", "\t \t", None])
def test_blank_cells_are_blank(cell: str | None) -> None:
    """Nothing, blanks and nulls are missing numbers, not wrong ones."""
    values, blank = numbers(text("1", cell))
    assert math.isnan(values[1])
    assert blank.tolist() == [False, True]


def test_no_cells_give_no_numbers() -> None:
    """An empty column is fine."""
    values, blank = numbers(text())
    assert len(values) == len(blank) == 0


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.int32(), pa.decimal128(9, 2)])
def test_typed_numbers_are_taken_as_they_are(kind: pa.DataType) -> None:
    """Parquet has types: an integer is a number, a null is blank."""
    values, blank = numbers(pa.array([40, None], kind))
    assert values[0] == 40
    assert math.isnan(values[1])
    assert blank.tolist() == [False, True]


def test_not_a_number_in_parquet_is_no_number() -> None:
    """NaN and infinity can be stored, but no site lies there."""
    values, blank = numbers(pa.array([math.nan, math.inf, 1.0]))
    assert [math.isnan(v) for v in values] == [True, True, False]
    assert not blank.any()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_slice_of_an_array_is_read_from_its_own_start(kind: pa.DataType) -> None:
    """Arrow arrays may begin in the middle of their buffers."""
    cells = pa.array(["9", "9", "+40.5", "x", None, "1"], kind).slice(2, 3)
    values, blank = numbers(cells)
    assert values[0] == 40.5
    assert [math.isnan(v) for v in values] == [False, True, True]
    assert blank.tolist() == [False, False, True]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_python_writes_is_read_back(value: float) -> None:
    """No digit of a number is lost, in the fast way and in the careful one."""
    for cells in ([repr(value)], [repr(value), "x"]):
        assert numbers(text(*cells))[0][0] == value


@given(st.text(max_size=8), st.lists(st.text(max_size=4), max_size=3))
def test_a_cell_is_read_alike_whatever_stands_beside_it(cell: str, others: list[str]) -> None:
    """Rows do not depend on each other: blocks may be cut anywhere."""
    alone = numbers(text(cell))
    beside = numbers(text(cell, *others))
    assert repr(alone[0][0]) == repr(beside[0][0])
    assert alone[1][0] == beside[1][0]


def faults(lat: list[str], lon: list[str], accuracy: list[str] | None = None) -> list[str]:
    """Return the code of each row's fault, empty where there is none."""
    cells = None if accuracy is None else text(*accuracy)
    read = coordinates(text(*lat), text(*lon), cells)
    return ["" if f < 0 else list(Rejected)[f].value for f in read.fault]


def test_coordinates_have_one_fault_each_and_the_gravest() -> None:
    """Missing goes before unreadable, unreadable before out of range, all before the accuracy."""
    assert faults(["", "x", "91", "1"], ["x", "200", "1", "1"], ["bad"] * 4) == [
        "coordinate_missing",
        "coordinate_not_a_number",
        "coordinate_out_of_range",
        "accuracy_not_a_number",
    ]


def test_the_ends_of_the_range_are_in_it() -> None:
    """Poles and the antimeridian are places; a hair beyond is none."""
    lat, lon = ["90", "-90", "90.0000001", "0"], ["180", "-180", "0", "-180.0000001"]
    assert faults(lat, lon) == ["", "", *["coordinate_out_of_range"] * 2]


def test_accuracy_is_a_distance_or_blank() -> None:
    """A blank accuracy is unknown; a negative or unreadable one is a fault of the row."""
    assert faults(["1"] * 5, ["1"] * 5, ["", "0", "-1", "50 m", "1e400"]) == [
        "",
        "",
        *["accuracy_not_a_number"] * 3,
    ]


def test_rows_with_a_fault_have_no_coordinates() -> None:
    """Half a coordinate must not travel on."""
    read = coordinates(text("1", "1"), text("x", "2"))
    assert math.isnan(read.lat[0])
    assert math.isnan(read.lon[0])
    assert (read.lat[1], read.lon[1]) == (1, 2)


@pytest.mark.parametrize(
    ("fault", "cells", "parts"),
    [
        (Rejected.coordinate_missing, ("", "1", ""), ["latitude empty"]),
        (Rejected.coordinate_missing, ("1", " ", ""), ["longitude empty"]),
        (Rejected.coordinate_missing, ("", "", ""), ["latitude and longitude empty"]),
        (Rejected.coordinate_out_of_range, ("151.2", "-33.9", ""), ["151.2", "-33.9", "swapped"]),
        (Rejected.coordinate_not_a_number, ("40,5", "1", ""), ["latitude", "'40,5'", "comma"]),
        (Rejected.coordinate_not_a_number, ("1", "-75,25", ""), ["longitude", "'-75,25'", "comma"]),
        (Rejected.coordinate_not_a_number, ("40.5N", "1", ""), ["'40.5N'", "decimal degrees"]),
        (Rejected.coordinate_not_a_number, ("40\u00b026'", "1", ""), ["decimal degrees"]),
        (Rejected.coordinate_not_a_number, ("1", "1e400", ""), ["longitude", "'1e400'"]),
        (Rejected.accuracy_not_a_number, ("1", "1", "rooftop"), ["accuracy_m", "'rooftop'"]),
    ],
)
def test_the_detail_names_the_cell_and_what_may_be_meant(
    fault: Rejected, cells: tuple[str, str, str], parts: list[str]
) -> None:
    """The reject says which cell, what stands in it, and hints at the usual mistakes."""
    detail = fault_detail(fault, *cells)
    assert all(part in detail for part in parts)


def test_no_hint_of_swapping_where_swapping_would_not_help() -> None:
    """360 is no latitude either."""
    assert "swapped" not in fault_detail(Rejected.coordinate_out_of_range, "0", "360", "")


def test_a_thousands_comma_gets_no_hint_of_a_decimal_comma() -> None:
    """``1,234.5`` is not a decimal comma, and the wrong hint would do harm."""
    fault = Rejected.coordinate_not_a_number
    assert "comma" not in fault_detail(fault, "1,234.5", "0", "")


def test_control_characters_in_a_detail_are_made_visible() -> None:
    """A cell with an escape sequence must not reach a terminal raw."""
    detail = fault_detail(Rejected.coordinate_not_a_number, "\x1b[31m1", "0", "")
    assert "\x1b" not in detail


ANGLES = {
    "47\u00b036'52.2\"N": 47.6145,
    "47\u00b0 36\u2032 52.2\u2033 n": 47.6145,
    "47 36 52.2": 47.6145,
    "47:36:52.2": 47.6145,
    "N47 36 52.2": 47.6145,
    "S 47 30": -47.5,
    "-47:30": -47.5,
    "-0:30": -0.5,
    "+0 30": 0.5,
    "47.5\u00b0": 47.5,
    "47.5 S": -47.5,
    "47\u00b036.87'": 47.6145,
    "47\u00ba 36' 52.2'' N": 47.6145,
}

NO_ANGLES = [
    "47\u00b061'",  # sixty minutes are a degree
    "47\u00b036'60\"",
    '47\u00b03652"',  # where do the minutes end?
    "47.5\u00b030'",  # half a degree twice
    "47\u00b036.5'30\"",
    "-47 30 S",
    "N47 30 S",
    "47 30 E",  # no hemisphere of a latitude
    "47 30 52 1",
    "\u00b036'",
    "47\u00b036'52\"X",
    "47,5 30",
    "47 -30",
]


@pytest.mark.parametrize(("cell", "degrees"), ANGLES.items())
def test_degrees_minutes_seconds_are_read_on_request(cell: str, degrees: float) -> None:
    """However they are written; not on request they are rejects."""
    on, off = (coordinates(text(cell), text("1"), notation=Notation(dms=d)) for d in (True, False))
    assert on.lat[0] == pytest.approx(degrees, abs=1e-12)
    assert off.fault[0] >= 0


@pytest.mark.parametrize("cell", NO_ANGLES)
def test_what_is_no_angle_stays_a_reject(cell: str) -> None:
    """Nothing is guessed: neither where a number ends nor on which side it lies."""
    read = coordinates(text(cell, "1"), text("1", "2"), notation=Notation(dms=True))
    assert [f >= 0 for f in read.fault] == [True, False]


def test_angles_know_their_axis() -> None:
    """East is no latitude, and west is negative."""
    read = coordinates(text("10 0 N"), text("20 30 W"), notation=Notation(dms=True))
    assert (read.lat[0], read.lon[0]) == (10, -20.5)
    assert np.isnan(angles(text("20 30 W"), "NS")[0])


def test_a_decimal_comma_holds_in_seconds_too() -> None:
    """`--decimal ,` goes for every number."""
    read = coordinates(
        text("47\u00b036'52,2\""), text("7,5"), notation=Notation(dms=True, decimal=",")
    )
    assert (read.lat[0], read.lon[0]) == (pytest.approx(47.6145, abs=1e-12), 7.5)


@given(st.integers(-90 * 3600, 90 * 3600))
def test_whole_seconds_come_back(seconds: int) -> None:
    """An angle written out is the angle that is read, to the last digit of a float."""
    whole = abs(seconds)
    cell = f"{whole // 3600}\u00b0{whole // 60 % 60}'{whole % 60}\"{'S' if seconds < 0 else 'N'}"
    assert angles(text(cell), "NS")[0] == pytest.approx(seconds / 3600, abs=1e-13)


def test_longitudes_wrap_on_request() -> None:
    """180 to 360 lie in the west then; beyond, and below -180, nothing is meant."""
    lon = ["180", "180.5", "270", "360", "360.1", "-180", "-190"]
    read = coordinates(text(*["1"] * 7), text(*lon), notation=Notation(wrap_longitude=True))
    assert read.lon[:4].tolist() == [180, -179.5, -90, 0]
    assert [f >= 0 for f in read.fault] == [False, False, False, False, True, False, True]
    plain = coordinates(text("1"), text("270"))
    assert plain.fault[0] >= 0


def test_longitudes_that_could_wrap_get_a_hint() -> None:
    """The reject says which option reads it."""
    detail = fault_detail(Rejected.coordinate_out_of_range, "10", "270", "")
    assert "--wrap-longitude" in detail

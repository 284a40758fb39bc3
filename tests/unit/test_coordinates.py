"""Numbers are read by one grammar or not at all; every other cell is told why."""

import math
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer.errors import InputError
from coverage_analyzer.schema.angles import LATITUDE, LONGITUDE, Axis, meaning_of_o
from coverage_analyzer.schema.coordinates import (
    Notation,
    Written,
    coordinates,
    degrees,
    fault_detail,
    numbers,
    two_readings,
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
        (Rejected.coordinate_not_a_number, ("1", "x", ""), ["longitude is 'x'"]),
        (
            Rejected.coordinate_not_a_number,
            ("52\u00b031'N", "13\u00b024'X", ""),
            ["longitude", "'X'"],
        ),
        (Rejected.coordinate_not_a_number, ("1_000", "1", ""), ["latitude", "'_'"]),
        (
            Rejected.coordinate_not_a_number,
            ("4\uff10.5", "1", ""),
            ["latitude", "U+FF10 FULLWIDTH DIGIT ZERO"],
        ),
        (
            Rejected.coordinate_not_a_number,
            ("1", "\xad94.6", ""),
            ["longitude", "U+00AD SOFT HYPHEN"],
        ),
        (Rejected.coordinate_not_a_number, ("13.4 E", "1", ""), ["'E'", "longitude", "swapped"]),
        (Rejected.coordinate_not_a_number, ("1", "13.4 O", ""), ["Ost", "Ouest", "E or W"]),
        (Rejected.coordinate_not_a_number, ("-47 30 S", "1", ""), ["a sign or a hemisphere"]),
        (Rejected.coordinate_not_a_number, ("47 61", "1", ""), ["degrees, minutes and seconds"]),
        (Rejected.accuracy_not_a_number, ("1", "1", "1.500"), ["--decimal . or --decimal ,"]),
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
    "40.5N": 40.5,
    "47\u00b036.87'": 47.6145,
    "47\u00ba 36' 52.2'' N": 47.6145,
    "47\u00b036'52,2\"": 47.6145,
    "47\u00b0 36,87' N": 47.6145,
    "47d36m52.2s N": 47.6145,
    "-47d36m52.2s": -47.6145,
    "47 deg 36' 52.20\" S": -47.6145,
    "47deg36min52.2sec": 47.6145,
    "473652.2N": 47.6145,
    "S473652.2": -47.6145,
    "47-36-52.2000N": 47.6145,
    "47\u00c2\u00b036\u00e2\u20ac\u00b252.2\u00e2\u20ac\u00b3 N": 47.6145,  # twice encoded
    "\u5317\u7def47\u5ea636\u520652.2\u79d2": 47.6145,
    "47,5\u00b0 \u0441. \u0448.": 47.5,
    "47\u00b0 30' n\u00f6rdliche Breite": 47.5,
    "47,5 n. Br.": 47.5,
    "47.5 Sud": -47.5,
    "47.5 Z": -47.5,
    "47\u00b036'52.2s": -47.6145,
    "40,5": 40.5,
    "1,234": 1.234,
    "-116,10345": -116.10345,
    "\u221240.5": -40.5,
    "\u201340,5": -40.5,
    "\uff0d40.5": -40.5,
    "- 40.5": -40.5,
    "+ 40.5": 40.5,
    "74,00597-": -74.00597,
    "\u00a040.5\u202f": 40.5,
    "\u2009-\u200940,5": -40.5,
    "\u200e-40.5": -40.5,
    "40.5\n": 40.5,
    "'40.5": 40.5,
    "'40,5'": 40.5,
    '="40.5"': 40.5,
    '= "-40,5"': -40.5,
    '"40.5"': 40.5,
    "4,05e1": 40.5,
    ",5": 0.5,
    "40,": 40.0,
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
    "1,234.5",
    "1.234,5",
    "1.234.567",
    "40,5,6",
    "40;5",
    "1_000",
    "0x28",
    "nan",
    "Infinity",
    "1e400",
    "4\uff10.5",
    "\u0664\u0660",
    "\xad40.5",
    "40.5\x00",
    "(40.5)",
    "--40",
    "-40-",
    "-47.5 S",
    "+47.5 S",
    "N 47 N",
    "N 47 30 s",
    "47-36-52",  # hyphens, or signs?
    "-47-36-52 N",
    "47d36m52s",  # seconds, or the south?
    "47.36.52 N",
    "40.5 E",
    "40.5 O",
    "476152N",
    "k. A.",
    "-",
    "'x",
    "\u039d 47",  # a Greek letter that looks like N, and is the south
]


def lone(cell: str, axis: Axis, letter_o: str = "") -> float:
    """Return the degrees of one cell, which stands beside a plain one."""
    result = degrees(text("1.5", cell), axis, letter_o=letter_o)[0]
    assert result[0] == 1.5
    return float(result[1])


@pytest.mark.parametrize("dms", [False, True])
@pytest.mark.parametrize(("cell", "number"), ANGLES.items())
def test_every_notation_of_a_coordinate_is_read(cell: str, number: float, dms: bool) -> None:
    """Each cell for itself, with or without the option that was needed once."""
    read = coordinates(text("1", "1"), text(*[_eastern(cell), "2"]), notation=Notation(dms=dms))
    assert lone(cell, LATITUDE) == pytest.approx(number, abs=1e-12)
    assert read.lon[0] == pytest.approx(number, abs=1e-12)


def _eastern(cell: str) -> str:
    """Return a latitude as the longitude of the same number."""
    words = {
        "n\u00f6rdliche Breite": "\u00f6stliche L\u00e4nge",
        "n. Br.": "\u00f6. L.",
        "Sud": "Ouest",
        "\u0441. \u0448.": "\u0432. \u0434.",
        "\u5317\u7def": "\u6771\u7d4c",
        "52.2s": "52.2w" if "d" not in cell else "52.2s",
        "473652": "0473652",
    }
    for word, other in words.items():
        cell = cell.replace(word, other)
    letters = {"N": "E", "n": "e", "S": "W", "Z": "W"}
    if re.search(r"[NnSZ]$", cell):
        return cell[:-1] + letters[cell[-1]]
    return letters[cell[0]] + cell[1:] if cell[:1] in {"N", "S"} else cell


@pytest.mark.parametrize("cell", NO_ANGLES)
def test_what_is_no_angle_stays_a_reject(cell: str) -> None:
    """Nothing is guessed: neither where a number ends nor on which side it lies."""
    read = coordinates(text(cell, "1"), text("1", "2"))
    assert [f >= 0 for f in read.fault] == [True, False]


@pytest.mark.parametrize("cell", ["\u00a0", "'", '=""', " \u2009\n", "\ufeff"])
def test_a_cell_of_what_is_not_seen_is_empty(cell: str) -> None:
    """A blank that does not break is a missing coordinate, not a wrong one."""
    read = coordinates(text(cell, "1"), text("1", "2"))
    assert read.fault.tolist() == [list(Rejected).index(Rejected.coordinate_missing), -1]


def test_angles_know_their_axis() -> None:
    """East is no latitude, and west is negative."""
    read = coordinates(text("10 0 N"), text("20 30 W"))
    assert (read.lat[0], read.lon[0]) == (10, -20.5)
    assert math.isnan(lone("20 30 W", LATITUDE))
    assert math.isnan(lone("20 30 N", LONGITUDE))


@pytest.mark.parametrize(
    ("cells", "header", "meaning"),
    [
        (["13\u00b024'O", "2\u00b021'W"], "lon", "E"),
        (["3,7 O", "2,1 E"], "lon", "W"),
        (["3,7 O", "2,1 E"], "L\u00e4nge", "E"),
        (["3,7 O", "2,1 E", "1 W"], "lon", ""),
        (["3,7 O"], "longitude", ""),
        (["3,7 O", "3,7 W"], "longitud", "W"),
        (["3,7 O"], "L\u00e4ngengrad", "E"),
        (["3,7 O"], "Laenge", "E"),
        (["3,7 O"], "lengtegraad", "E"),
        (["3,7 O"], "Longitud", "W"),
        (["3,7 O"], "longitudine", "W"),
        (["3,7 Ost"], "Longitud", ""),
        (["3.7", "", "-4"], "L\u00e4nge", ""),
    ],
)
def test_the_letter_o_is_read_where_its_side_is_plain(
    cells: list[str], header: str, meaning: str
) -> None:
    """Ost is east, Oeste is west: a wrong guess would put a site on the other side."""
    assert meaning_of_o(text(*cells), header) == meaning
    assert math.isnan(lone("3,7 O", LONGITUDE))
    assert [lone("3,7 O", LONGITUDE, side) for side in "EW"] == [3.7, -3.7]
    assert [lone(f"3,7 {word}", LONGITUDE) for word in ("Ost", "Oeste", "Ouest")] == [
        3.7,
        -3.7,
        -3.7,
    ]


SPELLINGS = (
    *("{s}{v}", "{v}\u00b0 {h}", "{h} {v}", "{v}{h}", "'{s}{v}", '="{s}{v}"', "\u00a0{s}{v} "),
    *("{d}\u00b0{m}'{q}\"{h}", "{h}{d} {m} {q}", "{s}{d}:{m}:{q}", "{d}d{m}m{q}s {h}"),
    *("{d}-{m}-{q}{h}", "{d} deg {m}\u2032 {q}\u2033 {h}"),
)


@given(
    st.integers(-90 * 3_600_000, 90 * 3_600_000),
    st.sampled_from(SPELLINGS),
    st.sampled_from([LATITUDE, LONGITUDE]),
    st.sampled_from([".", ","]),
    st.sampled_from(["-", "\u2212", "\u2013"]),
)
def test_the_coordinate_that_is_read_is_the_one_that_was_written(
    thousandths: int, spelling: str, axis: Axis, mark: str, minus: str
) -> None:
    """In every notation, to the last digit of a float."""
    size, negative = abs(thousandths), thousandths < 0
    whole, rest = divmod(size, 1000)
    value = f"{size // 3_600_000}.{size % 3_600_000 * 10**9 // 3_600_000:09}"
    cell = spelling.format(
        s=minus if negative else "",
        v=value.replace(".", mark),
        h=axis.negative if negative else axis.positive,
        d=whole // 3600,
        m=f"{whole // 60 % 60:02}",
        q=f"{whole % 60:02}{mark}{rest:03}",
    )
    expected = float(value) if "{v}" in spelling else size / 3_600_000
    assert lone(cell, axis) == pytest.approx(-expected if negative else expected, abs=1e-12)


@given(st.text("0123456789.,-+ NSEWO'\u00b0\"\u2212dms:\u00a0", max_size=9), st.sampled_from("NE"))
def test_a_cell_is_read_alike_whatever_notations_stand_beside_it(cell: str, side: str) -> None:
    """Rows do not depend on each other, whatever way a block takes."""
    axis = LATITUDE if side == "N" else LONGITUDE
    alone = degrees(text(cell), axis)
    for others in (["1"], ["1,5"], ["x"], ["", "10 30 " + side]):
        beside = degrees(text(cell, *others), axis)
        assert (repr(alone[0][0]), alone[1][0]) == (repr(beside[0][0]), beside[1][0])


@given(st.integers(0, 999), st.integers(0, 999))
def test_a_comma_in_a_coordinate_never_parts_thousands(whole: int, rest: int) -> None:
    """``1,234`` is 1.234: no point on earth has a thousand degrees."""
    result = lone(f"{whole},{rest:03}", LONGITUDE)
    assert result == float(f"{whole}.{rest:03}")


def test_the_marks_of_coordinates_are_taken_down() -> None:
    """For run.json: point, comma, mixed, or nothing where no cell shows one."""
    for cells, notation in (
        (["1.5", "2"], "point"),
        (["1,5", "2"], "comma"),
        (["1,5", "2.5"], "mixed"),
        (["1,5 N", "2.5"], "mixed"),
        (["47\u00b036'52.2\""], "point"),
        (["1", "2 N", "x", "7,7,7"], ""),
    ):
        written = Written()
        degrees(text(*cells), LATITUDE, written=written)
        assert (cells, written.notation) == (cells, notation)


TWO_READINGS = ["1.500", "12,345", "-1.500", " 999.999 ", "1,000"]
ONE_READING = {
    "1.5": 1.5,
    "1,5": 1.5,
    "0.125": 0.125,
    "1500": 1500,
    "1234.567": 1234.567,
    "1,50": 1.5,
}


def test_a_number_with_two_readings_is_not_guessed() -> None:
    """1.500 m and 1,500 m are a metre and a half, or more than a kilometre."""
    cells = text(*TWO_READINGS, *ONE_READING)
    values, _ = numbers(cells, decimal="")
    assert two_readings(cells, values).tolist() == [True] * 5 + [False] * 6
    assert values[5:].tolist() == list(ONE_READING.values())
    read = coordinates(text(*["1"] * 11), text(*["1"] * 11), cells)
    assert read.two_readings.tolist() == [0, 1, 2, 3, 4]
    assert [fault >= 0 for fault in read.fault] == [True] * 5 + [False] * 6
    for decimal, number in ((".", 1.5), (",", math.nan)):
        given = coordinates(text("1"), text("1"), text("1.500"), notation=Notation(decimal=decimal))
        assert not len(given.two_readings)
        np.testing.assert_equal(given.accuracy_m[0], number)


def test_a_notation_has_known_marks() -> None:
    """Others are a mistake of the caller, or of a damaged run.json."""
    for wrong in ({"decimal": ";"}, {"letter_o": "X"}):
        with pytest.raises(InputError, match="one of"):
            Notation(**wrong)  # type: ignore[arg-type]


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

"""Columns are recognised by name or not at all; numbers are read by one grammar or not at all."""

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer import tables
from coverage_analyzer.errors import InputError
from coverage_analyzer.tables import CENTERS, SITES, Column, Rejected

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


@pytest.mark.parametrize("table", [SITES, CENTERS], ids=["sites", "centers"])
def test_every_synonym_is_recognised(table: tuple[Column, ...]) -> None:
    """Each synonym of each column finds that column, alone beside the required ones."""
    for column in table:
        for synonym in (column.name, *column.synonyms):
            others = [c.name for c in table if c.required and c is not column]
            assert tables.recognised([*others, synonym], table)[column.name] == len(others)


@pytest.mark.parametrize("table", [SITES, CENTERS], ids=["sites", "centers"])
def test_no_synonym_stands_for_two_columns(table: tuple[Column, ...]) -> None:
    """A header that fits two columns of one table would be a coin tossed for the user."""
    names = [tables.folded(n) for c in table for n in (c.name, *c.synonyms)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "header", ["Country Code", " country-code ", "COUNTRY_CODE", "countrycode"]
)
def test_headers_are_folded(header: str) -> None:
    """Case, blanks, underscores and hyphens do not tell headers apart."""
    assert tables.recognised([header, "lat", "lon"], SITES)["country"] == 0


def test_unknown_headers_are_no_columns() -> None:
    """Columns that no table knows are carried along, not guessed at."""
    found = tables.recognised(["latitude", "longitude", "latency", "longing"], SITES)
    assert found == {"latitude": 0, "longitude": 1}


def test_two_candidates_are_an_error_that_tells_the_way_out() -> None:
    """Both ``lat`` and ``y`` could be the latitude: never pick one in silence."""
    with pytest.raises(InputError) as caught:
        tables.recognised(["lat", "y", "lon"], SITES)
    message = str(caught.value)
    assert "'lat' and 'y'" in message
    assert "--column latitude=lat" in message
    assert "columns={" in message


def test_spellings_of_one_header_are_ambiguous() -> None:
    """``Lat`` and ``LAT`` are two headers that fold to one."""
    with pytest.raises(InputError, match="'Lat' and 'LAT'"):
        tables.recognised(["Lat", "LAT", "lon"], SITES)


def test_an_override_ends_the_doubt() -> None:
    """The header that the user names is taken, also against a canonical one."""
    assert tables.recognised(["lat", "y", "lon"], SITES, {"latitude": "y"})["latitude"] == 1
    found = tables.recognised(["latitude", "Breite", "lon"], SITES, {"latitude": "Breite"})
    assert found["latitude"] == 1


def test_a_header_twice_is_an_error_even_if_no_column_needs_it() -> None:
    """A report could not tell two columns of one name apart."""
    for headers in (["lat", "lat", "lon"], ["lat", "lon", "note", "note"]):
        with pytest.raises(InputError, match="stands twice"):
            tables.recognised(headers, SITES)


def test_empty_headers_may_repeat() -> None:
    """Spreadsheets write columns without a header at the right edge."""
    assert tables.recognised(["lat", "lon", "", ""], SITES) == {"latitude": 0, "longitude": 1}


def test_an_override_of_no_column_is_an_error() -> None:
    """A typing error in ``--column`` must not pass for nothing."""
    with pytest.raises(InputError, match=r"no column 'latitud'.*latitude"):
        tables.recognised(["lat", "lon"], SITES, {"latitud": "lat"})


def test_an_override_with_no_such_header_is_an_error() -> None:
    """The header is looked for as the file has it; the message lists what there is."""
    with pytest.raises(InputError, match=r"No column is called 'Lat'.*'lat', 'lon'"):
        tables.recognised(["lat", "lon"], SITES, {"latitude": "Lat"})


def test_a_missing_column_names_what_is_there_and_the_nearest() -> None:
    """The planner sees the header line and the likely typing error."""
    with pytest.raises(InputError) as caught:
        tables.recognised(["id", "lat", "longitud"], SITES)
    message = str(caught.value)
    assert "'longitude'" in message
    assert "'id', 'lat', 'longitud'" in message
    assert "--column longitude=longitud" in message


def test_a_missing_column_of_a_wide_file_lists_twenty() -> None:
    """Five thousand headers do not fill the screen."""
    headers = [f"c{n}" for n in range(5000)]
    with pytest.raises(InputError, match="and 4980 more"):
        tables.recognised(headers, SITES)


def test_centers_need_an_id() -> None:
    """A center without an id could not be named in a verdict; a site has its line."""
    with pytest.raises(InputError, match="'center_id'"):
        tables.recognised(["lat", "lon"], CENTERS)
    assert "site_id" not in tables.recognised(["lat", "lon"], SITES)


@pytest.mark.parametrize(("cell", "number"), ACCEPTED.items())
def test_the_grammar_takes(cell: str, number: float) -> None:
    """A number of the grammar is read, alone and beside a cell that is none."""
    for cells in ([cell], [cell, "x"], ["+1", cell]):
        values, blank = tables.numbers(text(*cells))
        assert values[cells.index(cell)] == number
        assert not blank.any()


@pytest.mark.parametrize("cell", REFUSED)
def test_the_grammar_refuses(cell: str) -> None:
    """What Python, C, pandas or Arrow take for a number somewhere is none here."""
    for cells in ([cell], [cell, "1"], ["+1", cell]):
        values, blank = tables.numbers(text(*cells))
        assert math.isnan(values[cells.index(cell)])
        assert not blank.any()


@pytest.mark.parametrize("cell", LINE_ENDS)
def test_a_line_end_in_a_number_is_judged_alike_in_every_company(cell: str) -> None:
    """Whether a quoted cell with a line end is a number must not hang on the rows beside it."""
    alone = tables.numbers(text(cell))[0][0]
    beside = tables.numbers(text(cell, "x"))[0][0]
    assert math.isnan(alone) == math.isnan(beside)


@pytest.mark.parametrize("cell", ["", " ", "\t \t", None])
def test_blank_cells_are_blank(cell: str | None) -> None:
    """Nothing, blanks and nulls are missing numbers, not wrong ones."""
    values, blank = tables.numbers(text("1", cell))
    assert math.isnan(values[1])
    assert blank.tolist() == [False, True]


def test_no_cells_give_no_numbers() -> None:
    """An empty column is fine."""
    values, blank = tables.numbers(text())
    assert len(values) == len(blank) == 0


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.int32(), pa.decimal128(9, 2)])
def test_typed_numbers_are_taken_as_they_are(kind: pa.DataType) -> None:
    """Parquet has types: an integer is a number, a null is blank."""
    values, blank = tables.numbers(pa.array([40, None], kind))
    assert values[0] == 40
    assert math.isnan(values[1])
    assert blank.tolist() == [False, True]


def test_not_a_number_in_parquet_is_no_number() -> None:
    """NaN and infinity can be stored, but no site lies there."""
    values, blank = tables.numbers(pa.array([math.nan, math.inf, 1.0]))
    assert [math.isnan(v) for v in values] == [True, True, False]
    assert not blank.any()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_slice_of_an_array_is_read_from_its_own_start(kind: pa.DataType) -> None:
    """Arrow arrays may begin in the middle of their buffers."""
    cells = pa.array(["9", "9", "+40.5", "x", None, "1"], kind).slice(2, 3)
    values, blank = tables.numbers(cells)
    assert values[0] == 40.5
    assert [math.isnan(v) for v in values] == [False, True, True]
    assert blank.tolist() == [False, False, True]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_python_writes_is_read_back(value: float) -> None:
    """No digit of a number is lost, in the fast way and in the careful one."""
    for cells in ([repr(value)], [repr(value), "x"]):
        assert tables.numbers(text(*cells))[0][0] == value


@given(st.text(max_size=8), st.lists(st.text(max_size=4), max_size=3))
def test_a_cell_is_read_alike_whatever_stands_beside_it(cell: str, others: list[str]) -> None:
    """Rows do not depend on each other: blocks may be cut anywhere."""
    alone = tables.numbers(text(cell))
    beside = tables.numbers(text(cell, *others))
    assert repr(alone[0][0]) == repr(beside[0][0])
    assert alone[1][0] == beside[1][0]


def faults(lat: list[str], lon: list[str], accuracy: list[str] | None = None) -> list[str]:
    """Return the code of each row's fault, empty where there is none."""
    cells = None if accuracy is None else text(*accuracy)
    read = tables.coordinates(text(*lat), text(*lon), cells)
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
    read = tables.coordinates(text("1", "1"), text("x", "2"))
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
    detail = tables.fault_detail(fault, *cells)
    assert all(part in detail for part in parts)


def test_no_hint_of_swapping_where_swapping_would_not_help() -> None:
    """360 is no latitude either."""
    assert "swapped" not in tables.fault_detail(Rejected.coordinate_out_of_range, "0", "360", "")


def test_a_thousands_comma_gets_no_hint_of_a_decimal_comma() -> None:
    """``1,234.5`` is not a decimal comma, and the wrong hint would do harm."""
    fault = Rejected.coordinate_not_a_number
    assert "comma" not in tables.fault_detail(fault, "1,234.5", "0", "")


def test_control_characters_in_a_detail_are_made_visible() -> None:
    """A cell with an escape sequence must not reach a terminal raw."""
    detail = tables.fault_detail(Rejected.coordinate_not_a_number, "\x1b[31m1", "0", "")
    assert "\x1b" not in detail


def test_nulls_become_empty_texts() -> None:
    """A null and an empty cell say the same: nothing."""
    assert tables.as_text(pa.array(["NA", None, "US"])).to_pylist() == ["NA", "", "US"]
    assert tables.as_text(pa.array([840, None])).to_pylist() == ["840", ""]

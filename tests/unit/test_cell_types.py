"""Columns of text that plainly hold numbers or days, and those that only look so."""

import datetime
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer.schema.cell_types import TEXT, ColumnType, ColumnTypes, typed

INTEGER = ColumnType("integer")


def kind_of(cells: list[str | None], *, at_once: int = 100, **options: str) -> ColumnType:
    """Return the type of a column of text, looked at in blocks of some length."""
    types = ColumnTypes(["x"], **options)
    for start in range(0, max(len(cells), 1), at_once):
        block = pa.array(cells[start : start + at_once], pa.string())
        types.add(pa.record_batch([block], names=["x"]))
    return types.result()["x"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-20", " 3 ", "", None], INTEGER),
        (["1", "2.5", "0.5"], ColumnType("number", ".")),
        (["1", "2,5"], ColumnType("number", ",")),
        (["1.234,56", "1.500"], ColumnType("number", ",")),
        (["1,234.56", "-7"], ColumnType("number", ".")),
        (["2026-12-01", ""], ColumnType("day", "%Y-%m-%d")),
        (["1.12.2026", "31.12.2026"], ColumnType("day", "%d.%m.%Y")),
        (["01/02/2026", "31/01/2026"], ColumnType("day", "%d/%m/%Y")),
        (["01/02/2026", "12/31/2026"], ColumnType("day", "%m/%d/%Y")),
        (["123456789012345"], INTEGER),
        (["0", "0.0", "-0.5"], ColumnType("number", ".")),
    ],
)
def test_plain_columns(cells: list[str | None], expected: ColumnType) -> None:
    """A column is a number or a day if every cell is, in whatever order they come."""
    assert kind_of(cells) == expected
    assert kind_of(cells[::-1], at_once=1) == expected


@pytest.mark.parametrize(
    "cells",
    [
        ["00123", "123"],
        ["-05"],
        ["+49", "1"],
        ["1E5", "2"],
        ["1234567890123456"],
        ["0.1234567890123456"],
        ["1.500", "2.750", "7"],
        ["1,500"],
        ["1.234.567"],
        ["1.5", "1,5"],
        ["1.234,5", "1,234.5"],
        ["01/02/2026"],
        ["2026-02-30"],
        ["2026-12-01", "1.12.2026"],
        ["2026-12-01", "5"],
        ["2026-12-01 14:30"],
        ["5.", ".5"],
        ["1 234"],
        ["12", "n/a"],
        ["١٢"],
        ["1\n2"],
        ["1\n"],
        ["=1+1"],
        ["", None, "  "],
        [],
    ],
)
def test_doubtful_columns_stay_text(cells: list[str | None]) -> None:
    """One cell that is not plain, or that may be read in two ways, keeps the column text."""
    assert kind_of(cells) == TEXT
    assert kind_of(cells, at_once=1) == TEXT


def test_what_is_known_of_the_file_decides() -> None:
    """A declared decimal mark or form of days decides what may be read in two ways."""
    assert kind_of(["1.500"], decimal=".") == ColumnType("number", ".")
    assert kind_of(["1,5"], decimal=".") == TEXT
    assert kind_of(["1.500", "1.200,50"], decimal=",") == ColumnType("number", ",")
    assert kind_of(["1,500"], decimal=".") == TEXT
    assert kind_of(["01/02/2026"], date_format="%m/%d/%Y") == ColumnType("day", "%m/%d/%Y")
    assert kind_of(["31.12.2026"], date_format="%m/%d/%Y") == TEXT


@pytest.mark.parametrize(
    ("cells", "mark", "values"),
    [
        (["1'234.5", "7.25"], ".", [1234.5, 7.25]),
        (["1 234,50", "7,5"], ",", [1234.5, 7.5]),
        (
            ["1\u202f234\u202f567,8", "12"],
            ",",
            [1234567.8, 12],
        ),
        (["1\N{RIGHT SINGLE QUOTATION MARK}234.50"], ".", [1234.5]),
    ],
)
def test_thousands_of_other_countries(cells: list[str], mark: str, values: list[float]) -> None:
    """An apostrophe or a space separates thousands beside either decimal mark."""
    column = kind_of(list(cells))
    assert column == ColumnType("number", mark)
    assert typed(pa.array(cells), column).to_pylist() == values
    assert kind_of([*cells, "1 23,4"]) == TEXT


def test_amounts_may_be_written_otherwise_than_coordinates() -> None:
    """``1.234,50`` beside coordinates with points is plain; ``1,5`` alone is not."""
    assert kind_of(["1.234,50", "3,1"], decimal=".") == ColumnType("number", ",")
    assert kind_of(["1,234.50", "3"], decimal=",") == ColumnType("number", ".")
    assert kind_of(["3,1", "2"], decimal=".") == TEXT


@given(
    st.lists(
        st.sampled_from(
            [
                *("1", "0", "007", "1.5", "1,5", "1.500", "1.234,5", "", "+1", "2026-12-01"),
                *("01/02/2026", "13/02/2026", "x", "9" * 16, "-3"),
            ]
        ),
        max_size=6,
    ),
    st.integers(1, 6),
    st.randoms(),
)
def test_blocks_and_order_do_not_matter(
    cells: list[str | None], at_once: int, random: Random
) -> None:
    """The type of a column does not depend on its blocks, nor on the order of its rows."""
    shuffled = random.sample(cells, len(cells))
    assert kind_of(cells) == kind_of(shuffled, at_once=at_once)


def test_cells_become_what_they_hold() -> None:
    """Cells become numbers and days; empty ones are null."""
    cells = pa.array(["1.234,50", "", None, " -7,25 "])
    assert typed(cells, ColumnType("number", ",")).to_pylist() == [1234.5, None, None, -7.25]
    assert typed(pa.array(["12", " "]), INTEGER).to_pylist() == [12, None]
    days = typed(pa.array(["31.12.2026", ""]), ColumnType("day", "%d.%m.%Y"))
    assert days.to_pylist() == [datetime.date(2026, 12, 31), None]
    assert typed(pa.array(["007"]), TEXT).to_pylist() == ["007"]


@pytest.mark.parametrize(
    ("cell", "column"),
    [("x", INTEGER), ("1.5", ColumnType("day", "%d.%m.%Y")), ("x", ColumnType("number", "."))],
)
def test_a_cell_of_another_type_is_an_error(cell: str, column: ColumnType) -> None:
    """No cell is lost when it is not of the type."""
    with pytest.raises(pa.ArrowInvalid, match=cell):
        typed(pa.array([cell]), column)

"""Days are read by one grammar, and nothing is guessed."""

import numpy as np
import pyarrow as pa
import pytest

from coverage_analyzer.days import ISO, day_of, days, pattern
from coverage_analyzer.errors import InputError


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2026-12-01", ISO, "2026-12-01"),
        (" 2024-02-29 ", ISO, "2024-02-29"),
        ("2025-02-29", ISO, "NaT"),
        ("2026-2-3", ISO, "NaT"),
        ("01.12.2026", ISO, "NaT"),
        ("12/01/2026", ISO, "NaT"),
        ("2026-12-01T08:00", ISO, "NaT"),
        ("", ISO, "NaT"),
        ("1.12.2026", "%d.%m.%Y", "2026-12-01"),
        ("13.13.2026", "%d.%m.%Y", "NaT"),
        ("1.12.26", "%d.%m.%Y", "NaT"),
        ("12/1/2026", "%m/%d/%Y", "2026-12-01"),
        ("20261201", "%Y%m%d", "2026-12-01"),
        ("2026111", "%Y%m%d", "NaT"),
        ("2026-12-01", "%d.%m.%Y", "NaT"),
        ("0000-01-01", ISO, "NaT"),
        ("\u0662\u0660\u0662\u0666-12-01", ISO, "NaT"),
    ],
)
def test_a_day_is_read_by_its_form(text: str, form: str, day: str) -> None:
    """Only what is written in the form, and only what is in the calendar."""
    assert str(day_of(text, form)) == day


@pytest.mark.parametrize("form", ["", "%d.%m", "%d.%m.%y", "%d.%m.%Y %H", "%d.%d.%Y", "%Y-%m-%d%"])
def test_a_form_says_year_month_and_day(form: str) -> None:
    """A form that leaves one open is refused, with one that does not."""
    with pytest.raises(InputError, match=r"such as\s+%d.%m.%Y"):
        pattern(form)


def test_columns_of_any_kind() -> None:
    """Text, days and times, with cells that are empty."""
    text, blank = days(pa.array(["2026-12-01", None, " ", "soon", "2026-12-02T00:00:00Z"]))
    assert text.astype(str).tolist() == ["2026-12-01", "NaT", "NaT", "NaT", "2026-12-02"]
    assert blank.tolist() == [False, True, True, False, False]
    for kind in (pa.date32(), pa.timestamp("ms")):
        cells = pa.array(["2026-12-01", None, "1969-07-20"], pa.string()).cast(kind)
        found, empty = days(cells.slice(0, 3))
        assert found.astype(str).tolist() == ["2026-12-01", "NaT", "1969-07-20"]
        assert empty.tolist() == [False, True, False]


def test_a_column_may_be_cut_out_of_another() -> None:
    """Rows are read where they stand, not where the buffer begins."""
    cells = pa.array(["x", "2026-12-01", "2026-12-02"]).slice(1)
    assert days(cells)[0].tolist() == np.array(["2026-12-01", "2026-12-02"], "M8[D]").tolist()

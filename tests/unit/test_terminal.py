"""Tables that fit a terminal, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer.cli import terminal


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the terminal have 60 columns."""
    monkeypatch.setenv("COLUMNS", "60")


@pytest.mark.usefixtures("wide")
def test_wide_characters_take_two_columns() -> None:
    """What follows a Japanese name stands in line."""
    rows = [("東京都庁舎", "35.6895", "x"), ("Zürich", "47.0", "y"), ("e\u0301", "1", "z")]
    lines, missing = terminal.table(("name", "latitude", "note"), rows)
    assert missing == 0
    places = {
        terminal.text_width(line[: line.index(end)])
        for line, end in zip(lines[1:], "xyz", strict=True)
    }
    assert len(places) == 1
    assert isinstance(lines[0], terminal.Title)


@pytest.mark.usefixtures("wide")
def test_numbers_are_never_shortened_and_text_is() -> None:
    """Columns that do not fit are counted."""
    names = [f"column {n}" for n in range(9)]
    row = ["a long text " * 9, "-149.28848", *["another long text"] * 7]
    lines, missing = terminal.table(names, [row])
    assert missing > 0
    assert "-149.28848" in lines[1]
    assert all(terminal.text_width(line) <= 60 for line in lines)


@pytest.mark.usefixtures("wide")
@given(st.lists(st.lists(st.text(max_size=40), min_size=3, max_size=3), max_size=4))
def test_any_cells_fit_the_terminal_and_cannot_steer_it(rows: list[list[str]]) -> None:
    """Control characters are escaped; all lines are equally wide at most."""
    lines, _ = terminal.table(("a", "b", "c"), rows)
    assert all(terminal.text_width(line) <= 60 for line in lines)
    assert all(char.isprintable() for line in lines for char in line)


@pytest.mark.usefixtures("wide")
@given(st.text(max_size=300))
def test_wrapped_text_keeps_its_words(text: str) -> None:
    """Only spaces become ends of lines, and no line is empty of what it was given."""
    lines = terminal.wrapped(text, "  ")
    assert all(char.isprintable() for line in lines for char in line)
    longest = max((terminal.text_width(w) for line in lines for w in line.split(" ")), default=0)
    assert all(terminal.text_width(line) <= max(60, longest + 4) for line in lines)


def test_ids_with_leading_zeros_are_text() -> None:
    """They stand on the left, numbers on the right."""
    rows = [("000001", "1"), ("2", "1,234.5")]
    lines, _ = terminal.table([], rows, indent="")
    assert lines == ["000001        1", "2       1,234.5"]


def test_bold_respects_no_color_and_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output of a test is no terminal."""
    assert terminal.bold("x") == "x"
    monkeypatch.setattr(terminal.sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.bold("x") == "\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.bold("x") == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert terminal.bold("x") == "x"

"""Progress is one line that somebody watches."""

import logging

import pytest

from coverage_analyzer.cli.messages import Progress, VisibleFormatter, progress, say


def told(capsys: pytest.CaptureFixture[str], *steps: tuple[float, int, float]) -> list[str]:
    """Return the lines that are shown at some times, for some rows and shares."""
    times = iter([0.0, *(time for time, _, _ in steps)])
    shown = Progress(clock=lambda: next(times))
    for _, rows, share in steps:
        shown(rows, share)
    return [line.strip() for line in capsys.readouterr().err.split("\r") if line.strip()]


def test_progress_tells_rows_speed_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    """A quarter done in ten seconds leaves half a minute."""
    assert told(capsys, (10.0, 1_000_000, 0.25)) == [
        "1,000,000 rows, 100,000 rows/s, 25% read, 30 s left"
    ]


def test_progress_of_unknown_length_tells_no_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Of standard input nobody knows the end."""
    assert told(capsys, (2.0, 10, float("nan"))) == ["10 rows, 5 rows/s"]


def test_progress_does_not_flicker(capsys: pytest.CaptureFixture[str]) -> None:
    """Steps that follow quickly are not shown, the last one always is."""
    lines = told(capsys, (0.05, 1, 0.1), (0.1, 2, 0.2), (0.15, 3, 1.0))
    assert lines == ["3 rows, 20 rows/s"]


def test_nobody_watches_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is for terminals, and for those who want it."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert progress(quiet=False) is not None
    assert progress(quiet=True) is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert progress(quiet=False) is None


def test_a_line_of_the_log_is_one_line() -> None:
    """What --verbose tells of files cannot steer the terminal, either."""
    record = logging.LogRecord("m", logging.INFO, "", 0, "read %s", ("a\x1b[2J\nb",), None)
    assert VisibleFormatter("%(message)s").format(record) == r"read a\x1b[2J\nb"


def test_only_the_first_line_begins_at_the_margin(capsys: pytest.CaptureFixture[str]) -> None:
    """Lists of faults keep their lines; none can look like a line of the program's own."""
    say("2 fault(s):\n  line 1\n    of it\nread 1 = decided 1\r\u2028x")
    output = capsys.readouterr().err
    assert output == ("2 fault(s):\n  line 1\n    of it\n  read 1 = decided 1\\r\\u2028x\n")

"""What a job says on the terminal: the result first, then why, what to check, and the files."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from running import AS_OF, centers_file, sites_file

from coverage_analyzer.cli import summary
from coverage_analyzer.cli.main import program
from coverage_analyzer.cli.messages import fitted

CLEAN = "site_id,country,latitude,longitude\n1,US,40.0,-75.0\n2,FR,48.85,2.35\n3,FR,43.3,5.4\n"


def lines_of(*arguments: Any) -> list[str]:
    """Return the lines of messages of a command."""
    result = CliRunner().invoke(program, list(map(str, arguments)))
    return result.stderr.splitlines()


def run(folder: Path, text: str, *more: str) -> list[str]:
    """Return the lines of messages of a run."""
    sites, centers = sites_file(folder, text), centers_file(folder)
    return lines_of(
        "run", sites, "--centers", centers, "-o", folder / "out", "--as-of", AS_OF, *more
    )


def test_a_run_says_first_how_many_qualify(tmp_path: Path) -> None:
    """Then the reasons as text, most first, then files; a plain run has no warning."""
    lines = run(tmp_path, CLEAN)
    assert lines[0] == "2 of 3 sites qualify for Gold Plus (66.7 %)."
    assert lines[1].endswith("as of 2026-12-01: 4 of 6 centers open.")
    at = lines.index("Reasons:")
    assert lines[at + 1].split(maxsplit=1) == [
        "2",
        "an open center of its country is within the limit (within_radius)",
    ]
    assert not [line for line in lines if line.startswith(("Warning", "Detected", "Rejected"))]
    assert lines[-2] == summary.EXCEL_HINT
    assert lines[-1] == "read 3 = decided 3 + rejected 0 + blank 0"


def test_what_to_check_comes_before_the_files(tmp_path: Path) -> None:
    """Sites in review and rejected rows."""
    lines = run(tmp_path, f"{CLEAN}4,Atlantis,40,-75\n5,US,x,0\n", "--max-rejects", "9")
    order = ["Reasons:", "1 site needs manual review", "Rejected 1 row", "  line 6:", "Report:"]
    at = [next(n for n, line in enumerate(lines) if line.startswith(text)) for text in order]
    assert at == sorted(at)


def test_excel_files_need_no_hint(tmp_path: Path) -> None:
    """Nor CSV that is written for Excel."""
    for more in (["--format", "xlsx"], ["--excel"]):
        assert summary.EXCEL_HINT not in run(tmp_path, CLEAN, *more)


def test_a_run_without_sites_divides_by_nothing(tmp_path: Path) -> None:
    """And says so."""
    assert run(tmp_path, "site_id,latitude,longitude\n")[0] == "No site was assessed."


def test_quiet_and_json_stay_what_they_are(tmp_path: Path) -> None:
    """Quiet is the last line only, where there is nothing to check."""
    assert run(tmp_path, CLEAN, "--quiet") == ["read 3 = decided 3 + rejected 0 + blank 0"]


def test_a_timeline_says_how_the_best_level_grows(tmp_path: Path) -> None:
    """From the first day to the last."""
    text = f"{CLEAN}4,US,43.6,-116.2\n"
    sites, centers = sites_file(tmp_path, text), centers_file(tmp_path)
    days = ["--from", AS_OF, "--to", "2027-01-31"]
    lines = lines_of("timeline", sites, "--centers", centers, *days, "-o", tmp_path / "t.csv")
    assert lines[0] == "2 of 4 sites have Gold Plus on 2026-12-01, 3 on 2027-01-31."
    assert lines[-2].startswith("Wrote 5 rows to ")


@pytest.mark.parametrize(
    ("result", "line"),
    [
        ({"encoding": "utf-8", "delimiter": ",", "header_line": 1, "coordinates": "point"}, ""),
        ({"encoding": "cp1252, guessed", "lines_before_header": 3}, ""),  # warnings say both
        ({"sheet": "Sites"}, ""),
        ({"sheet": "Sites", "other_sheets": ["Old"]}, "sheet Sites"),
        (
            {"coordinates": "mixed", "date_format": "%d.%m.%Y"},
            "decimal commas; dates like 31.12.2026",
        ),
        ({"points": {"column": "loc", "form": "wkt"}}, "coordinates from loc, wkt"),
    ],
)
def test_what_was_guessed_is_shown(result: dict[str, Any], line: str) -> None:
    """Only what differs from what most files have."""
    shown = "".join(summary.detected("sites", result))
    assert line in shown
    assert bool(shown) == bool(line)


def test_lines_are_broken_for_narrow_terminals_only() -> None:
    """Below their text, between words; a line for a pipe is one line."""
    line = "       3,895  no center of its country is within the limit"
    assert fitted(line) == line
    assert fitted(line, 40).split("\n") == [
        "       3,895  no center of its country",
        "              is within the limit",
    ]
    assert fitted(line, 20) == line
    assert fitted("", 40) == ""

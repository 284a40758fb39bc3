"""A nightly job of version 0.1.0, with the folder that it left, run with the present version.

What changes is what the page on upgrading and the changelog say. How the folder was made is in
``tests/data/from-0.1.0/README.md``.
"""

import contextlib
import io
import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest
from running import cells, manifest, records

from coverage_analyzer.cli import main

ROOT: Final = Path(__file__).parents[2]
OLD: Final = ROOT / "tests" / "data" / "from-0.1.0"
PAGE: Final = ROOT / "docs" / "upgrade.md"

JOB: Final = (
    "run sites.csv --centers centers.csv --products products.csv --as-of 2026-12-01 "
    "--no-map --no-areas --max-rejects 5 -o"
)
"""The line of the job, as it was written for 0.1.0."""

READ_NOW: Final = {"G7", "L12"}
"""A decimal comma; degrees and minutes."""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a copy of the job's folder."""
    folder = tmp_path / "job"
    shutil.copytree(OLD, folder)
    monkeypatch.chdir(folder)
    return folder


def called(command: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run a command; return its exit code and all that it printed."""
    monkeypatch.setattr(sys, "argv", ["coverage-analyzer", *shlex.split(command)])
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main._run()
    return code, said.getvalue()


def test_the_old_line_works_into_the_old_folder(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its exit code is 0; the report of the old version is replaced like any other."""
    code, said = called(f"{JOB} report", monkeypatch)
    assert code == 0, said
    assert manifest(work / "report")["held"] == []
    assert {row["as_of"] for row in records(work / "report" / "report.csv")} == {"2026-12-01"}


def test_verdicts_are_the_same_but_of_rows_that_were_rejects(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old columns keep name, order and cells; there is one more, at the end."""
    assert called(f"{JOB} new", monkeypatch)[0] == 0
    before, after = (cells(work / name / "report.csv") for name in ("report", "new"))
    assert after[0] == [*before[0], "as_of"]
    assert [row[:-1] for row in after[1:] if row[0] not in READ_NOW] == before[1:]
    assert {row[0] for row in after[1:]} - {row[0] for row in before[1:]} == READ_NOW
    rejects = [
        {row["reason"] for row in records(work / n / "rejects.csv")} for n in ("report", "new")
    ]
    assert rejects == [{"coordinate_not_a_number"}] * 2
    assert cells(work / "report" / "rejects.csv")[0] == cells(work / "new" / "rejects.csv")[0]
    summaries = [cells(work / name / "summary.csv")[0] for name in ("report", "new")]
    assert summaries[1] == [summaries[0][0], "site_country_name", *summaries[0][1:]]


def test_no_key_of_run_json_is_gone(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads one finds it; counts are those of the rows."""
    assert called(f"{JOB} new", monkeypatch)[0] == 0
    before, after = (manifest(work / name) for name in ("report", "new"))
    assert set(before) <= set(after)
    assert before["ledger"] == {"read": 13, "decided": 10, "rejected": 3, "blank": 0}
    assert after["ledger"] == {"read": 13, "decided": 12, "rejected": 1, "blank": 0}


@pytest.mark.skipif(not PAGE.is_file(), reason="not in the repository")
def test_a_comparison_says_what_to_do_and_then_shows_what_changed(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report of 0.1.0 has no day; with the page's script it has, and nothing else differs."""
    assert called(f"{JOB} new", monkeypatch)[0] == 0
    code, said = called("compare report new -o changes", monkeypatch)
    assert code == 2
    assert "no column 'as_of'" in said
    assert "Add the column with 2026-12-01 in each row, or run it again." in said
    script = re.search(r"```python\n(import csv\n.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert script
    monkeypatch.setattr(sys, "argv", ["add_day.py", "report"])
    exec(compile(script[1], "add_day.py", "exec"), {"__name__": "__main__"})  # noqa: S102 - ours
    code, said = called("compare report new -o changes", monkeypatch)
    assert code == 0, said
    found = json.loads((work / "changes" / "compare.json").read_text("utf-8"))
    assert found["ledger"] == {
        "a": 10, "b": 12, "same": 10, "changed": 0, "left": 0, "entered": 2
    }  # fmt: skip
    assert {row["site_id"] for row in records(work / "changes" / "changes.csv")} == READ_NOW
    assert called("map report -o map.html", monkeypatch)[0] == 0


def test_what_needs_more_than_the_old_folder_keeps_says_so(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, and what to do."""
    for command in ("sensitivity report", "criticality report", "what-if report --close PAR"):
        code, said = called(command, monkeypatch)
        assert code == 2
        assert re.search(r"[Rr]un (it )?again", said), said

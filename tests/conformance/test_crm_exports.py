"""Exports as customer systems write them: one command each, and no option beside the centers."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from coverage_analyzer.cli.main import program

CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "crm"
EXPECTED: dict[str, dict[str, Any]] = (
    json.loads((CASES / "expected.json").read_text(encoding="utf-8")) if CASES.is_dir() else {}
)
COLUMNS = ("site_id", "name", "country", "latitude", "longitude", "requested_level")

pytestmark = pytest.mark.skipif(
    not EXPECTED, reason="the sample exports are not beside the project"
)


def run(name: str, folder: Path, *more: str) -> dict[str, Any]:
    """Return the manifest of a run on an export."""
    files = [str(CASES / name), "--centers", str(CASES / EXPECTED[name]["centers"])]
    result = CliRunner().invoke(program, ["run", *files, "-o", str(folder), *more])
    assert result.exit_code == 0, result.stderr
    manifest: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return manifest


@pytest.mark.parametrize("name", EXPECTED)
def test_an_export_is_understood_without_options(tmp_path: Path, name: str) -> None:
    """Every row is accounted for, and each column is the one that a reader would choose."""
    expected = EXPECTED[name]
    manifest = run(name, tmp_path / "out")
    assert manifest["ledger"]["decided"] == expected["decided"]
    assert manifest["ledger"]["rejected"] == expected["rejected"]
    for column in set(COLUMNS) & set(expected):
        assert manifest["columns"].get(column) == expected[column]


@pytest.mark.parametrize("name", EXPECTED)
def test_ids_stay_as_they_are_written(tmp_path: Path, name: str) -> None:
    """Leading zeros too, in a format with types."""
    run(name, tmp_path / "out", "--format", "parquet")
    report = pq.read_table(tmp_path / "out" / "report.parquet")
    first = report.column(EXPECTED[name]["site_id"])[0].as_py()
    assert first == EXPECTED[name].get("first_id", first)
    assert isinstance(first, str)

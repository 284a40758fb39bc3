"""The schemas that ship describe what the program writes: real outputs, and each of their keys."""

import csv
import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from coverage_analyzer import batch
from coverage_analyzer.cli.main import program
from coverage_analyzer.schema.verdict import VERDICT, Reason, Status

DATA = Path(__file__).parents[2] / "data"
FOLDER = resources.files("coverage_analyzer") / "resources" / "schemas"
NAMES = ("compare", "plan", "report", "run")
NUMBERS = re.compile("_(miles|km)$|^centers_in_reach$")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="not in the repository")


def schema(name: str) -> dict[str, Any]:
    """Return a schema that ships."""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return loaded


def checked(name: str, data: Mapping[str, Any]) -> None:
    """Validate data, of which each key must be described."""
    rules = schema(name)
    jsonschema.Draft202012Validator(rules).validate(data)
    assert set(data) <= set(rules["properties"]), set(data) - set(rules["properties"])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two runs on the town, of which the second lost a center."""
    folder = tmp_path_factory.mktemp("schemas")
    header, first, *_ = (DATA / "town_centers.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "one.csv").write_text(header + first, encoding="utf-8")
    for name, path in (("a", DATA / "town_centers.csv"), ("b", folder / "one.csv")):
        batch.run(DATA / "town_sites.csv", path, folder / name, as_of="2026-12-01")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema(name: str) -> None:
    """Each describes all of its keys in words."""
    rules = schema(name)
    jsonschema.Draft202012Validator.check_schema(rules)
    assert all(key.get("description") for key in rules["properties"].values())
    assert set(rules["required"]) <= set(rules["properties"])


def test_run_json(runs: Path) -> None:
    """Of a run folder; and a damaged one is not valid."""
    data = json.loads((runs / "a" / "run.json").read_text("utf-8"))
    checked("run", data)
    with pytest.raises(jsonschema.ValidationError):
        checked("run", data | {"ledger": {"read": -1}})


def test_report_rows(runs: Path) -> None:
    """Each row, its numbers as numbers and empty cells as null; all codes are allowed."""
    with (runs / "a" / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        cells = {
            name: (float(text) if NUMBERS.search(name) else text) if text else None
            for name, text in row.items()
            if name in VERDICT
        }
        checked("report", cells)
    keys = schema("report")["properties"]
    assert keys["status"]["enum"] == [status.name for status in Status]
    assert all(re.search(keys["reason"]["pattern"], reason.name) for reason in Reason)


def test_compare_json(runs: Path, tmp_path: Path) -> None:
    """Of a comparison of two runs."""
    pytest.importorskip("duckdb")
    batch.compare(runs / "a", runs / "b", tmp_path / "changes")
    checked("compare", json.loads((tmp_path / "changes" / "compare.json").read_text("utf-8")))


def test_plan_json(runs: Path, tmp_path: Path) -> None:
    """Of a plan with a curve."""
    pytest.importorskip("highspy")
    sites, output = str(DATA / "town_sites.csv"), tmp_path / "plan"
    command = ["place", sites, "--centers", str(DATA / "town_centers.csv"), "--candidates", sites]
    command += ["--new", "1", "--curve", "--as-of", "2026-12-01", "-o", str(output)]
    ended = CliRunner().invoke(program, command)
    assert ended.exit_code == 0, ended.output
    checked("plan", json.loads((output / "plan.json").read_text("utf-8")))

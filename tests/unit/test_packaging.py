"""What code needs after an installation is there, and the sample data are as their page says."""

import csv
import re
import tomllib
from collections import Counter
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest
from running import records

from coverage_analyzer import batch
from coverage_analyzer.countries import ATTRIBUTION
from coverage_analyzer.policy import builtin

ROOT = Path(__file__).parents[2]
PACKAGE = resources.files("coverage_analyzer")

pytestmark = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").is_file(), reason="not in the repository"
)


def project() -> dict[str, Any]:
    """Return the table ``project`` of ``pyproject.toml``."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


@pytest.mark.parametrize(
    "path",
    [
        "py.typed",
        "resources/policies/appliance-maintenance.toml",
        "resources/policies/hp-call-to-repair.toml",
        "resources/programmes/extended-support.toml",
        "resources/programmes/priority.toml",
        "resources/programmes/technical-relationship-management.toml",
        "maps/assets/letter.html",
        "maps/assets/letter.css",
        "resources/calendars/business_days.toml",
        "resources/calendars/regions.csv",
        "resources/calendars/SOURCE.md",
        "resources/calendars/Unicode-3.0.txt",
        "resources/countries/countries.arrow",
        "resources/countries/names.csv",
        "resources/countries/territories.toml",
        "resources/countries/SOURCE.md",
        "resources/countries/ODbL-1.0.txt",
    ],
)
def test_a_resource_is_part_of_the_package(path: str) -> None:
    """Data lie within the package, where an installed copy finds them; typing is announced."""
    resource = PACKAGE.joinpath(*path.split("/"))
    assert resource.is_file()
    assert path == "py.typed" or resource.read_bytes()


def test_every_policy_file_loads() -> None:
    """Nothing but policies lies in the folder of policies."""
    files = {f.name for f in (PACKAGE / "resources" / "policies").iterdir()}
    assert files == {f"{name}.toml" for name in builtin()}


def test_the_border_data_carry_their_licence() -> None:
    """The ODbL wants its text and the credit to go with the data."""
    folder = PACKAGE / "resources" / "countries"
    assert "Open Database License" in (folder / "ODbL-1.0.txt").read_text("utf-8")
    assert "OpenStreetMap" in (folder / "SOURCE.md").read_text("utf-8")
    assert "ODbL" in ATTRIBUTION
    listed = project()["license-files"]
    assert all((ROOT / name).is_file() for name in listed)
    assert any("ODbL" in name for name in listed)


def test_the_version_is_that_of_the_project() -> None:
    """What is installed is what this repository says it is."""
    assert metadata.version("coverage-analyzer") == project()["version"]


def test_the_console_script_is_installed() -> None:
    """``coverage-analyzer`` is the program's name."""
    (script,) = metadata.entry_points(group="console_scripts", name="coverage-analyzer")
    assert script.value == project()["scripts"]["coverage-analyzer"]
    assert callable(script.load())


def test_every_library_that_a_run_names_is_a_dependency() -> None:
    """The manifest asks for versions: what it names must be installed with us."""
    names = {re.split(r"[<>=\[; ]", d)[0] for d in project()["dependencies"]}
    assert {"numpy", "pyarrow", "pyproj"} <= names


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run over the sample data."""
    folder = tmp_path_factory.mktemp("sample")
    data = ROOT / "data"
    batch.run(data / "customer_sites.csv", data / "service_centers.csv", folder, as_of="2026-12-01")
    return folder


def test_the_sample_data_run(sample: Path) -> None:
    """6,500 sites: all are decided but the four that cannot be."""
    assert len(records(sample / "report.csv")) == 6496
    assert len(records(sample / "rejects.csv")) == 4
    assert len(records(sample / "centers.csv")) == 148


def test_the_dirt_of_the_sample_data_is_seen(sample: Path) -> None:
    """The rows spoilt on purpose, as the page of the data lists them, come out as such."""
    reasons = Counter(r["reason"] for r in records(sample / "rejects.csv"))
    assert reasons == {
        "coordinate_missing": 1,
        "coordinate_out_of_range": 2,
        "coordinate_not_a_number": 1,
    }
    details = " ".join(r["detail"] for r in records(sample / "rejects.csv"))
    assert details.count("swapped") == 1
    assert details.count("'N/A'") == 1
    rows = records(sample / "report.csv")
    assert sum(r["reason"] == "null_island" for r in rows) == 2
    unknown = [r["country"] for r in rows if r["reason"] == "country_unknown" and r["country"]]
    assert sorted(unknown) == ["Atlantis", "ZZ", "n/a"]
    assert sum(r["country"] == "" for r in rows) == 130
    conflicts = sum(r["reason"] == "country_conflict" for r in rows)
    assert conflicts >= 24 + 12


def test_the_sample_data_show_every_status(sample: Path) -> None:
    """A first look at a report meets all that can happen."""
    statuses = {r["status"] for r in records(sample / "report.csv")}
    assert statuses == {"qualified", "pending", "fallback", "review"}


def test_the_sample_data_are_plain(sample: Path) -> None:
    """UTF-8, LF, no cell quoted without need; the report repeats the input's cells."""
    path = ROOT / "data" / "customer_sites.csv"
    assert b"\r" not in path.read_bytes()
    with path.open(encoding="utf-8", newline="") as file:
        values = {row["site_id"]: row for row in csv.DictReader(file)}
    assert len(values) == 6500
    for row in records(sample / "report.csv"):
        assert {k: row[k] for k in values[row["site_id"]]} == values[row["site_id"]]

"""Drive-time limits come from the policy's delivery clocks, and what is off the roads is told."""

import csv
import datetime
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from roads import TOWN
from small_policies import policy_text

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.cli.main import main, program
from coverage_analyzer.errors import InputError
from coverage_analyzer.policy import Policy
from coverage_analyzer.roads.limits import drive_limits, limits_text, many_minutes

BUILT_IN = {
    "appliance-maintenance": [240.0],
    "hp-call-to-repair": [360.0, 480.0],
    "watchguard-premium-rma": [240.0],
}

CENTERS = "center_id,country,latitude,longitude\nTOWN,LI,47.12,9.52\n"
SITES = """\
site_id,country,latitude,longitude
near,LI,47.12,9.51
ferry,LI,47.12,9.60
field,LI,47.06,9.50
away,LI,46.70,9.50
"""

CLOCK = """
[levels.replacement]
start = "authorised"
end = "delivered"
amount = {}
unit = "hours"
clause = "all"
"""

TWO_CLOCKS = policy_text(
    "two-clocks",
    """
[[bands]]
level = "fast"
countries = ["*"]
up_to_miles = 2
clause = "all"
[[bands]]
level = "middle"
countries = ["*"]
above_miles = 2
up_to_miles = 50
clause = "all"
[clauses]
all = "All."
""",
    levels={"fast": CLOCK.format(1), "middle": CLOCK.format(2), "slow": ""},
    version=1,
)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep networks of tests where tests are."""
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", str(tmp_path_factory.getbasetemp() / "roads"))


def policy_file(folder: Path, text: str) -> Path:
    """Return the file of a policy."""
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run_of(folder: Path, policy: str | Path = "appliance-maintenance") -> Path:
    """Return the folder of a run."""
    (folder / "s.csv").write_text(SITES, encoding="utf-8")
    (folder / "c.csv").write_text(CENTERS, encoding="utf-8")
    options = batch.Options(trust_declared=True)
    batch.run(
        folder / "s.csv",
        folder / "c.csv",
        folder / "out",
        policy=policy,
        as_of="2026-12-01",
        options=options,
    )
    return folder / "out"


def drives(folder: Path) -> dict[str, dict[str, str]]:
    """Return the rows of ``drive_times.csv`` by site."""
    with (folder / "drive_times.csv").open(encoding="utf-8", newline="") as file:
        return {row["site_id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_policy_that_ships_has_its_own_limits(name: str) -> None:
    """Four hours are 240 minutes; six to repair are 360."""
    assert drive_limits(Policy.load(name)).distinct == BUILT_IN[name]


def test_three_hours_are_180_minutes_and_are_told(tmp_path: Path) -> None:
    """In the line on standard error, in ``run.json`` and in each row."""
    policy = policy_file(tmp_path, TWO_CLOCKS.replace("amount = 2", "amount = 3"))
    folder = run_of(tmp_path, policy)
    given = ["drive-times", str(folder), "--osm", str(TOWN), "--policy", str(policy)]
    done = CliRunner().invoke(program, given, catch_exceptions=False)
    assert done.exit_code == 0
    assert "60 minutes (delivery clock of Fast), 180 minutes (delivery clock of Middle)" in (
        done.stderr
    )
    told = json.loads((folder / "run.json").read_text("utf-8"))["roads"]
    assert told["minutes"] == [60.0, 180.0]
    assert told["minutes_from"] == "policy"
    assert told["minutes_by_level"] == {"Fast": 60.0, "Middle": 180.0}
    assert {site: row["limit_minutes"] for site, row in drives(folder).items()} == {
        "near": "60.0",
        "ferry": "180.0",
        "field": "180.0",
        "away": "180.0",
    }


def test_minutes_given_hold_for_all(tmp_path: Path) -> None:
    """Whatever the clocks say; and that they were given is told."""
    policy = policy_file(tmp_path, TWO_CLOCKS)
    folder = run_of(tmp_path, policy)
    given = ["drive-times", str(folder), "--osm", str(TOWN), "--policy", str(policy)]
    done = CliRunner().invoke(program, [*given, "--minutes", "15"], catch_exceptions=False)
    assert "Drive-time limit: 15 minutes (as given)." in done.stderr
    assert {row["limit_minutes"] for row in drives(folder).values()} == {"15.0"}
    told = json.loads((folder / "run.json").read_text("utf-8"))["roads"]
    assert (told["minutes"], told["minutes_from"]) == (15.0, "option")


@pytest.mark.parametrize(
    "clock",
    [
        'end = "shipped"\namount = 2\nunit = "business_days"',
        'end = "delivered"\namount = 1\nunit = "business_days"',
        'end = "shipped"\namount = 4\nunit = "hours"',
    ],
)
def test_a_policy_without_a_clock_asks_for_minutes(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    clock: str,
) -> None:
    """Exit code 2 before any work: one that ships, or counts business days, sets no limit."""
    text = TWO_CLOCKS
    for amount in (1, 2):
        text = text.replace(f'end = "delivered"\namount = {amount}\nunit = "hours"', clock)
    policy = policy_file(tmp_path, text)
    folder = run_of(tmp_path, policy)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    given = ["drive-times", str(folder), "--osm", str(tmp_path / "no.osm"), "--policy", str(policy)]
    monkeypatch.setattr("sys.argv", ["coverage-analyzer", *given])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "--minutes" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(InputError, match="minutes=N"):
        ca.service_areas(
            ca.read_centers(tmp_path / "c.csv", trust_declared=True), TOWN, policy=policy
        )


def test_a_map_of_two_limits_names_both(tmp_path: Path) -> None:
    """Each area by the clock of its level; the map tells them together."""
    policy = policy_file(tmp_path, TWO_CLOCKS)
    folder = run_of(tmp_path, policy)
    batch_told = CliRunner().invoke(
        program, ["drive-times", str(folder), "--osm", str(TOWN), "--policy", str(policy)]
    )
    assert batch_told.exit_code == 0
    features = json.loads((folder / "service_areas.geojson").read_text("utf-8"))["features"]
    kinds = {(f["properties"]["kind"], f["properties"]["minutes"]) for f in features}
    assert {("served", 60.0), ("served", 120.0), ("no_road_data", 120.0)} <= kinds
    assert CliRunner().invoke(program, ["map", str(folder)]).exit_code == 0


def test_sites_off_the_roads_are_told_how_far_and_what_to_do(tmp_path: Path) -> None:
    """A larger extract helps only those that the map does not reach."""
    folder = run_of(tmp_path)
    done = CliRunner().invoke(program, ["drive-times", str(folder), "--osm", str(TOWN)])
    lines = [line for line in done.stderr.splitlines() if "more than 1,000 m" in line]
    assert len(lines) == 1
    assert "1 site:" in lines[0]
    assert f"field: {float(drives(folder)['field']['snap_m']):,.0f} m" in lines[0]
    assert "larger extract" not in lines[0]
    outside = [line for line in done.stderr.splitlines() if "larger extract" in line]
    assert len(outside) == 1
    assert "1 site: more than 10 km" in outside[0]


def test_a_center_off_the_roads_is_named(tmp_path: Path) -> None:
    """Its sites are on roads: it is not they that are off the map."""
    (tmp_path / "s.csv").write_text("site_id,country,latitude,longitude\nnear,LI,47.12,9.51\n")
    (tmp_path / "c.csv").write_text("center_id,country,latitude,longitude\nHILL,LI,47.06,9.50\n")
    batch.run(
        tmp_path / "s.csv",
        tmp_path / "c.csv",
        tmp_path / "out",
        as_of="2026-12-01",
        options=batch.Options(trust_declared=True),
    )
    done = CliRunner().invoke(program, ["drive-times", str(tmp_path / "out"), "--osm", str(TOWN)])
    assert (
        "No drive time from 1 center: more than 1,000 m from every road of the map (HILL)"
        in done.stderr
    )
    assert "larger extract" not in done.stderr
    features = json.loads((tmp_path / "out" / "service_areas.geojson").read_text("utf-8"))
    assert [f["properties"]["kind"] for f in features["features"]] == ["no_road_data"]


def generated() -> Iterator[int]:
    """Yield minutes."""
    yield 5
    yield 30


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (5, [5.0]),
        (np.float64(5.5), [5.5]),
        (np.array(5), [5.0]),
        (Decimal(5), [5.0]),
        ([5, 30], [5.0, 30.0]),
        ((30, 5, 30), [30.0, 5.0]),
        (range(5, 31, 25), [5.0, 30.0]),
        (np.array([5, 30]), [5.0, 30.0]),
        (pd.Series([5, 30], index=[7, 3]), [5.0, 30.0]),
        (pd.Index([5, 30]), [5.0, 30.0]),
        (generated(), [5.0, 30.0]),
    ],
)
def test_minutes_are_any_sequence(minutes: Any, expected: list[float]) -> None:
    """One number or several, each once, in their order."""
    assert many_minutes(minutes) == expected


@pytest.mark.parametrize(
    "minutes",
    [
        *(0, -1, np.nan, np.inf, True, "30", b"30", [], {}, 10**400),
        *([5, 0], [5, None], [[5, 30]], [5, "30"], [pd.NA], np.array([[5, 30]])),
        datetime.timedelta(minutes=5),
    ],
)
def test_what_is_no_time_is_refused(minutes: Any) -> None:
    """In words, wherever it stands in a sequence."""
    with pytest.raises(InputError, match=r"not a drive-time limit|empty"):
        many_minutes(minutes)


def test_frames_have_the_limits_of_the_policy(tmp_path: Path) -> None:
    """``drive_times`` and ``service_areas`` as the command; several areas by several clocks."""
    policy = Policy.load(policy_file(tmp_path, TWO_CLOCKS))
    (tmp_path / "s.csv").write_text(SITES, encoding="utf-8")
    (tmp_path / "c.csv").write_text(CENTERS, encoding="utf-8")
    centers = ca.read_centers(tmp_path / "c.csv", trust_declared=True)
    verdicts = ca.assess(
        ca.read_sites(tmp_path / "s.csv"), centers, policy, as_of="2026-12-01", trust_declared=True
    )
    looked = ca.drive_times(verdicts, centers, TOWN, policy=policy)
    assert looked["limit_minutes"].tolist() == [60.0, 120.0, 120.0, 120.0]
    assert looked.attrs["drive_time_limits"]["minutes"] == [60.0, 120.0]
    assert limits_text(looked.attrs["drive_time_limits"]).startswith("60 minutes")
    areas = ca.service_areas(centers, TOWN, policy=policy)
    assert areas["minutes"].tolist() == [60.0, 120.0]
    assert ca.service_areas(centers, TOWN)["minutes"].tolist() == [240.0]
    with pytest.raises(InputError, match="not a drive-time limit"):
        ca.drive_times(verdicts, centers, TOWN, policy=policy, minutes=[5, 30])

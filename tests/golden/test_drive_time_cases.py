"""Golden cases of bands in minutes of driving, each named after its trap; worked out by hand."""

import csv
import tomllib
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from small_policies import policy_text

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._drive_times import drive
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.distances import reach_of
from coverage_analyzer.roads.engine import Drives, Places, RoadStatus

POLICY: Final = policy_text(
    "drive-terms",
    """
[[bands]]
level = "fast"
countries = ["*"]
metric = "drive_time"
up_to_minutes = 60
clause = "all"

[[bands]]
level = "middle"
countries = ["*"]
metric = "drive_time"
above_minutes = 60
up_to_minutes = 90
clause = "all"

[clauses]
all = "As agreed."
""",
)

NEAREST, FARTHER, PLANNED, ABROAD = range(4)

CENTERS: Final = pd.DataFrame(
    {
        "center_id": ["NEAREST", "FARTHER", "PLANNED", "ABROAD"],
        "country": ["KE", "KE", "KE", "UG"],
        "latitude": [0.0, 0.0, 0.0, 0.0],
        "longitude": [37.0, 37.5, 37.2, 32.0],
        "opens_on": ["", "", "2027-06-01", ""],
    }
)

NONE: Final = np.nan
INF: Final = np.inf

CASES: Final = {
    # longitude, minutes from each center (inf: no road): level, status, reason, center
    "exactly the limit": (37.1, (60.0, NONE), "Fast", "qualified", "within_radius", "NEAREST"),
    "a second beyond: the next band": (
        37.1, (60 + 1 / 60, NONE), "Middle", "qualified", "within_radius", "NEAREST",
    ),
    "the limit of the next band": (
        37.1, (90.0, NONE), "Middle", "qualified", "within_radius", "NEAREST",
    ),
    "beyond all bands": (37.1, (90.5, NONE), "Slow", "fallback", "beyond_radius", "NEAREST"),
    "too long to be measured": (37.1, (NONE, NONE), "Slow", "fallback", "beyond_radius", "NEAREST"),
    "the nearest center is not the first to arrive": (
        37.1, (80.0, 50.0), "Fast", "qualified", "within_radius", "FARTHER",
    ),
    "only the farther center has a road": (
        37.1, (INF, 75.0), "Middle", "qualified", "within_radius", "FARTHER",
    ),
    "no road": (37.1, (INF, INF), "Slow", "review", "road_unreachable", "NEAREST"),
    "both equally fast": (37.1, (50.0, 50.0), "Fast", "qualified", "within_radius", "NEAREST"),
    "certainly out by the geodesic": (
        40.0, (10.0, 10.0), "Slow", "fallback", "beyond_radius", "FARTHER",
    ),
}  # fmt: skip


class Table:
    """A road engine that looks up its drives, by the position of a site and a center."""

    def matrix(self, centers: Places, sites: Places, budget_s: float) -> Drives:
        """Return the drives from one center."""
        number = {37.0: NEAREST, 37.5: FARTHER}.get(float(centers.lon[0]), PLANNED)
        rows = np.rint((sites.lat - 0.0) / 1e-6).astype(int)
        cases = list(CASES.values())
        minutes = np.array([(*cases[r][1], 1.0)[number] for r in rows])
        seconds = np.where(np.isinf(minutes), np.nan, minutes * 60)
        status = np.where(seconds <= budget_s, RoadStatus.within, RoadStatus.over_budget)
        status = np.where(np.isinf(minutes), RoadStatus.unreachable, status)
        return Drives(
            seconds[None], seconds[None] * 10.0, np.zeros((1, len(rows)), np.bool_),
            status[None].astype(np.int8), np.zeros(len(rows)),
        )  # fmt: skip

    def isochrone(self, lon: float, lat: float, minutes: float) -> Any:
        """Not needed."""
        raise NotImplementedError

    def road_area(self) -> Any:
        """Not needed."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Return a name."""
        return "table"


@pytest.fixture(scope="module")
def timed() -> Policy:
    """Return the policy."""
    return Policy.from_mapping(tomllib.loads(POLICY))


@pytest.fixture(scope="module")
def before(timed: Policy) -> Any:
    """Return the verdicts of a run: one site for each case, told apart by 0.1 m of latitude."""
    sites = pd.DataFrame(
        {
            "site_id": list(CASES),
            "country": "KE",
            "latitude": np.arange(len(CASES)) * 1e-6,
            "longitude": [case[0] for case in CASES.values()],
        }
    )
    return ca.assess(sites, CENTERS, timed, as_of="2026-12-01")


@pytest.fixture(scope="module")
def after(before: Any, timed: Policy) -> Any:
    """Return the verdicts after the drives are known."""
    return ca.drive_times(before, CENTERS, Table(), policy=timed)


def test_until_drives_are_known_nothing_is_promised(before: Any) -> None:
    """All that any road could reach is for review; the rest is certainly out."""
    row = before.set_index("site_id").loc["certainly out by the geodesic"]
    assert (row["status"], row["reason"]) == ("fallback", "beyond_radius")
    others = before[before["site_id"] != row.name]
    assert set(others["reason"]) == {"road_unchecked"}
    assert set(others["level"]) == {"Slow"}


@pytest.mark.parametrize("name", CASES)
def test_the_drive_decides(after: Any, name: str) -> None:
    """Level, status, reason, and the center that reaches the site first."""
    row = after.set_index("site_id").loc[name]
    assert tuple(row[["level", "status", "reason", "center_id"]]) == CASES[name][2:]
    assert row["status"] != "qualified" or row["margin_miles"] >= 0


def test_rechecked_twice_is_rechecked_once(after: Any, timed: Policy) -> None:
    """The second recheck starts from the result of the first."""
    again = ca.drive_times(after, CENTERS, Table(), policy=timed)
    columns = ["level", "status", "reason", "center_id", "distance_miles", "limit_miles"]
    pd.testing.assert_frame_equal(after[columns], again[columns])


def test_a_planned_center_promises_nothing_by_drive_time(timed: Policy) -> None:
    """Neither a day, as its drive is unknown, nor a level before it opens."""
    sites = pd.DataFrame(
        {"site_id": ["S"], "country": ["KE"], "latitude": [0.0], "longitude": [37.21]}
    )
    only = CENTERS[CENTERS["center_id"] == "PLANNED"]
    verdicts = ca.assess(sites, only, timed, as_of="2026-12-01")
    for looked in (verdicts, ca.drive_times(verdicts, only, Table(), policy=timed)):
        (row,) = looked.to_dict("records")
        assert (row["level"], row["status"], row["reason"]) == ("Slow", "review", "road_unchecked")
        assert pd.isna(row["available_on"])


def test_the_bound_is_certain() -> None:
    """A limit of an hour is 160 km along the geodesic, and a kilometre off the road at each end."""
    assert reach_of(60) == 162_000.0


def test_one_point_is_explained_in_minutes(timed: Policy) -> None:
    """The limit is a time, to which miles have no margin."""
    story = ca.explain(
        CENTERS, timed, latitude=0.0, longitude=37.1, country="KE", as_of="2026-12-01"
    )
    assert "limit     60 minutes of driving\n" in str(story)
    assert "within the limit" not in str(story).partition("center    ")[2].partition("\n")[0]
    assert story.to_dict()["limit_minutes"] == 60
    assert "Fast: up to 60 minutes of driving in all countries" in timed.described()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('metric = "drive_time"\nup_to_minutes', "up_to_minutes", "has one limit, up_to_miles or"),
        ("up_to_minutes = 60", "up_to_km = 60", "has one limit, up_to_minutes, not up_to_km"),
        ("above_minutes = 60", "above_minutes = 50", "50 to 90 minutes overlaps the previous band"),
        ("above_minutes = 60", "above_km = 60", "above_km does not fit up_to_minutes"),
        ("format = 2", "format = 1", "bands.0.up_to_minutes: needs format = 2."),
        ('level = "middle"', 'level = "fast"', "levels.1: no site can have 'middle'"),
    ],
)
def test_mistakes_in_drive_times(old: str, new: str, told: str) -> None:
    """The message names the key."""
    assert POLICY.count(old) == 1
    with pytest.raises(PolicyError) as error:
        Policy.from_mapping(tomllib.loads(POLICY.replace(old, new)))
    assert told in str(error.value)


def test_minutes_and_distances_of_one_country_do_not_mix() -> None:
    """A band in km behind one in minutes has no start."""
    band = 'metric = "drive_time"\nabove_minutes = 60\nup_to_minutes = 90'
    text = POLICY.replace(band, "above_km = 60\nup_to_km = 90")
    with pytest.raises(PolicyError, match="some are in minutes of driving, others in"):
        Policy.from_mapping(tomllib.loads(text))


ROOT: Final = Path(__file__).parents[2]


def test_a_run_folder_is_rechecked_in_minutes(tmp_path: Path) -> None:
    """From file to file, by the roads of the sample town: 1.8, 4.1, 20 and 24.5 minutes."""
    pytest.importorskip("osmnx")
    text = POLICY.replace("minutes = 60", "minutes = 4").replace("minutes = 90", "minutes = 22")
    (tmp_path / "drive.toml").write_text(text, encoding="utf-8")
    options = batch.Options(trust_declared=True, areas=False, map=False)
    folder, centers = tmp_path / "run", ROOT / "data" / "town_centers.csv"
    rules = tmp_path / "drive.toml"
    batch.run(ROOT / "data" / "town_sites.csv", centers, folder, policy=rules, options=options)
    drive(folder, ROOT / "data" / "town.osm", policy=rules)
    with (folder / "report.csv").open(encoding="utf-8", newline="") as file:
        found = {row["site_id"]: (row["level"], row["reason"]) for row in csv.DictReader(file)}
    assert found == {
        "near": ("Fast", "within_radius"),
        "south": ("Middle", "within_radius"),
        "ferry": ("Middle", "within_radius"),
        "east": ("Slow", "beyond_radius"),
        "island": ("Slow", "road_unreachable"),
        "field": ("Slow", "road_unchecked"),
    }


def test_the_summary_shows_the_distance_to_the_center_that_arrives_first(tmp_path: Path) -> None:
    """Not that to the nearest one, which the run named before: 28 miles, not 7."""
    places = CENTERS[CENTERS["opens_on"] == ""].drop(columns="opens_on")
    places.to_csv(tmp_path / "centers.csv", index=False)
    at = list(CASES).index("the nearest center is not the first to arrive")
    site = f"site_id,country,latitude,longitude\nS,KE,{at * 1e-6:.6f},37.1\n"
    (tmp_path / "sites.csv").write_text(site, encoding="utf-8")
    (tmp_path / "drive.toml").write_text(POLICY, encoding="utf-8")
    folder, rules = tmp_path / "run", tmp_path / "drive.toml"
    options = batch.Options(areas=False, map=False)
    day = "2026-12-01"
    files = tmp_path / "sites.csv", tmp_path / "centers.csv", folder
    batch.run(*files, policy=rules, as_of=day, options=options)
    pages = []
    for _ in range(2):
        drive(folder, Table(), policy=rules)
        pages.append((folder / "summary.html").read_text(encoding="utf-8"))
    assert "Sites by distance, from 20 miles: 1 site" in pages[0]
    assert pages[1] == pages[0]

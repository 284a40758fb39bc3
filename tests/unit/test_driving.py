"""Promises looked at by road: a run's folder, frames, the verb, and policies that count by road."""

import csv
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import CliRunner
from roads import TOWN

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._drive_times import drive
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.batch.letter_job import LetterOptions, open_letter_job
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, PolicyError, PublishError
from coverage_analyzer.files.find_site import found_sites
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.run_folder import publishing
from coverage_analyzer.maps import page
from coverage_analyzer.policy import Policy
from coverage_analyzer.roads import recheck
from coverage_analyzer.roads.engine import Drives, Places, RoadStatus
from coverage_analyzer.roads.needed_drives import DriveOptions
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.verdict import Reason, Status

CENTERS = """\
center_id,name,country,latitude,longitude
TOWN,Town,LI,47.12,9.52
"""

SITES = """\
site_id,name,country,latitude,longitude
near,=Near,LI,47.12,9.51
ferry,East,LI,47.12,9.60
island,North,LI,47.20,9.51
field,Field,LI,47.06,9.50
away,Away,LI,46.70,9.50
far,Far,LI,45.0,9.50
other,Elsewhere,FR,48.85,2.35
"""

ROAD_POLICY = """\
format = 1
name = "by-road"
title = "By road"
[source]
title = "a test"
address = "nowhere"
[[levels]]
id = "best"
title = "Best"
[[levels]]
id = "good"
title = "Good"
[[levels]]
id = "none"
title = "None"
[qualification]
same_country = true
fallback = "none"
interim = "none"
fallback_clause = "all"
[[bands]]
level = "best"
countries = ["*"]
metric = "road"
up_to_miles = 4.5
clause = "all"
[[bands]]
level = "good"
countries = ["*"]
metric = "road"
above_miles = 4.5
up_to_miles = 7
clause = "all"
[clauses]
all = "All."
"""


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep networks of tests where tests are."""
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", str(tmp_path_factory.getbasetemp() / "roads"))


def judged(folder: Path, *, sites: str = SITES, policy: Any = None, **options: Any) -> Path:
    """Run over the sites of the town; return the run's folder."""
    (folder / "sites.csv").write_text(sites, encoding="utf-8")
    (folder / "centers.csv").write_text(CENTERS, encoding="utf-8")
    batch.run(
        folder / "sites.csv",
        folder / "centers.csv",
        folder / "out",
        policy=policy or "appliance-maintenance",
        as_of="2026-12-01",
        options=batch.Options(trust_declared=True, **options),
    )
    return folder / "out"


def rows(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a CSV by their id."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["site_id"]: row for row in csv.DictReader(file)}


def held(folder: Path) -> dict[str, bytes]:
    """Return all that a folder holds."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def verdict(row: dict[str, str]) -> tuple[str, str, str]:
    """Return what a look at roads can change."""
    return row["level"], row["status"], row["reason"]


def test_promises_are_looked_at_by_road(tmp_path: Path) -> None:
    """What takes too long or cannot be reached goes to review; what is not known stays."""
    folder = judged(tmp_path)
    before = rows(folder / "report.csv")
    drive(folder, TOWN, minutes=15)
    after, text = rows(folder / "report.csv"), rows(folder / "drive_times.csv")
    assert {site: row["status"] for site, row in text.items()} == {
        "near": "within",
        "ferry": "over_budget",
        "island": "unreachable",
        "field": "unsnapped",
        "away": "outside_network",
        "far": "not_measured",
    }
    assert tuple(next(iter(text.values()))) == columns.DRIVE_TIMES
    assert verdict(after["near"]) == ("Gold Plus", "qualified", "within_radius")
    assert verdict(after["ferry"]) == ("Gold", "review", "road_over_budget")
    assert verdict(after["island"]) == ("Gold", "review", "road_unreachable")
    assert all(after[site] == before[site] for site in ("near", "field", "away", "far", "other"))
    assert text["ferry"]["minutes"] == "20.0"
    assert text["ferry"]["ferry"] == "yes"
    assert text["near"]["ferry"] == "no"
    miles, along = float(before["near"]["distance_miles"]), float(text["near"]["road_miles"])
    assert float(text["near"]["detour_factor"]) == pytest.approx(along / miles, abs=0.005)
    assert text["island"]["minutes"] == text["island"]["ferry"] == ""


def test_the_folder_agrees_with_itself_afterwards(tmp_path: Path) -> None:
    """Summary, counts and files of run.json are those of the new report; a manual review needed."""
    folder = judged(tmp_path)
    text = drive(folder, TOWN, minutes=15)
    report = rows(folder / "report.csv")
    assert text == json.loads((folder / "run.json").read_text("utf-8"))
    assert set(text["files"]) == {path.name for path in folder.iterdir()}
    for what in ("level", "status", "reason"):
        counted: dict[str, int] = {}
        for row in report.values():
            counted[row[what]] = counted.get(row[what], 0) + 1
        assert text["counts"][what] == counted
    with (folder / "summary.csv").open(encoding="utf-8") as file:
        assert sum(int(row["sites"]) for row in csv.DictReader(file)) == len(report)
    assert text["counts"]["rejects"] == {}
    assert any("manual review needed" in words for words in text["warnings"])
    assert text["roads"]["minutes"] == 15
    assert text["roads"]["status"]["within"] == 1


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx", "geojson", "geoparquet", "gpkg"])
def test_twice_is_as_good_as_once(tmp_path: Path, kind: Any) -> None:
    """The same bytes; and with all the time in the world only what has no road stays in doubt."""
    folder = judged(tmp_path, format=kind)
    drive(folder, TOWN, minutes=15)
    once = held(folder)
    drive(folder, TOWN, minutes=15)
    assert held(folder) == once
    drive(folder, TOWN, minutes=100)
    reviewed = json.loads((folder / "run.json").read_text("utf-8"))["counts"]["reason"]
    assert "road_over_budget" not in reviewed
    assert reviewed["road_unreachable"] == 1


def test_no_cell_changes_but_what_roads_say(tmp_path: Path) -> None:
    """A look in which all is in time leaves the report's bytes as they were, guards and all."""
    sites = SITES.replace("island,North,LI,47.20,9.51\n", "")
    folder = judged(tmp_path, sites=sites)
    before = (folder / "report.csv").read_bytes()
    drive(folder, TOWN)
    assert (folder / "report.csv").read_bytes() == before
    assert b"'=Near" in before


def test_types_of_parquet_stay(tmp_path: Path) -> None:
    """The schema of the report is that of the run."""
    folder = judged(tmp_path, format="parquet")
    before = pq.read_schema(folder / "report.parquet")
    drive(folder, TOWN, minutes=15)
    assert pq.read_schema(folder / "report.parquet").types == before.types


def test_a_workbook_whose_coordinates_have_commas(tmp_path: Path) -> None:
    """The numbers of its report are numbers, for roads and on the map."""
    sites = SITES.replace(",", ";").replace(".", ",")
    folder = judged(tmp_path, sites=sites, format="xlsx", dialect=Dialect(decimal=","))
    drive(folder, TOWN, minutes=15)
    once = held(folder)
    manifest = json.loads(once["run.json"])["counts"]["reason"]
    assert manifest["road_over_budget"] == manifest["road_unreachable"] == 1
    assert str(page.page(redrawn(folder))).encode() == once["map.html"]
    plain = judged(tmp_path, sites=sites, dialect=Dialect(decimal=","))
    drive(plain, TOWN, minutes=15)
    assert (plain / "map.html").read_bytes() == once["map.html"]


def test_no_promise_rises(tmp_path: Path) -> None:
    """Whatever the budget: what was not qualified before is not qualified after."""
    folder = judged(tmp_path)
    before = rows(folder / "report.csv")
    for minutes in (1.0, 15.0, 1000.0):
        drive(folder, TOWN, minutes=minutes)
        for site, row in rows(folder / "report.csv").items():
            assert row["status"] != "qualified" or before[site]["status"] == "qualified"


def test_a_failure_leaves_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole or not at all."""
    folder = judged(tmp_path)
    before = held(folder)

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing, "to_disk", full)
    with pytest.raises(PublishError, match="No space left"):
        drive(folder, TOWN, minutes=15)
    monkeypatch.undo()
    assert held(folder) == before


def test_a_new_run_takes_the_drive_times_away(tmp_path: Path) -> None:
    """They were of another report."""
    folder = judged(tmp_path)
    drive(folder, TOWN, minutes=15)
    judged(tmp_path)
    assert not (folder / "drive_times.csv").exists()


def test_the_map_shows_what_the_report_says(tmp_path: Path) -> None:
    """It is drawn again; without a map none is made."""
    folder = judged(tmp_path)
    before = (folder / "map.html").read_bytes()
    drive(folder, TOWN, minutes=15)
    assert (folder / "map.html").read_bytes() != before
    shutil.rmtree(folder)
    folder = judged(tmp_path, map=False, areas=False)
    assert "map.html" not in drive(folder, TOWN)["files"]


def test_what_the_road_cannot_serve_is_a_layer_of_the_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And stays one when the map is made again from the folder; a center off the map has none."""
    shown = []
    original = page.page
    monkeypatch.setattr(page, "page", lambda data: shown.append(data.meta) or original(data))
    (tmp_path / "network.csv").write_text(CENTERS + "OFF,Off,FR,48.8,2.3\n", encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.CENTERS", (tmp_path / "network.csv").read_text())
    folder = judged(tmp_path)
    drive(folder, TOWN, minutes=15)
    again = redrawn(folder).meta
    assert again["minutes"] == shown[1]["minutes"] == 15
    names = [center["id"] for center in again["centers"]]
    for text in (again, shown[1]):
        assert [names[area["center"]] for area in text["unserved"]] == ["TOWN"]
    assert shown[0]["unserved"] == []
    features = gpd.read_file(folder / "service_areas.geojson")
    assert features["kind"].tolist() == ["served", "unserved", "no_road_data", "no_road_data"]
    assert features.geometry.is_valid.all()
    assert features.geometry.iloc[0].contains(shapely.Point(9.51, 47.11))
    assert not features.geometry.iloc[1].contains(shapely.Point(9.51, 47.11))


def test_a_folder_or_policy_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    """With what to do, and nothing changed."""
    with pytest.raises(InputError, match="is not a run folder"):
        drive(tmp_path, TOWN)
    path = tmp_path / "own.toml"
    path.write_text(ROAD_POLICY, encoding="utf-8")
    folder = judged(tmp_path, policy=path)
    with pytest.raises(PolicyError, match="not built in"):
        drive(folder, TOWN)
    with pytest.raises(PolicyError, match="different version or policy"):
        drive(folder, TOWN, policy="appliance-maintenance")
    with pytest.raises(InputError, match="not a drive-time limit"):
        drive(folder, TOWN, minutes=0)


def test_a_report_of_spark_is_refused_before_the_work(tmp_path: Path) -> None:
    """It is a folder of parts; roads are not even opened."""
    folder = judged(tmp_path)
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps(manifest | {"engine": "spark"}))
    with pytest.raises(InputError, match="used Spark"):
        drive(folder, tmp_path / "no.osm")


def test_by_road_miles_by_road_decide(tmp_path: Path) -> None:
    """The geodesic tells who is beyond; within it nothing is promised before a look at roads."""
    path = tmp_path / "own.toml"
    path.write_text(ROAD_POLICY, encoding="utf-8")
    folder = judged(tmp_path, policy=path)
    before = rows(folder / "report.csv")
    assert verdict(before["near"]) == ("None", "review", "road_unchecked")
    assert verdict(before["far"]) == ("None", "fallback", "beyond_radius")
    drive(folder, TOWN, minutes=60, policy=path)
    after = rows(folder / "report.csv")
    assert verdict(after["near"]) == ("Best", "qualified", "within_radius")
    # 3.8 miles as the crow flies, and by the ferry, too.
    assert verdict(after["ferry"]) == ("Best", "qualified", "within_radius")
    assert verdict(after["island"]) == ("None", "review", "road_unreachable")
    assert verdict(after["field"]) == ("None", "review", "road_unchecked")
    assert verdict(after["far"]) == ("None", "fallback", "beyond_radius")
    once = held(folder)
    drive(folder, TOWN, minutes=60, policy=path)
    assert held(folder) == once


@pytest.mark.parametrize(
    ("miles", "road", "in_reach", "expected"),
    [
        (4.5, RoadStatus.within, 1, (0, Status.qualified, Reason.within_radius)),
        (4.6, RoadStatus.within, 1, (1, Status.qualified, Reason.within_radius)),
        (7.1, RoadStatus.within, 1, (2, Status.fallback, Reason.beyond_radius)),
        (7.1, RoadStatus.over_budget, 1, (2, Status.fallback, Reason.beyond_radius)),
        (7.1, RoadStatus.within, 2, (2, Status.review, Reason.road_unchecked)),
        (4.0, RoadStatus.over_budget, 1, (2, Status.review, Reason.road_over_budget)),
        (np.nan, RoadStatus.unreachable, 1, (2, Status.review, Reason.road_unreachable)),
        (np.nan, RoadStatus.unsnapped, 1, (2, Status.review, Reason.road_unchecked)),
    ],
)
def test_rulings_by_road(
    tmp_path: Path, miles: float, road: RoadStatus, in_reach: int, expected: tuple[int, int, int]
) -> None:
    """A band further out by road is a lower level; and from any ruling the next comes out alike."""
    path = tmp_path / "own.toml"
    path.write_text(ROAD_POLICY, encoding="utf-8")
    policy = Policy.load(path)
    first = recheck.VerdictRows(
        level=np.array([2], np.int8),
        status=np.array([Status.review], np.int8),
        reason=np.array([Reason.road_unchecked], np.int8),
        country=np.array(["LI"], object),
        limit_miles=np.array([4.5]),
        margin_miles=np.array([0.5]),
        in_reach=np.array([float(in_reach)]),
    )
    result = np.array([road], np.int8), np.array([miles])
    second = recheck.apply_drive_times(first, policy, *result)
    assert (second.level[0], second.status[0], second.reason[0]) == expected
    third = recheck.apply_drive_times(second, policy, *result)
    assert all(np.array_equal(v, getattr(third, n)) for n, v in vars(second).items())
    back = recheck.apply_drive_times(
        second, policy, np.array([RoadStatus.unsnapped], np.int8), np.array([np.nan])
    )
    assert all(np.array_equal(v, getattr(back, n)) for n, v in vars(first).items())


def test_roads_give_no_level_that_is_not_offered(tmp_path: Path) -> None:
    """A band further out by road is of no use where its level is not offered."""
    path = tmp_path / "road.toml"
    missing = '[[gates.not_offered]]\nlevel = "good"\ncountries = ["LI"]\nclause = "all"\n[clauses]'
    path.write_text(ROAD_POLICY.replace("[clauses]", missing), encoding="utf-8")
    first = recheck.VerdictRows(
        level=np.array([2, 2], np.int8),
        status=np.array([Status.review] * 2, np.int8),
        reason=np.array([Reason.road_unchecked] * 2, np.int8),
        country=np.array(["LI", "AT"], object),
        limit_miles=np.array([4.5, 4.5]),
        margin_miles=np.array([0.5, 0.5]),
        in_reach=np.array([1.0, 1.0]),
    )
    within = np.array([RoadStatus.within] * 2, np.int8)
    policy = Policy.load(path)
    after = recheck.apply_drive_times(first, policy, within, np.array([4.6, 4.6]))
    assert after.level.tolist() == [2, 1]
    assert after.status.tolist() == [Status.fallback, Status.qualified]
    again = recheck.apply_drive_times(after, policy, within, np.array([4.6, 4.6]))
    assert all(np.array_equal(v, getattr(again, n)) for n, v in vars(after).items())


def test_the_third_policy_waits_for_roads(tmp_path: Path) -> None:
    """150 miles by road where it is sold, and nowhere else."""
    sites = "site_id,country,latitude,longitude\nde,DE,48.0,11.0\njp,JP,48.0,11.0\nus,US,40,-75\n"
    (tmp_path / "c.csv").write_text("center_id,latitude,longitude,country\nM,48.1,11.5,DE\n")
    (tmp_path / "s.csv").write_text(sites)
    folder = tmp_path / "out"
    options = batch.Options(trust_declared=True)
    batch.run(
        tmp_path / "s.csv",
        tmp_path / "c.csv",
        folder,
        policy="watchguard-premium-rma",
        options=options,
    )
    result = {site: row["reason"] for site, row in rows(folder / "report.csv").items()}
    assert result == {"de": "road_unchecked", "jp": "not_offered_in_country", "us": "beyond_radius"}


@pytest.fixture
def frames() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Give verdicts and centers of the town."""
    from io import StringIO

    sites, centers = (
        pd.read_csv(StringIO(text), keep_default_na=False) for text in (SITES, CENTERS)
    )
    verdicts = ca.assess(
        sites.set_index("site_id", drop=False), centers, as_of="2026-12-01", trust_declared=True
    )
    return verdicts, centers


def test_frames_say_what_folders_say(
    tmp_path: Path, frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]
) -> None:
    """The same verdicts and times, the input unchanged; and the result can be written."""
    verdicts, centers = frames
    kept = verdicts.copy(deep=True)
    looked = ca.drive_times(verdicts, centers, TOWN, minutes=15)
    pd.testing.assert_frame_equal(verdicts, kept)
    folder = judged(tmp_path)
    drive(folder, TOWN, minutes=15)
    report, text = rows(folder / "report.csv"), rows(folder / "drive_times.csv")
    for site, row in looked.iterrows():
        assert (row["level"], row["status"], row["reason"]) == verdict(report[str(site)])
        if site in text:
            assert row["road_status"] == text[str(site)]["status"]
            if text[str(site)]["minutes"]:
                assert row["minutes"] == pytest.approx(float(text[str(site)]["minutes"]), abs=0.051)
        else:
            assert pd.isna(row["road_status"])
    ca.write_report(looked, tmp_path / "notebook", centers=centers)
    assert rows(tmp_path / "notebook" / "report.csv")["island"]["status"] == "review"


def test_service_areas_and_what_they_leave(
    frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
) -> None:
    """One row a center and time; what is left of a coverage area and what is served make it up."""
    _, centers = frames
    served = ca.service_areas(centers, TOWN, minutes=[5, 30])
    assert served["minutes"].tolist() == [5.0, 30.0]
    assert served.geometry.is_valid.all()
    assert served.geometry.iloc[1].contains(shapely.Point(9.60, 47.12))
    assert not served.geometry.iloc[0].contains(shapely.Point(9.60, 47.12))
    covered = ca.coverage_areas(centers, trust_declared=True)
    subset = served[served["minutes"] == 30]
    left = ca.unserved_areas(covered, subset)
    assert left["minutes"].tolist() == [30.0, 30.0]
    assert left["kind"].tolist() == ["unserved", "no_road_data"]
    both = (
        shapely.area(left.geometry.to_numpy()).sum()
        + shapely.intersection(covered.geometry.iloc[0], subset.geometry.iloc[0]).area
    )
    assert both == pytest.approx(covered.geometry.iloc[0].area, rel=1e-7)
    assert 0 < left["area_km2"].iloc[0] < covered["area_km2"].iloc[0]
    with pytest.raises(InputError, match="several times"):
        ca.unserved_areas(covered, served)
    with pytest.raises(InputError, match="not a drive-time limit"):
        ca.service_areas(centers, TOWN, minutes=-1)


def test_the_verb_tells_what_it_did(tmp_path: Path) -> None:
    """Warnings, counts, and the ledger as the last line; JSON on standard output."""
    folder = judged(tmp_path)
    arguments = ["drive-times", str(folder), "--osm", str(TOWN), "--minutes", "15", "--json"]
    done = CliRunner().invoke(program, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["roads"]["status"]["over_budget"] == 1
    lines = done.stderr.splitlines()
    assert lines[-1] == "read 7 = decided 7 + rejected 0 + blank 0"
    assert "manual review needed" in done.stderr
    assert "1 over_budget, 1 unreachable, 1 unsnapped, 1 within" in done.stderr


def test_rows_in_a_database_are_told_to_be_old(tmp_path: Path) -> None:
    """Nothing is written there, which is said."""
    folder = judged(tmp_path)
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps(manifest | {"table": "sqlite:///x.db#t"}))
    text = drive(folder, TOWN)
    assert any("sqlite:///x.db#t are unchanged" in words for words in text["warnings"])


def test_a_gate_holds_whatever_the_road_says(tmp_path: Path) -> None:
    """Where miles by road decide, a site that bought less waits for no road, before or after."""
    path = tmp_path / "road.toml"
    gate = '[gates.request]\nclause = "all"\n[clauses]'
    path.write_text(ROAD_POLICY.replace("[clauses]", gate), encoding="utf-8")
    header, *lines = SITES.strip().splitlines()
    calls = "\n".join([f"{header},requested_level", *(f"{line},None" for line in lines)])
    folder = judged(tmp_path, sites=calls + "\n", policy=path)
    before = {site: verdict(row) for site, row in rows(folder / "report.csv").items()}
    assert before["near"] == ("None", "fallback", "level_not_requested")
    drive(folder, TOWN, policy=path, minutes=60)
    assert {site: verdict(row) for site, row in rows(folder / "report.csv").items()} == before


def test_roads_give_no_better_level_than_was_bought(tmp_path: Path) -> None:
    """Who bought the level of the further band has that one, however short the road is."""
    path = tmp_path / "road.toml"
    gate = '[gates.request]\nclause = "all"\n[clauses]'
    path.write_text(ROAD_POLICY.replace("[clauses]", gate), encoding="utf-8")
    header, near, *_ = SITES.strip().splitlines()
    text = f"{header},requested_level\n{near},Good\n"
    folder = judged(tmp_path, sites=text, policy=path)
    assert verdict(rows(folder / "report.csv")["near"]) == ("None", "review", "road_unchecked")
    drive(folder, TOWN, policy=path, minutes=60)
    assert verdict(rows(folder / "report.csv")["near"]) == ("Good", "qualified", "within_radius")


def test_the_next_center_is_asked_if_the_named_one_cannot_be_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site stays qualified, the verdict keeps its center, and the drive names the other one."""
    trap = "TRAP,End of a one-way road,LI,47.10,9.5335\n"
    monkeypatch.setattr(f"{__name__}.CENTERS", CENTERS + trap)
    header = "site_id,name,country,latitude,longitude\n"
    sites = header + "mill,Mill,LI,47.10,9.52\nisland,North,LI,47.20,9.51\n"
    folder = judged(tmp_path, sites=sites)
    before = rows(folder / "report.csv")
    assert before["mill"]["center_id"] == "TRAP"
    manifest = drive(folder, TOWN, minutes=15, options=DriveOptions(minutes_factor=1.5))
    drives = rows(folder / "drive_times.csv")
    assert rows(folder / "report.csv")["mill"] == before["mill"]
    assert drives["mill"]["status"] == "within"
    assert (drives["mill"]["center_id"], drives["mill"]["drive_center_id"]) == ("TRAP", "TOWN")
    assert drives["island"]["status"] == "unreachable"
    assert drives["island"]["drive_center_id"] == drives["island"]["center_id"]
    assert manifest["roads"]["from_other_centers"] == 1
    assert manifest["roads"]["minutes_factor"] == 1.5
    assert any("from another center in reach" in words for words in manifest["warnings"])


class ByCenter:
    """A road engine that knows the minutes from each center by its longitude."""

    def __init__(self, minutes: dict[float, float]) -> None:
        self.minutes = minutes
        self.asked: list[float] = []

    def matrix(self, centers: Places, sites: Places, budget_s: float) -> Drives:
        """Return the same drive from a center to each site."""
        lon = float(centers.lon[0])
        self.asked.append(lon)
        seconds = np.full((1, len(sites.lon)), self.minutes[lon] * 60)
        status = np.where(seconds <= budget_s, RoadStatus.within, RoadStatus.over_budget)
        status[np.isinf(seconds)] = RoadStatus.unreachable
        seconds[np.isinf(seconds)] = np.nan
        none = np.zeros(seconds.shape, np.bool_)
        return Drives(seconds, seconds, none, status.astype(np.int8), np.zeros(len(sites.lon)))

    def fingerprint(self) -> str:
        """Return a name."""
        return "by center"


LEVELS_WITH_A_CLOCK = [
    {"id": "best", "title": "Best", "replacement": {
        "start": "authorised", "end": "delivered", "amount": 4, "unit": "hours", "clause": "all"}},
    {"id": "good", "title": "Good"},
    {"id": "none", "title": "None"},
]  # fmt: skip

NEAREST, BESIDE, NEXT, FARTHER, FAR = 37.0, 37.1, 37.2, 37.3, 38.5


@pytest.mark.parametrize(
    ("minutes", "factor", "status", "center", "asked"),
    [
        ({NEAREST: 100.0}, 1.0, "within", "NEAREST", [NEAREST]),
        ({NEAREST: 300.0, NEXT: 240.0}, 1.0, "within", "NEXT", [NEAREST, NEXT]),
        ({NEAREST: 300.0, NEXT: 241.0, FARTHER: 9.0}, 1.0, "within", "FARTHER",
         [NEAREST, NEXT, FARTHER]),
        ({NEAREST: 300.0, NEXT: 241.0, FARTHER: 999.0}, 1.0, "over_budget", "NEAREST",
         [NEAREST, NEXT, FARTHER]),
        ({NEAREST: 200.0, NEXT: 150.0}, 1.2, "within", "NEAREST", [NEAREST]),
        ({NEAREST: 200.0, NEXT: 150.0}, 1.25, "within", "NEXT", [NEAREST, NEXT]),
    ],
)  # fmt: skip
def test_only_open_centers_of_its_country_in_reach_are_asked(
    minutes: dict[float, float], factor: float, status: str, center: str, asked: list[float]
) -> None:
    """The nearest first; not one abroad, not one that is planned, not one beyond the limit."""
    centers = pd.DataFrame(
        {
            "center_id": ["FAR", "ABROAD", "PLANNED", "FARTHER", "NEXT", "NEAREST"],
            "country": ["KE", "UG", "KE", "KE", "KE", "KE"],
            "latitude": 0.0,
            "longitude": [FAR, 37.06, 37.15, FARTHER, NEXT, NEAREST],
            "opens_on": ["", "", "2027-06-01", "", "", ""],
        }
    )
    sites = pd.DataFrame(
        {"site_id": ["a"], "country": ["KE"], "latitude": [0.0], "longitude": [37.05]}
    )
    verdicts = ca.assess(sites, centers, as_of="2026-12-01", trust_declared=True)
    engine = ByCenter(minutes)
    found = ca.drive_times(verdicts, centers, engine, minutes_factor=factor).iloc[0]
    assert engine.asked == asked
    assert (found["road_status"], found["drive_center_id"]) == (status, center)
    assert found["center_id"] == "NEAREST"
    assert found["status"] == ("qualified" if status == "within" else "review")
    used = {"NEAREST": NEAREST, "NEXT": NEXT, "FARTHER": FARTHER}[center]
    assert found["minutes"] == pytest.approx(minutes[used] * factor)


def test_a_level_without_a_clock_needs_a_road_from_any_center_in_reach() -> None:
    """The nearest center has none: another one keeps the promise; the longest drive is as good."""
    centers = pd.DataFrame(
        {
            "center_id": ["NEAREST", "NEXT"],
            "country": "KE",
            "latitude": 0.0,
            "longitude": [NEAREST, BESIDE],
        }
    )
    sites = pd.DataFrame(
        {"site_id": ["a"], "country": ["KE"], "latitude": [0.0], "longitude": [37.05]}
    )
    policy = Policy.from_mapping(
        tomllib.loads(ROAD_POLICY.replace('metric = "road"\n', "").replace("4.5", "1"))
        | {"levels": LEVELS_WITH_A_CLOCK}
    )
    verdicts = ca.assess(sites, centers, policy=policy, as_of="2026-12-01", trust_declared=True)
    assert verdicts.loc[0, "level"] == "Good"
    for minutes, used, status in ((9_999.0, "NEXT", "qualified"), (np.inf, "NEAREST", "review")):
        engine = ByCenter({NEAREST: np.inf, BESIDE: minutes})
        found = ca.drive_times(verdicts, centers, engine, policy=policy).iloc[0]
        assert (found["drive_center_id"], found["status"]) == (used, status)
        assert np.isnan(found["limit_minutes"])


def test_a_drive_that_changes_nothing_is_measured_on_request_only(
    frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
) -> None:
    """A site beyond the limit has none, unless all sites are measured; the verdicts are equal."""
    verdicts, centers = frames
    few, many = (ca.drive_times(verdicts, centers, TOWN, all_sites=all_) for all_ in (False, True))
    assert few.loc["far", "road_status"] == "not_measured"
    assert many.loc["far", "road_status"] == "outside_network"
    assert few["status"].tolist() == many["status"].tolist()
    assert few.attrs["drive_time_limits"]["all_sites"] is False


@pytest.mark.parametrize("option", [{"minutes_factor": 0}, {"minutes_factor": "2"},
                                    {"minutes_factor": float("nan")}, {"processes": 0},
                                    {"processes": 1.5}])  # fmt: skip
def test_options_that_are_not_numbers_in_range_are_refused(
    frames: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame], option: dict[str, Any]
) -> None:
    """Before roads are read."""
    with pytest.raises(InputError, match=r"is not a (factor|number)"):
        ca.drive_times(*frames, TOWN, **option)


def test_a_site_four_kilometres_from_any_road_is_told_so(tmp_path: Path) -> None:
    """With its distance, and not with advice to take a larger extract."""
    folder = judged(tmp_path)
    words = " ".join(drive(folder, TOWN, minutes=15)["warnings"])
    assert "the nearest road of the map is more than 1,000 m away (field: 4,447 m)" in words


def test_a_letter_on_a_report_promises_nothing_that_roads_took_back(tmp_path: Path) -> None:
    """Assessed by distance again, such a site would be promised what its report calls in doubt."""
    folder = judged(tmp_path)
    drive(folder, TOWN, minutes=15)
    job = open_letter_job(
        folder / "report.csv",
        folder / "centers.csv",
        policy="appliance-maintenance",
        as_of="2026-12-01",
        options=LetterOptions(trust_declared=True),
    )
    sites = [site for block in job.table.rows() for site in found_sites(job.table, block)]
    letters = {site.site_id: job.letter(site) for site in sites}
    found = {name: (letter.story.status, letter.story.reason) for name, letter in letters.items()}
    report = rows(folder / "report.csv")
    assert found == {name: verdict(row)[1:] for name, row in report.items()}
    assert found["ferry"] == ("review", "road_over_budget")
    assert "within 4 hours" in letters["near"].page
    assert "within 4 hours" not in letters["ferry"].page

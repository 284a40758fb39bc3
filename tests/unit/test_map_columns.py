"""Own columns on the map: only those that are asked for, by their headers, through every way."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._drive_times import drive
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError
from coverage_analyzer.maps.page_data import Payload

DATA = Path(__file__).parents[2] / "data"
CENTERS = "center_id,country,latitude,longitude\nKC,US,39.0997,-94.5786\n"
SITES = (
    'site_id,country,latitude,longitude,segment,"a, b",status\n'
    "A,US,39.2,-94.5,gold,x,mine\nB,US,39.8,-94.6,,y,yours\n"
)


def page_of(folder: Path, **options: object) -> Path:
    """Run over two sites, and return the run's folder."""
    (folder / "s.csv").write_text(SITES, encoding="utf-8")
    (folder / "c.csv").write_text(CENTERS, encoding="utf-8")
    chosen = batch.Options(areas=False, **options)  # type: ignore[arg-type]
    places = folder / "s.csv", folder / "c.csv"
    batch.run(*places, folder / "out", as_of="2026-12-01", options=chosen)
    return folder / "out"


def shown(data: Payload) -> tuple[list[str], list[str]]:
    """Return the own columns that a payload names, and those that it holds."""
    return data.meta["own_columns"], [
        spec["name"] for spec in data.meta["texts"] if spec["name"] not in {"id", "name"}
    ]


def test_by_default_there_are_none(tmp_path: Path) -> None:
    """A map is sent on: what is not asked for is not in it."""
    assert shown(redrawn(page_of(tmp_path))) == ([], [])


def test_those_asked_for_are_kept_when_the_map_is_made_again(tmp_path: Path) -> None:
    """A column named like one of the verdict is that of the input; another choice replaces it."""
    folder = page_of(tmp_path, map_columns=["segment", "a, b", "status"])
    again = redrawn(folder)
    assert shown(again) == (["segment", "a, b", "status"], ["own_0", "own_1", "own_2"])
    assert shown(redrawn(folder, columns="")) == ([], [])
    assert shown(redrawn(folder, columns="segment")) == (["segment"], ["own_0"])


def test_ids_of_centers_that_begin_or_end_with_odd_spaces_are_found_again(tmp_path: Path) -> None:
    """A folder's centers have the ids of the run, whatever else Python takes for a space."""
    sites, centers = tmp_path / "s.csv", tmp_path / "c.csv"
    ids = ["\u2028line", "next\x85", "\x1fUNIT", "\u3000wide", "plain"]
    sites.write_text(SITES, encoding="utf-8")
    rows = "".join(f"{i},US,39.2,-94.5\n" for i in ids)
    centers.write_text(f"center_id,country,latitude,longitude\n{rows}", encoding="utf-8")
    batch.run(sites, centers, tmp_path / "out", as_of="2026-12-01")
    data = redrawn(tmp_path / "out")
    assert len({center["id"] for center in data.meta["centers"]}) == len(ids)


def test_a_column_that_is_not_there_is_named_with_a_like_one(tmp_path: Path) -> None:
    """Before anything is written; on the command line, too."""
    with pytest.raises(InputError, match=r"'segmnt' .*--map-columns.* Did you mean 'segment'"):
        page_of(tmp_path, map_columns="segmnt")
    assert not (tmp_path / "out").exists()
    folder = page_of(tmp_path)
    ended = CliRunner().invoke(program, ["map", str(folder), "--map-columns", "segmnt"])
    assert isinstance(ended.exception, InputError)
    assert "Did you mean 'segment'" in str(ended.exception)


def test_a_frame_shows_its_columns() -> None:
    """Of any type, as text; a verdict's column is no own one."""
    site = {"site_id": "A", "country": "US", "latitude": 39.2, "longitude": -94.5, "n": 1.5}
    center = {"center_id": "KC", "country": "US", "latitude": 39.0997, "longitude": -94.5786}
    verdicts = ca.assess(pd.DataFrame([site]), pd.DataFrame([center]), as_of="2026-12-01")
    page = ca.coverage_map(verdicts, pd.DataFrame([center]), columns=["n"])
    assert shown(page._data) == (["n"], ["own_0"])
    with pytest.raises(InputError, match="no own column 'status'"):
        ca.coverage_map(verdicts, pd.DataFrame([center]), columns=["status"])


def test_drives_stay_on_the_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made again, it has the same drives; those of another report are refused."""
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", str(tmp_path / "cache"))
    options = batch.Options(trust_declared=True, map_columns="name")
    sites, centers, out = DATA / "town_sites.csv", DATA / "town_centers.csv", tmp_path / "out"
    batch.run(sites, centers, out, as_of="2026-12-01", options=options)
    drive(out, DATA / "town.osm", minutes=5)
    assert shown(redrawn(out)) == (["name"], ["own_0", "minutes", "road_miles"])
    path = out / "drive_times.csv"
    path.write_text(path.read_text("utf-8").replace("south", "north"), encoding="utf-8")
    with pytest.raises(InputError, match=r"about other sites than the report. Run drive-times"):
        redrawn(out)

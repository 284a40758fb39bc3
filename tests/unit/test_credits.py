"""Files that are made of OpenStreetMap's data say so themselves, and stay what they are."""

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow.parquet as pq
import pyogrio
import pytest
from click.testing import CliRunner
from roads import TOWN
from running import AS_OF, centers_file, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch, countries
from coverage_analyzer.cli.main import program
from coverage_analyzer.files.writers import areas
from coverage_analyzer.roads import network

BORDERS = "Borders © OpenStreetMap contributors (ODbL)"
ROADS = "Roads © OpenStreetMap contributors (ODbL)"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep networks of tests where tests are."""
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", str(tmp_path_factory.getbasetemp() / "roads"))


def collection(path: Path) -> dict[str, Any]:
    """Return a GeoJSON file that is one collection of features by RFC 7946."""
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert set(data) == {"type", "attribution", "features"}
    assert data["type"] == "FeatureCollection"
    for feature in data["features"]:
        assert set(feature) == {"type", "properties", "geometry"}
    assert len(gpd.read_file(path)) == len(data["features"])
    return data


@pytest.mark.parametrize("name", ["areas.geojson", "areas.gpkg", "areas.parquet"])
@pytest.mark.parametrize("merge", [[], ["--merge", "union"]])
def test_areas_carry_their_credit(tmp_path: Path, name: str, merge: list[str]) -> None:
    """Where each format has a place for it; each is still read by GDAL or geopandas."""
    path, centers = tmp_path / name, centers_file(tmp_path)
    arguments = ["areas", str(centers), "-o", str(path), "--as-of", AS_OF, *merge]
    assert CliRunner().invoke(program, arguments, catch_exceptions=False).exit_code == 0
    assert BORDERS.encode() in path.read_bytes()
    if path.suffix == ".geojson":
        assert collection(path)["attribution"] == BORDERS
    elif path.suffix == ".gpkg":
        info = pyogrio.read_info(path)
        assert info["layer_metadata"] == {"attribution": BORDERS}
        assert info["features"] == len(gpd.read_file(path)) > 0
        assert str(info["crs"]) == "EPSG:4326"
    else:
        metadata = pq.read_schema(path).metadata
        assert metadata[b"attribution"].decode() == BORDERS
        assert b"geo" in metadata
        assert gpd.read_parquet(path).crs == "EPSG:4326"
    assert {p.name for p in tmp_path.iterdir()} == {name, centers.name}  # no file beside it


def test_a_geopackage_registers_its_metadata(tmp_path: Path) -> None:
    """By the standard: the extension, and a reference from the table to the metadata."""
    centers = ca.read_centers(centers_file(tmp_path))
    path = tmp_path / "a.gpkg"
    areas.write_areas(ca.coverage_areas(centers, as_of=AS_OF), path)
    with sqlite3.connect(path) as database:
        ask = database.execute
        scope, text = ask("select md_scope, metadata from gpkg_metadata").fetchone()
        assert (scope, BORDERS in text) == ("dataset", True)
        assert ask(
            "select reference_scope, table_name, md_file_id from gpkg_metadata_reference"
        ).fetchall() == [("table", "a", 1)]
        extensions = ask("select table_name, extension_name from gpkg_extensions").fetchall()
        assert {
            ("gpkg_metadata", "gpkg_metadata"),
            ("gpkg_metadata_reference", "gpkg_metadata"),
        } <= set(extensions)
        assert ask("pragma integrity_check").fetchone() == ("ok",)
    database.close()


def test_a_run_and_a_look_at_roads_carry_their_credits(tmp_path: Path) -> None:
    """Areas, service areas and drive times each; drive times stay a plain CSV."""
    centers = centers_file(tmp_path, "center_id,country,latitude,longitude\nT,LI,47.12,9.52\n")
    sites = sites_file(tmp_path, "site_id,country,latitude,longitude\nn,LI,47.12,9.51\n")
    options = batch.Options(trust_declared=True)
    batch.run(sites, centers, tmp_path / "out", as_of=AS_OF, options=options)
    arguments = ["drive-times", str(tmp_path / "out"), "--osm", str(TOWN)]
    assert CliRunner().invoke(program, arguments, catch_exceptions=False).exit_code == 0
    assert collection(tmp_path / "out" / "areas.geojson")["attribution"] == BORDERS
    service = collection(tmp_path / "out" / "service_areas.geojson")
    assert service["attribution"] == f"{BORDERS}; {ROADS}"
    with (tmp_path / "out" / "drive_times.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["attribution"] == ROADS
    manifest = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert (manifest["countries"], manifest["roads"]["attribution"]) == (BORDERS, ROADS)
    assert CliRunner().invoke(program, ["map", str(tmp_path / "out")]).exit_code == 0


def test_frames_carry_their_credits(tmp_path: Path) -> None:
    """In ``.attrs``, also of rows that are taken from them; and a report of them has the credit."""
    path = centers_file(tmp_path, "center_id,country,latitude,longitude\nT,LI,47.12,9.52\n")
    centers = ca.read_centers(path, trust_declared=True)
    sites = ca.read_sites(sites_file(tmp_path, "country,latitude,longitude\nLI,47.12,9.51\n"))
    verdicts = ca.assess(sites, centers, as_of=AS_OF, trust_declared=True)
    covered = ca.coverage_areas(centers, trust_declared=True)
    served = ca.service_areas(centers, TOWN, minutes=[5, 15])
    subset = served[served["minutes"] == 5]
    credit = {
        BORDERS: [covered, ca.coverage_areas(centers, merge="union", trust_declared=True)],
        ROADS: [served, subset],
        f"{BORDERS}; {ROADS}": [
            ca.unserved_areas(covered, subset),
            ca.drive_times(verdicts, centers, TOWN),
        ],
    }
    for words, frames in credit.items():
        assert [frame.attrs["attribution"] for frame in frames] == [words] * len(frames)
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers)
    assert collection(folder / "areas.geojson")["attribution"] == BORDERS
    looked = ca.drive_times(verdicts, centers, TOWN)
    folder = ca.write_report(looked, tmp_path / "r", centers=centers)
    roads = json.loads((folder / "run.json").read_text("utf-8"))["roads"]
    assert roads == looked.attrs["drive_time_limits"] | {"attribution": ROADS}
    assert roads["minutes"] == 240
    areas.write_areas(served, tmp_path / "served.geojson")
    assert collection(tmp_path / "served.geojson")["attribution"] == ROADS


def test_each_credit_is_said_in_one_place() -> None:
    """The constants are what is written; no other module spells them."""
    assert (countries.ATTRIBUTION, network.ATTRIBUTION) == (BORDERS, ROADS)
    package = Path(ca.__file__).parent
    for words in (BORDERS, ROADS):
        result = [p for p in package.rglob("*.py") if words in p.read_text(encoding="utf-8")]
        assert len(result) == 1
